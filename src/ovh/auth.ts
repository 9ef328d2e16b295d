/** The three ways to prove who calls: signature keys, a service account (OAuth2 client credentials), a token; one face for all. */
import type { z } from 'zod'
import type { BotError } from '../core/errors.js'
import type { Clock } from '../core/ports/clock.js'
import type { Secret } from '../core/secret.js'

export type OvhAuthentication =
  | {
      way: 'client'
      clientId: string
      clientSecret: Secret
      /** `null`: the platform's own. */
      tokenUrl: string | null
    }
  | { way: 'application'; applicationKey: string; applicationSecret: Secret; consumerKey: Secret }
  | { way: 'token'; accessToken: Secret }

/** A call about to be made; the signature covers exactly this. */
export interface ToSign {
  method: string
  /** Whole: scheme, host, port where not the usual one, path, query. */
  url: string
  body: string | null
  signal?: AbortSignal | undefined
}

export interface Stamp {
  headers: Record<string, string>
  /** Whether a refusal may be cured by a new stamp; forgets what this one was made with if so. */
  isCurable(refusal: BotError): boolean
}

export interface Authenticator {
  /** @throws BotError `ovh.*` with `details.sent` false: the call itself did not leave */
  stamp(call: ToSign): Promise<Stamp>
  /** What must not show up in any text. */
  secrets(): Secret[]
}

/** A call that needs no authentication. */
export interface PlainCall {
  method: string
  url: string
  headers: Record<string, string>
  body: string | null
}

export interface AuthTools {
  origin: string
  /** The platform's token address; `null` for a base URL. */
  tokenUrl: string | null
  clock: Clock
  /** Makes one call without authentication, and no second one. @throws BotError `ovh.*` with `details.sent` false */
  fetch<T>(call: PlainCall, schema: z.ZodType<T>): Promise<T>
}
