/** /okms detach pcc-192-0-2-10 350 */
import { detachOkms, planDetach } from '../jobs/detach-okms.js'
import { defineCommand, option } from '../src/core/index.js'

export default defineCommand({
  name: 'detach',
  summary: 'Take a key server away from a Private Cloud',
  options: {
    cloud: option.cloud('The Private Cloud, such as pcc-192-0-2-10'),
    kmsid: option.number('The key server, as /okms clouds numbers it'),
    reason: option.text('Why, for those who approve', { maxLength: 300 }).optional(),
  },
  requires: 'cloud:detach',
  answers: 'publicly',
  examples: ['/okms detach pcc-192-0-2-10 350'],

  async run({ options: { cloud, kmsid, reason = '' }, ask, start, reply }) {
    const input = await ask(planDetach, { cloud, kmsId: kmsid, reason })
    await reply.follow(await start(detachOkms, input))
  },
})
