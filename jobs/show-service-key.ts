/** One service key, with its public part as OVHcloud gives it. */
import { z } from 'zod'
import { defineRead, type ServiceKey } from '../src/core/index.js'
import { findKey } from './service-key/find.js'

export interface ShownKey extends ServiceKey {
  okmsName: string
  /** `null`: a symmetric key has none. */
  publicKey: string | null
}

export const showServiceKey = defineRead({
  name: 'show-service-key',
  input: z.object({ key: z.string(), format: z.enum(['PEM', 'JWK']) }),

  /** @throws BotError `input.not-found`, `input.ambiguous` */
  async run({ input: { key: wanted, format }, signal, ...where }): Promise<ShownKey> {
    const { key, subject } = await findKey(where, wanted, signal)
    const isSymmetric = key.type === 'oct'
    const { okmsId, keyId, okmsName } = subject
    const publicKey = isSymmetric ? null : await where.serviceKeys.publicKey(okmsId, keyId, format, signal)
    return { ...key, okmsName, publicKey }
  },
})
