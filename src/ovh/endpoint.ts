/** Where the OVHcloud API is: hosts from the published `ovh` package, token addresses from ovh/go-ovh: ovh/ovh.go. */
import endpoints from 'ovh/lib/endpoints.js'
import { BotError } from '../core/errors.js'

export interface ApiAddress {
  /** Scheme, host and port, without a slash at its end. */
  origin: string
  /** Where OAuth2 tokens come from; `null` for a base URL, whose token address has to be told. */
  tokenUrl: string | null
}

/** The platforms that have `/v2`, and with it the KMS. */
const TOKEN_URLS: Readonly<Record<string, string>> = {
  'ovh-eu': 'https://www.ovh.com/auth/oauth2/token',
  'ovh-ca': 'https://ca.ovh.com/auth/oauth2/token',
  'ovh-us': 'https://us.ovhcloud.com/auth/oauth2/token',
}

/** Bases as other clients are given them end in a version; ours begins each path (ovh/go-ovh: ovh/ovh.go). */
const VERSION_AT_THE_END = /^\/?(1\.0|v1|v2)?\/?$/

/**
 * @param endpoint `ovh-eu`, `ovh-ca`, `ovh-us`, or a base URL such as `http://127.0.0.1:8080`
 * @throws BotError `input.invalid` when it is neither
 */
export function apiAddress(endpoint: string): ApiAddress {
  const host = endpoints[endpoint]?.host
  const tokenUrl = TOKEN_URLS[endpoint]
  if (host && tokenUrl) return { origin: `https://${host}`, tokenUrl }
  if (URL.canParse(endpoint)) {
    const url = new URL(endpoint)
    const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
    if (/^https?:$/.test(url.protocol) && isPlain && VERSION_AT_THE_END.test(url.pathname)) {
      return { origin: url.origin, tokenUrl: null }
    }
  }
  throw new BotError('input.invalid', 'The OVHcloud endpoint is neither a platform nor a base URL.', {
    hint: `Set OVH_ENDPOINT to ${Object.keys(TOKEN_URLS).join(', ')}, or to a base URL such as http://127.0.0.1:8080.`,
  })
}
