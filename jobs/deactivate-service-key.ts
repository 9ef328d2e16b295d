/** Takes a service key out of use, with a reason for OVHcloud. It can be activated again. */
import { z } from 'zod'
import {
  BotError,
  code,
  DEACTIVATION_REASONS,
  defineJob,
  defineRead,
  type Ending,
  say,
} from '../src/core/index.js'
import { describeEnd } from './asking/decision.js'
import { factsOf, findKey, keySubject, pathOf } from './service-key/find.js'
import { stateNow } from './service-key/state.js'

const deactivation = keySubject.extend({ reason: z.enum(DEACTIVATION_REASONS) })

export const planKeyDeactivation = defineRead({
  name: 'plan-key-deactivation',
  input: z.object({ key: z.string(), reason: z.enum(DEACTIVATION_REASONS) }),

  /** @throws BotError `input.*`, `state.conflict` */
  async run({ input: { key: wanted, reason }, signal, ...where }): Promise<z.infer<typeof deactivation>> {
    const { key, subject } = await findKey(where, wanted, signal)
    if (key.state !== 'ACTIVE') {
      throw new BotError('state.conflict', `${key.name} is not active: it is ${key.state}.`, {
        hint: `/okms key delete ${key.id} deletes it.`,
      })
    }
    return { ...subject, reason }
  },
})

export const deactivateServiceKey = defineJob({
  name: 'deactivate-service-key',
  input: deactivation,
  title: ({ name, okmsName }) => `Deactivate service key ${name} of ${okmsName}`,

  async run(job): Promise<Ending> {
    const { okmsId, okmsName, keyId, name, kind, reason } = job.input
    const decision = await job.step.approval('Wait for approval', {
      plan: { deactivate: keyId, okmsId, reason },
      permission: 'key:manage',
      facts: factsOf(job.input),
      shows: [
        { label: 'Key', value: say`${name} of ${okmsName}, ${kind}, ${code(keyId)}` },
        { label: 'Why', value: reason },
        { label: 'Means', value: 'Whoever uses it is refused until it is activated again.' },
        {
          label: 'Calls',
          value: `PUT ${pathOf(job.input)} {state: DEACTIVATED, deactivationReason: ${reason}}`,
        },
      ],
    })
    const refused = describeEnd(decision, 'Nothing was changed.')
    if (refused) return refused
    await job.step('Deactivate it at OVHcloud', async () => {
      if ((await stateNow(job)) !== 'DEACTIVATED') await job.serviceKeys.deactivate(okmsId, keyId, reason)
    })
    return {
      outcome: 'done',
      lines: [
        say`Service key ${name} (${code(keyId)}) of ${okmsName} is DEACTIVATED: whoever uses it is refused.`,
        say`${code(`/okms key activate ${keyId}`)} takes it back; ${code(`/okms key delete ${keyId}`)} deletes it.`,
      ],
      facts: { keyId, okmsId },
    }
  },
})
