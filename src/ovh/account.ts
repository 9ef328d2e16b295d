/** Who the bot is at OVHcloud and what it may do there, for `doctor`: `/v1/auth/details` and the IAM check of `/v2/iam`. */
import { z } from 'zod'
import { type OvhClient, segment } from './client.js'

export interface WhoAmI {
  /** Such as `ab12345-ovh`. */
  account: string
  /** `account`, `oauth2_client_credentials`, `provider` or `user`. */
  method: string
  /** The URNs that IAM policies match. */
  identities: string[]
  user: string | null
  /** What the consumer key's access rules allow; `null`: everything that IAM allows. */
  allowedRoutes: { method: string; path: string }[] | null
}

export interface Account {
  /** @throws BotError `ovh.*` */
  whoAmI(signal?: AbortSignal): Promise<WhoAmI>
  /** OVHcloud's clock, in milliseconds; it tells whole seconds. @throws BotError `ovh.*` */
  serverTime(signal?: AbortSignal): Promise<number>
  /** Which of the actions IAM refuses on a resource; empty when all are allowed. @throws BotError `ovh.*` */
  missingActions(resourceUrn: string, actions: readonly string[], signal?: AbortSignal): Promise<string[]>
}

/** The part of OVHcloud, `eu`, `ca` or `us`, as our own identities have it. */
export const platformOf = ({ identities }: WhoAmI) =>
  /^urn:v1:([a-z]+):/.exec(identities[0] ?? '')?.[1] ?? 'eu'

const route = z.object({ method: z.string(), path: z.string() })

const authDetails: z.ZodType<WhoAmI> = z
  .object({
    account: z.string(),
    method: z.string(),
    identities: z.array(z.string()),
    user: z.string().nullish(),
    allowedRoutes: z.array(route).nullish(),
  })
  .transform(({ user, allowedRoutes, ...same }) => ({
    ...same,
    user: user ?? null,
    allowedRoutes: allowedRoutes ?? null,
  }))

const authorization = z.object({ unauthorizedActions: z.array(z.string()) })

export function createAccount(client: OvhClient): Account {
  return {
    async whoAmI(signal) {
      const { data } = await client.request({
        method: 'GET',
        path: '/v1/auth/details',
        schema: authDetails,
        signal,
      })
      return data
    },

    async serverTime(signal) {
      const path = '/v1/auth/time'
      const { data } = await client.request({ method: 'GET', path, schema: z.number().int(), signal })
      return data * 1000
    },

    async missingActions(resourceUrn, actions, signal) {
      const { data } = await client.request({
        method: 'POST',
        path: `/v2/iam/resource/${segment(resourceUrn)}/authorization/check`,
        body: { actions },
        schema: authorization,
        signal,
        retry: 'safe',
      })
      return data.unauthorizedActions
    },
  }
}
