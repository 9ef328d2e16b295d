/** A service account: OAuth2 client credentials (RFC 6749 §4.4; ovh/go-ovh: README.md). One token for all callers, renewed in time. */
import { z } from 'zod'
import { BotError } from '../core/errors.js'
import { Secret } from '../core/secret.js'
import type { Authenticator, AuthTools, OvhAuthentication } from './auth.js'
import { sharedUntilDone } from './shared-promise.js'

type Account = Extract<OvhAuthentication, { way: 'client' }>

/** Renewed this long before its end, or at half its life if that is later. */
const MARGIN_MS = 60_000

const tokenAnswer = z
  .object({ access_token: z.string().min(1), expires_in: z.number().positive() })
  .transform(answer => ({ token: new Secret(answer.access_token), lifeMs: answer.expires_in * 1000 }))

interface Token {
  secret: Secret
  renewAtMs: number
}

export function serviceAccount(account: Account, tools: AuthTools): Authenticator {
  const tokenUrl = account.tokenUrl ?? tools.tokenUrl
  if (tokenUrl === null) {
    throw new BotError(
      'input.invalid',
      'A service account at a base URL needs the address that gives OAuth2 tokens.',
      {
        hint: 'Set OVH_TOKEN_URL.',
      },
    )
  }

  let current: Token | null = null
  /** Calls made with the token before may still be under way. */
  let previous: Token | null = null
  const ask = sharedUntilDone(async () => {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: account.clientId,
      client_secret: account.clientSecret.reveal(),
      scope: 'all',
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const askedAtMs = tools.clock.now()
    const { token, lifeMs } = await tools
      .fetch({ method: 'POST', url: tokenUrl, headers, body: form.toString() }, tokenAnswer)
      .catch(thrown => Promise.reject(refusedAccount(thrown)))
    const fresh = { secret: token, renewAtMs: askedAtMs + lifeMs - Math.min(MARGIN_MS, lifeMs / 2) }
    previous = current ?? previous
    current = fresh
    return fresh
  })

  return {
    async stamp({ signal }) {
      const token = current !== null && tools.clock.now() < current.renewAtMs ? current : await ask(signal)
      return {
        headers: { authorization: `Bearer ${token.secret.reveal()}` },
        isCurable(refusal) {
          if (refusal.details.status !== 401) return false
          // Another call may have fetched a new one already.
          if (current === token) {
            previous = token
            current = null
          }
          return true
        },
      }
    },
    secrets: () => [
      account.clientSecret,
      ...[current, previous].filter(token => token !== null).map(token => token.secret),
    ],
  }
}

/** At a token address 400, 401 and 403 all mean the same: not with this id and secret. */
function refusedAccount(thrown: unknown): unknown {
  if (!(thrown instanceof BotError) || ![400, 401, 403].includes(Number(thrown.details.status))) return thrown
  return new BotError('ovh.unauthenticated', "OVHcloud did not accept the service account's id and secret.", {
    hint: 'Check OVH_CLIENT_ID and OVH_CLIENT_SECRET, and that the service account was made on the platform named in OVH_ENDPOINT.',
    details: thrown.details,
  })
}
