/** Makes a service key usable again that was deactivated, or never was active. */
import { z } from 'zod'
import { BotError, code, defineJob, defineRead, type Ending, say } from '../src/core/index.js'
import { describeEnd } from './asking/decision.js'
import { factsOf, findKey, type KeySubject, keySubject, pathOf } from './service-key/find.js'
import { stateNow } from './service-key/state.js'

export const planKeyActivation = defineRead({
  name: 'plan-key-activation',
  input: z.object({ key: z.string() }),

  /** @throws BotError `input.*`, `state.conflict` */
  async run({ input, signal, ...where }): Promise<KeySubject> {
    const { key, subject } = await findKey(where, input.key, signal)
    if (key.state === 'ACTIVE') throw new BotError('state.conflict', `${key.name} is active already.`)
    if (key.state !== 'DEACTIVATED' && key.state !== 'PRE_ACTIVE') {
      throw new BotError('state.conflict', `${key.name} is ${key.state} and cannot become active again.`, {
        hint: 'Make another: /okms key create <name> <type>',
      })
    }
    return subject
  },
})

export const activateServiceKey = defineJob({
  name: 'activate-service-key',
  input: keySubject,
  title: ({ name, okmsName }) => `Activate service key ${name} of ${okmsName}`,

  async run(job): Promise<Ending> {
    const { okmsId, okmsName, keyId, name, kind } = job.input
    const decision = await job.step.approval('Wait for approval', {
      plan: { activate: keyId, okmsId },
      permission: 'key:manage',
      facts: factsOf(job.input),
      shows: [
        { label: 'Key', value: say`${name} of ${okmsName}, ${kind}, ${code(keyId)}` },
        { label: 'Calls', value: `PUT ${pathOf(job.input)} {state: ACTIVE}` },
      ],
    })
    const refused = describeEnd(decision, 'Nothing was changed.')
    if (refused) return refused
    await job.step('Activate it at OVHcloud', async () => {
      if ((await stateNow(job)) !== 'ACTIVE') await job.serviceKeys.activate(okmsId, keyId)
    })
    return {
      outcome: 'done',
      lines: [say`Service key ${name} (${code(keyId)}) of ${okmsName} is ACTIVE.`],
      facts: { keyId, okmsId },
    }
  },
})
