/** Deletes a service key for good: not while it is active, and after a word of the one who asked. */
import { z } from 'zod'
import {
  BotError,
  code,
  defineJob,
  defineRead,
  type Ending,
  type JobContext,
  say,
} from '../src/core/index.js'
import { type Confirmation, confirmed } from './asking/confirm.js'
import { describeEnd } from './asking/decision.js'
import { factsOf, findKey, type KeySubject, keySubject, pathOf } from './service-key/find.js'

const MEANS = 'Nothing can be decrypted, unwrapped or signed with it any more, by anybody.'

export const planKeyDeletion = defineRead({
  name: 'plan-key-deletion',
  input: z.object({ key: z.string() }),

  /** @throws BotError `input.*`, `state.conflict` for an active key */
  async run({ input, signal, ...where }): Promise<KeySubject> {
    const { key, subject } = await findKey(where, input.key, signal)
    if (key.state !== 'ACTIVE') return subject
    throw new BotError('state.conflict', `${key.name} is active, and OVHcloud deletes no active key.`, {
      hint: `Deactivate it first: /okms key deactivate ${key.id} <reason>`,
    })
  },
})

export const deleteServiceKey = defineJob({
  name: 'delete-service-key',
  input: keySubject,
  title: ({ name, okmsName }) => `Delete service key ${name} of ${okmsName}`,

  async run(job): Promise<Ending> {
    const { okmsId, okmsName, keyId, name, kind } = job.input
    if (!(await confirmed(job, confirmationOf(job))))
      return { outcome: 'stopped', lines: [`Nothing was deleted: ${name} stays as it is.`] }
    const decision = await job.step.approval('Wait for approval', {
      plan: { delete: keyId, okmsId },
      permission: 'key:manage',
      facts: factsOf(job.input),
      shows: [
        { label: 'Key', value: say`${name} of ${okmsName}, ${kind}, ${code(keyId)}` },
        { label: 'Means', value: MEANS },
        { label: 'Calls', value: `DELETE ${pathOf(job.input)}` },
      ],
    })
    const refused = describeEnd(decision, 'Nothing was deleted.')
    if (refused) return refused
    const how = await job.step('Delete it at OVHcloud', async () => {
      const key = await job.serviceKeys.key(okmsId, keyId)
      if (key?.state === 'ACTIVE') {
        throw new BotError('state.conflict', `${name} was activated in the meantime, and stays.`, {
          hint: `Deactivate it first: /okms key deactivate ${keyId} <reason>`,
        })
      }
      return job.serviceKeys.remove(okmsId, keyId)
    })
    return {
      outcome: 'done',
      lines: [
        say`Service key ${name} (${code(keyId)}) of ${okmsName} is deleted.`,
        ...(how === 'gone' ? ['It was gone already when the bot looked.'] : []),
      ],
      facts: { keyId, okmsId },
    }
  },
})

function confirmationOf({ input }: JobContext<KeySubject>): Confirmation {
  const { keyId, okmsName, name, kind } = input
  return {
    asks: [
      say`Delete service key ${name} of ${okmsName} (${code(keyId)}, ${kind})?`,
      `${MEANS} This cannot be taken back.`,
    ],
    yes: { press: 'key-delete-yes', label: 'Delete it', said: `${name} is to be deleted.` },
    no: { press: 'key-delete-no', label: 'Keep it', said: `${name} is kept.` },
  }
}
