/**
 * Imports a key that somebody brought. Whoever hears it reads and seals it; the run carries only what it is, hands the sealed key to
 * OVHcloud once, and erases it, whatever comes of it.
 */
import { z } from 'zod'
import {
  BotError,
  choose,
  code,
  defineJob,
  defineRead,
  type Ending,
  type JobContext,
  personOf,
  type Secret,
  say,
} from '../src/core/index.js'
import { encodeJwk, type KeyFile, readKeyFile } from '../src/pki/key-files.js'
import { describeEnd } from './asking/decision.js'
import { operationsFor } from './create-service-key.js'
import { factsOf, kindOf, operationsOf } from './service-key/find.js'
import { checkKeyName, checkNameIsFree, type KeyToMake, keyToMake, makeOnce } from './service-key/make.js'

/** Under which the key lies in the vault. */
export const SEALED = 'jwk'

type Import = JobContext<KeyToMake>

/** @throws BotError `input.invalid`; never with a piece of the file */
export const readBroughtKey = (file: Secret): KeyFile => readKeyFile(file)

/** As OVHcloud takes it: with its name, where it has no `kid` of its own. */
export const sealable = (file: KeyFile, name: string, operations: readonly string[]): Secret =>
  encodeJwk(file, file.keyId ?? name, operations)

export const planServiceKeyImport = defineRead({
  name: 'plan-service-key-import',
  input: z.object({
    name: z.string(),
    /** What the key is, without the key. */
    type: z.string(),
    size: z.number().nullable(),
    curve: z.string().nullable(),
    operations: z.array(z.string()).nullable(),
    okms: z.string().optional(),
  }),

  /** @throws BotError `input.*`, `state.conflict` */
  async run({ input, okms, serviceKeys, signal }): Promise<KeyToMake> {
    const { type, size, curve } = input
    const name = checkKeyName(input.name)
    const all = await okms.list(signal)
    const { id: okmsId, name: okmsName, region } = choose(all, input.okms, 'OKMS', '/okms list')
    const kinds = await serviceKeys.kinds(region, signal)
    const kind = kinds.find(one => one.type === type)
    if (!kind || !(curve === null ? kind.sizes.includes(size ?? 0) : kind.curves.includes(curve))) {
      throw new BotError('input.invalid', `The key is ${kindOf(input)}, which is not taken in ${region}.`, {
        hint: `/okms key types ${region} shows what is.`,
      })
    }
    const operations = operationsFor(input.operations ?? undefined, kind, region)
    await checkNameIsFree(serviceKeys, { okmsId, okmsName, name }, signal)
    return { okmsId, okmsName, name, shape: { type, size, curve, operations } }
  },
})

export const importServiceKey = defineJob({
  name: 'import-service-key',
  input: keyToMake,
  startsWithSecrets: true,
  title: ({ name, okmsName }) => `Import of service key ${name} into ${okmsName}`,
  failed: () => ({ lines: ['The bot has erased its copy of the key. Send it again to try again.'] }),

  async run(job): Promise<Ending> {
    const { okmsId, okmsName, name, shape } = job.input
    const made = `${kindOf(shape)}, ${operationsOf(shape.operations)}`
    await job.step('Find the sealed key', async () => void (await sealedKey(job)), {
      undo: () => job.vault.erase(job.runId),
    })
    const decision = await job.step.approval('Wait for approval', {
      plan: { import: name, okmsId, ...shape },
      permission: 'key:manage',
      facts: factsOf(job.input),
      shows: [
        { label: 'Key', value: `${name} into ${okmsName}: ${made}, brought by ${job.requester.name}` },
        { label: 'Calls', value: `POST /v2/okms/resource/${okmsId}/serviceKey` },
      ],
    })
    const refused = describeEnd(decision, 'Nothing was imported, and the bot has erased its copy.')
    if (refused) {
      await erase(job)
      return refused
    }
    const key = await makeOnce(job, job.input, 'Hand the key to OVHcloud', async () =>
      job.serviceKeys.import(okmsId, name, await sealedKey(job)),
    )
    await erase(job)
    return {
      outcome: 'done',
      lines: [
        say`Service key ${name} (${code(key.id)}) of ${okmsName} is ${key.state}: ${made}.`,
        'The bot has erased its copy. Erase yours, in the chat too, where it is not needed any more.',
      ],
      facts: { keyId: key.id, okmsId },
    }
  },
})

const erase = (job: Import) => job.step("Erase the bot's copy", () => job.vault.erase(job.runId))

/** @throws BotError `state.conflict` when it has lapsed, as after a wait of days for approval */
async function sealedKey(job: Import): Promise<Secret> {
  const address = { runId: job.runId, recipient: personOf(job.requester), label: SEALED }
  const sealed = await job.vault.open(address)
  if (sealed) return sealed
  throw new BotError('state.conflict', 'The sealed key is not there any more.', {
    hint: 'Send it again: /okms key import',
  })
}
