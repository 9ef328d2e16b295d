/**
 * The token URL of service accounts: client credentials grant (RFC 6749 §4.4), `expires_in` and `scope` as OVHcloud's guide
 * shows them (ovh/docs: authenticate-api-with-service-account). Refusals follow RFC 6749 §5.2.
 */
import { TOKEN_SECONDS } from '../keyring.js'
import { Answer, type Call, type Route, route } from '../router.js'
import type { World } from '../world.js'

export const TOKEN_PATH = '/auth/oauth2/token'

export function oauth2Routes(world: World): Route[] {
  return [
    route({
      method: 'POST',
      path: TOKEN_PATH,
      access: 'public',
      handler: call => answerToken(world, call),
    }),
  ]
}

function answerToken(world: World, call: Call): Answer {
  if (!/^application\/x-www-form-urlencoded\b/i.test(call.headers['content-type'] ?? '')) {
    return refuse('invalid_request', 'The body must be form-encoded')
  }
  const form = new URLSearchParams(call.raw.toString('utf8'))
  const basic = readBasic(call.headers.authorization)
  if (basic !== null && form.has('client_secret')) {
    return refuse('invalid_request', 'Only one way to give the client secret may be used')
  }
  const grantType = form.get('grant_type')
  if (grantType === null) return refuse('invalid_request', 'grant_type is missing')
  if (grantType !== 'client_credentials') {
    return refuse('unsupported_grant_type', 'grant_type must be client_credentials')
  }
  const { id, secret } = basic ?? { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '' }
  const account = world.keyring.serviceAccountOf(id)
  if (account === null || !account.secret.equals(secret)) {
    return refuse('invalid_client', 'Client authentication failed', 401, basic !== null)
  }
  if (account.flow !== 'CLIENT_CREDENTIALS') {
    return refuse('unauthorized_client', 'This client may not use client_credentials')
  }
  const scope = form.get('scope') ?? 'all'
  if (scope !== 'all') return refuse('invalid_scope', 'The only scope is all')
  return new Answer(
    {
      access_token: world.keyring.issueToken(account),
      token_type: 'Bearer',
      expires_in: TOKEN_SECONDS,
      scope,
    },
    { headers: { 'Cache-Control': 'no-store' } },
  )
}

function refuse(error: string, description: string, status = 400, challenges = false): Answer {
  return new Answer(
    { error, error_description: description },
    { status, headers: challenges ? { 'WWW-Authenticate': 'Basic realm="oauth2"' } : {} },
  )
}

/** Both halves are form-encoded inside the header (RFC 6749 §2.3.1). */
function readBasic(authorization: string | undefined): { id: string; secret: string } | null {
  const [, encoded] = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  const decode = (part: string) => new URLSearchParams(`v=${part}`).get('v') ?? ''
  return { id: decode(text.slice(0, Math.max(0, colon))), secret: decode(text.slice(colon + 1)) }
}
