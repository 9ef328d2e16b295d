/** Gives a service key another name. */
import { z } from 'zod'
import { BotError, code, defineJob, defineRead, type Ending, say } from '../src/core/index.js'
import { describeEnd } from './asking/decision.js'
import { factsOf, findKey, keySubject, pathOf } from './service-key/find.js'
import { checkKeyName, checkNameIsFree } from './service-key/make.js'

const renameInput = keySubject.extend({ newName: z.string() })

export const planKeyRename = defineRead({
  name: 'plan-key-rename',
  input: z.object({ key: z.string(), newName: z.string() }),

  /** @throws BotError `input.*`, `state.conflict` */
  async run({ input, signal, ...where }): Promise<z.infer<typeof renameInput>> {
    const newName = checkKeyName(input.newName)
    const { subject } = await findKey(where, input.key, signal)
    if (subject.name === newName)
      throw new BotError('state.conflict', `The service key is called ${newName} already.`)
    const { okmsId, okmsName } = subject
    await checkNameIsFree(where.serviceKeys, { okmsId, okmsName, name: newName }, signal)
    return { ...subject, newName }
  },
})

export const renameServiceKey = defineJob({
  name: 'rename-service-key',
  input: renameInput,
  title: ({ name, newName }) => `Rename service key ${name} to ${newName}`,

  async run(job): Promise<Ending> {
    const { okmsId, okmsName, keyId, name, newName } = job.input
    const decision = await job.step.approval('Wait for approval', {
      plan: { rename: keyId, okmsId, to: newName },
      permission: 'key:manage',
      facts: factsOf(job.input),
      shows: [
        { label: 'Key', value: say`${name} of ${okmsName}, ${code(keyId)}` },
        { label: 'New name', value: newName },
        { label: 'Calls', value: `PUT ${pathOf(job.input)} {name}` },
      ],
    })
    const refused = describeEnd(decision, `Nothing was changed: it is called ${name}.`)
    if (refused) return refused
    await job.step('Change the name at OVHcloud', () => job.serviceKeys.rename(okmsId, keyId, newName))
    return {
      outcome: 'done',
      lines: [
        say`Service key ${code(keyId)} of ${okmsName} is called ${newName} now, no longer ${name}.`,
        say`${code(`/okms key rename ${keyId} "${name}"`)} takes it back.`,
      ],
      facts: { keyId, okmsId },
    }
  },
})
