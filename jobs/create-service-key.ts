/** Makes a service key: checked against what the region offers before OVHcloud is asked, approved where the policy asks, made once. */
import { z } from 'zod'
import {
  BotError,
  choose,
  code,
  defineJob,
  defineRead,
  type Ending,
  type KeyKind,
  type KeyShape,
  say,
} from '../src/core/index.js'
import { describeEnd } from './asking/decision.js'
import { factsOf, kindOf, operationsOf } from './service-key/find.js'
import { checkKeyName, checkNameIsFree, type KeyToMake, keyToMake, makeOnce } from './service-key/make.js'

const wish = z.object({
  name: z.string(),
  type: z.string(),
  /** As typed: `256`, `P-256`. */
  size: z.string().optional(),
  operations: z.array(z.string()).optional(),
  okms: z.string().optional(),
})
type Wish = z.infer<typeof wish>

export const planServiceKey = defineRead({
  name: 'plan-service-key',
  input: wish,

  /** @throws BotError `input.*`, `state.conflict`: each a sentence that names the option and the mend */
  async run({ input, okms, serviceKeys, signal }): Promise<KeyToMake> {
    const name = checkKeyName(input.name)
    const {
      id: okmsId,
      name: okmsName,
      region,
    } = choose(await okms.list(signal), input.okms, 'OKMS', '/okms list')
    const shape = shapeOf(input, await serviceKeys.kinds(region, signal), region)
    await checkNameIsFree(serviceKeys, { okmsId, okmsName, name }, signal)
    return { okmsId, okmsName, name, shape }
  },
})

/** What is asked for, with the usual where nothing is said. @throws BotError `input.invalid` */
export function shapeOf(
  { type, size, operations }: Wish,
  kinds: readonly KeyKind[],
  region: string,
): KeyShape {
  const kind = kinds.find(one => one.type.toLowerCase() === type.toLowerCase())
  if (!kind) {
    throw new BotError('input.invalid', `There are no service keys of type ${type} in ${region}.`, {
      hint: `There are ${kinds.map(one => one.type).join(', ')}: /okms key types ${region}`,
    })
  }
  const choices = [...kind.sizes, ...kind.curves].map(String)
  const usual = String(kind.defaultSize ?? kind.defaultCurve ?? choices[0])
  const chosen = choices.find(one => one.toLowerCase() === (size ?? usual).toLowerCase())
  if (chosen === undefined) {
    throw new BotError('input.invalid', `A service key of type ${kind.type} cannot have size ${size}.`, {
      hint: `In ${region} it is ${choices.join(', ')}.`,
    })
  }
  const isCurve = kind.curves.includes(chosen)
  return {
    type: kind.type,
    size: isCurve ? null : Number(chosen),
    curve: isCurve ? chosen : null,
    operations: operationsFor(operations, kind, region),
  }
}

/** One of the pairs that go with the type. @throws BotError `input.invalid` */
export function operationsFor(
  wanted: readonly string[] | undefined,
  kind: KeyKind,
  region: string,
): string[] {
  if (wanted === undefined) return [...(kind.defaultOperations ?? kind.operations[0] ?? [])]
  const pair = kind.operations.find(
    one => one.length === wanted.length && one.every(operation => wanted.includes(operation)),
  )
  if (pair) return [...pair]
  throw new BotError(
    'input.invalid',
    `A service key of type ${kind.type} cannot be for ${operationsOf(wanted)}.`,
    {
      hint: `In ${region} it is for ${kind.operations.map(one => one.join(',')).join(' or ')}.`,
    },
  )
}

export const createServiceKey = defineJob({
  name: 'create-service-key',
  input: keyToMake,
  title: ({ name, okmsName }) => `Service key ${name} in ${okmsName}`,
  failed: ({ name }) => ({
    lines: [say`Look what there is: ${code('/okms key list')}. Then try again, for ${name}.`],
  }),

  async run(job): Promise<Ending> {
    const { okmsId, okmsName, name, shape } = job.input
    const made = `${kindOf(shape)}, ${operationsOf(shape.operations)}`
    const decision = await job.step.approval('Wait for approval', {
      plan: { create: name, okmsId, ...shape },
      permission: 'key:manage',
      facts: factsOf(job.input),
      shows: [
        { label: 'Key', value: `${name} in ${okmsName}: ${made}` },
        { label: 'Calls', value: `POST /v2/okms/resource/${okmsId}/serviceKey` },
      ],
    })
    const refused = describeEnd(decision, 'No key was made.')
    if (refused) return refused
    const key = await makeOnce(job, job.input, 'Ask OVHcloud for the key', () =>
      job.serviceKeys.create(okmsId, name, shape),
    )
    return {
      outcome: 'done',
      lines: [
        say`Service key ${name} (${code(key.id)}) of ${okmsName} is ${key.state}: ${made}.`,
        say`${code(`/okms key show ${key.id}`)} shows it.`,
      ],
      facts: { keyId: key.id, okmsId },
    }
  },
})
