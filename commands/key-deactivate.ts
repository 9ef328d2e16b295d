/** /okms key deactivate signing SUPERSEDED */
import { deactivateServiceKey, planKeyDeactivation } from '../jobs/deactivate-service-key.js'
import { DEACTIVATION_REASONS, defineCommand, option } from '../src/core/index.js'

export default defineCommand({
  name: 'key deactivate',
  summary: 'Take a service key out of use',
  options: {
    key: option.key('Name or id of the service key'),
    reason: option.choice('Why, as OVHcloud keeps it', DEACTIVATION_REASONS),
  },
  requires: 'key:manage',
  answers: 'publicly',
  examples: ['/okms key deactivate signing SUPERSEDED'],

  async run({ options: { key, reason }, ask, start, reply }) {
    await reply.follow(await start(deactivateServiceKey, await ask(planKeyDeactivation, { key, reason })))
  },
})
