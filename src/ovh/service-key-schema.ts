/** Shapes of service keys in `/v2/okms` answers (OVHcloud API v2 schema, `okms.serviceKey.*`), renamed while parsing as in schema.ts. */
import { z } from 'zod'
import type { KeyKind, ServiceKey } from '../core/ports/service-keys.js'
import { instant, knownWord, orNull } from './fields.js'

/** `okms.serviceKey.Response`; which OKMS it belongs to is known from the path alone. */
export const serviceKey: z.ZodType<Omit<ServiceKey, 'okmsId'>> = z
  .object({
    id: z.string().min(1),
    name: z.string(),
    type: z.string(),
    state: knownWord(
      ['PRE_ACTIVE', 'ACTIVE', 'DEACTIVATED', 'COMPROMISED', 'DESTROYED', 'DESTROYED_COMPROMISED'],
      'UNKNOWN',
    ),
    createdAt: instant,
    size: orNull(z.number()),
    curve: orNull(z.string()),
    operations: orNull(z.array(z.string())),
  })
  .transform(({ operations, ...same }) => ({ ...same, operations: operations ?? [] }))

/** The same with `?format=`; a symmetric key has no PEM. */
export const publicParts = z.object({
  keys: orNull(z.array(z.record(z.string(), z.unknown()))),
  keysPEM: orNull(z.array(z.object({ pem: z.string() }))),
})

const choiceOf = <T extends z.ZodType>(value: T) => z.object({ value, default: z.boolean().default(false) })

/** `okms.reference.serviceKey.Response` */
export const keyKind: z.ZodType<KeyKind> = z
  .object({
    type: z.string(),
    sizes: orNull(z.array(choiceOf(z.number()))),
    curves: orNull(z.array(choiceOf(z.string()))),
    operations: orNull(z.array(choiceOf(z.array(z.string())))),
  })
  .transform(({ type, sizes, curves, operations }) => ({
    type,
    sizes: (sizes ?? []).map(({ value }) => value),
    defaultSize: sizes?.find(one => one.default)?.value ?? null,
    curves: (curves ?? []).map(({ value }) => value),
    defaultCurve: curves?.find(one => one.default)?.value ?? null,
    operations: (operations ?? []).map(({ value }) => value),
    defaultOperations: operations?.find(one => one.default)?.value ?? null,
  }))
