/** /okms key activate signing */
import { activateServiceKey, planKeyActivation } from '../jobs/activate-service-key.js'
import { defineCommand, option } from '../src/core/index.js'

export default defineCommand({
  name: 'key activate',
  summary: 'Make a deactivated service key usable again',
  options: { key: option.key('Name or id of the service key') },
  requires: 'key:manage',
  answers: 'publicly',
  examples: ['/okms key activate signing'],

  async run({ options: { key }, ask, start, reply }) {
    await reply.follow(await start(activateServiceKey, await ask(planKeyActivation, { key })))
  },
})
