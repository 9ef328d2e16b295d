/** A service key that comes to be once, though the API has no idempotency key: what was there before is noted, and looked past after a lost answer. */
import { z } from 'zod'
import {
  BotError,
  type JobContext,
  parseDuration,
  type ServiceKey,
  type ServiceKeyPort,
} from '../../src/core/index.js'
import { kindOf, operationsOf } from './find.js'

/** How far OVHcloud's clock may be behind ours. */
const CLOCKS_MS = parseDuration('5m')
/** ovh/manager: `validateServiceKeyName.ts` */
const NAME = /^[ -~]{1,32}$/

export const keyToMake = z.object({
  okmsId: z.string(),
  okmsName: z.string(),
  name: z.string(),
  shape: z.object({
    type: z.string(),
    size: z.number().nullable(),
    curve: z.string().nullable(),
    operations: z.array(z.string()),
  }),
})
export type KeyToMake = z.infer<typeof keyToMake>

/** @throws BotError `input.invalid` */
export function checkKeyName(name: string): string {
  if (NAME.test(name)) return name
  throw new BotError('input.invalid', `"${name.slice(0, 40)}" cannot be the name of a service key.`, {
    hint: 'It has 1 to 32 letters, digits, blanks and signs of the plain (ASCII) keyboard.',
  })
}

/** The bot speaks of keys by name, and finds one again by it. @throws BotError `state.conflict` */
export async function checkNameIsFree(
  serviceKeys: ServiceKeyPort,
  { okmsId, okmsName, name }: Omit<KeyToMake, 'shape'>,
  signal?: AbortSignal,
): Promise<void> {
  const [other] = await named(serviceKeys, okmsId, name, signal)
  if (!other) return
  throw new BotError('state.conflict', `${okmsName} has a service key ${name} already, ${kindOf(other)}.`, {
    hint: `Choose another name, or rename that one: /okms key rename ${other.id} <name>`,
  })
}

async function named(serviceKeys: ServiceKeyPort, okmsId: string, name: string, signal?: AbortSignal) {
  const found: ServiceKey[] = []
  for await (const page of serviceKeys.pages(okmsId, signal)) {
    found.push(...page.filter(key => key.name === name && !key.state.startsWith('DESTROYED')))
  }
  return found
}

/** @param title of the step that asks OVHcloud, by `ask` */
export async function makeOnce(
  job: JobContext<unknown>,
  key: KeyToMake,
  title: string,
  ask: () => Promise<ServiceKey>,
): Promise<ServiceKey> {
  const { okmsId, name, shape } = key
  const before = await job.step('Look at the keys there are', async () => {
    // Also where this is tried again: one of that name may be what the run before did not hear of.
    await checkNameIsFree(job.serviceKeys, key)
    return { atMs: job.clock.now() }
  })
  const isOurs = (key: ServiceKey) =>
    kindOf(key) === kindOf(shape) &&
    operationsOf([...key.operations].sort()) === operationsOf([...shape.operations].sort()) &&
    Date.parse(key.createdAt) >= before.atMs - CLOCKS_MS
  return job.step(
    title,
    async ({ again }) => {
      const made = again ? (await named(job.serviceKeys, okmsId, name)).find(isOurs) : undefined
      return made ?? ask()
    },
    { looksFirst: true },
  )
}
