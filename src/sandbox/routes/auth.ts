/**
 * `/v1/auth`: the clock, the consumer-key flow, who one is (OVHcloud API v1 schema, `auth.*`), and the page a person opens
 * to let an application in. That page here asks nothing: opening it is consenting.
 */
import { z } from 'zod'
import { blockListOf, type Caller, knownApplication } from '../authentication.js'
import { words } from '../body.js'
import { badRequest, forbidden, notFound } from '../refusal.js'
import { Answer, type Route, route } from '../router.js'
import type { World } from '../world.js'
import { encodeCredential } from './me-api.js'

/** The API's own words for a list that is no list of rules (ovh/python-ovh issue 121). */
const NO_RULES = words("Body parameter accessRules isn't formated correctly")

const credentialRequest = z.strictObject({
  accessRules: z.array(
    z.strictObject({
      method: z.enum(['DELETE', 'GET', 'PATCH', 'POST', 'PUT']),
      path: z.string().startsWith('/'),
    }),
    NO_RULES,
  ),
  redirection: z.url().nullish(),
  allowedIPs: z
    .array(z.string())
    .refine(blocks => blockListOf(blocks) !== null, 'Not addresses or CIDR blocks')
    .nullish(),
})

export function authRoutes(world: World): Route[] {
  const { keyring, clock } = world
  return [
    route({
      method: 'GET',
      path: '/v1/auth/time',
      access: 'public',
      handler: () => Math.floor(clock.now() / 1000),
    }),
    route({
      method: 'POST',
      path: '/v1/auth/credential',
      access: 'public',
      body: credentialRequest,
      handler({ headers, body, origin }) {
        knownApplication(headers, keyring)
        const consumer = keyring.addConsumer({
          rules: body.accessRules,
          redirection: body.redirection ?? null,
          allowedIPs: body.allowedIPs ?? null,
        })
        return {
          consumerKey: consumer.key,
          state: consumer.decision,
          validationUrl: `${origin}/auth/sso/api?credentialToken=${consumer.validationToken}`,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/auth/sso/api',
      access: 'public',
      handler({ query }) {
        const consumer = keyring.consumerByToken(query.get('credentialToken') ?? '')
        if (consumer === null) throw notFound('This link belongs to no request')
        if (consumer.decision === 'pendingValidation') {
          consumer.decision = query.get('answer') === 'refuse' ? 'refused' : 'validated'
          consumer.expiresAt = endOf(query.get('duration'), clock.now())
        }
        if (consumer.redirection !== null) {
          return new Answer('', {
            status: 302,
            html: true,
            headers: { Location: new URL(consumer.redirection).href },
          })
        }
        const sentence = consumer.decision === 'validated' ? 'may now act for' : 'was refused by'
        const page = `<!doctype html><title>Sandbox</title><p>The application ${sentence} ${world.account.nichandle}.</p>\n`
        return new Answer(page, { html: true })
      },
    }),
    route({
      method: 'GET',
      path: '/v1/auth/currentCredential',
      access: 'own',
      handler({ caller }) {
        const consumer = consumerOf(caller)
        return encodeCredential(consumer, keyring.stateOf(consumer))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/auth/details',
      access: 'own',
      handler: ({ caller }) => detailsOf(caller!, world.account.nichandle),
    }),
    route({
      method: 'POST',
      path: '/v1/auth/logout',
      access: 'own',
      handler({ caller }) {
        consumerOf(caller).expiresAt = clock.now()
        return null
      },
    }),
  ]
}

/** `auth.Details`; `allowedRoutes: null` means every route. */
function detailsOf(caller: Caller, nichandle: string): Record<string, unknown> {
  const isAccount = caller.method === 'account'
  return {
    account: nichandle,
    allowedRoutes: isAccount ? caller.consumer.rules : null,
    description: isAccount ? null : caller.serviceAccount.description,
    identities: [
      isAccount
        ? `urn:v1:eu:identity:account:${nichandle}`
        : `urn:v1:eu:identity:credential:${nichandle}/oauth2-${caller.serviceAccount.clientId}`,
    ],
    method: caller.method,
    roles: null,
    user: null,
  }
}

/** What these routes answer to a service account is in no source; they are about consumer keys, so it is refused. */
function consumerOf(caller: Caller | null) {
  if (caller?.method !== 'account') throw forbidden('This call needs a consumer key')
  return caller.consumer
}

/** The person chooses how long; `?duration=` (seconds) stands for that choice, none for "unlimited". */
function endOf(duration: string | null, nowMs: number): number | null {
  if (duration === null) return null
  if (!/^\d{1,9}$/.test(duration)) throw badRequest('[duration] Not a number of seconds')
  return nowMs + Number(duration) * 1000
}
