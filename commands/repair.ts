/** /okms repair pcc-192-0-2-10 350 */
import { planRepair, repairKeyServer } from '../jobs/repair-key-server.js'
import { defineCommand, definePress, option } from '../src/core/index.js'

export default defineCommand({
  name: 'repair',
  summary: 'Give a key server the certificate its OKMS shows now',
  options: {
    cloud: option.cloud('The Private Cloud, such as pcc-192-0-2-10'),
    kmsid: option.number('The key server, as /okms clouds numbers it'),
    reason: option.text('Why, for those who approve', { maxLength: 300 }).optional(),
  },
  requires: 'cloud:attach',
  answers: 'publicly',
  examples: ['/okms repair pcc-192-0-2-10 350'],

  async run({ options: { cloud, kmsid, reason = '' }, ask, start, reply }) {
    const input = await ask(planRepair, { cloud, kmsId: kmsid, reason })
    await reply.follow(await start(repairKeyServer, input))
  },
})

export const presses = [
  definePress({
    name: 'repair',
    requires: 'cloud:attach',
    async run({ subject, ask, start, reply }) {
      const [cloud = '', kmsId = ''] = subject.split('/')
      const input = await ask(planRepair, { cloud, kmsId: Number(kmsId), reason: '' })
      await reply.follow(await start(repairKeyServer, input))
    },
  }),
]
