/** How workers reach OVHcloud: where, as whom, and how often. Names and meanings as in ovh/go-ovh: ovh/configuration.go. */

import type { Secret } from '../core/secret.js'
import { didYouMean } from '../core/suggest.js'
import type { SettingName } from './settings.js'
import type { Source } from './source.js'
import { isLoopback, readUrl } from './url.js'

export type OvhAuthentication =
  | {
      way: 'client'
      clientId: string
      clientSecret: Secret /** `null`: the endpoint's own. */
      tokenUrl: string | null
    }
  | { way: 'application'; applicationKey: string; applicationSecret: Secret; consumerKey: Secret }
  | { way: 'token'; accessToken: Secret }

export interface OvhConfig {
  /** `ovh-eu`, `ovh-ca`, `ovh-us`, or a base URL without a slash at its end. */
  endpoint: string
  authentication: OvhAuthentication
  /** Calls of all processes together; `null`: as many as come. */
  rate: { perSecond: number; burst: number } | null
}

const ENDPOINTS = ['ovh-eu', 'ovh-ca', 'ovh-us']
/** Names that other clients of OVHcloud know; these accounts have neither v2 nor an OKMS. */
const V1_ONLY = /^(kimsufi|soyoustart)-/

/** The clients' own bases end so; ours uses /v1 and /v2 side by side. */
const VERSION = /\/(1\.0|v1|v2)$/

const WAYS = {
  client: ['OVH_CLIENT_ID', 'OVH_CLIENT_SECRET'],
  application: ['OVH_APPLICATION_KEY', 'OVH_APPLICATION_SECRET', 'OVH_CONSUMER_KEY'],
  token: ['OVH_ACCESS_TOKEN'],
} as const satisfies Record<OvhAuthentication['way'], readonly SettingName[]>

/** A second is what a person waits; a burst of 30 lets a command look around first. */
const DEFAULT_RATE = { perSecond: 1, burst: 30 }

/** `null` when something is wrong, which the source then knows. */
export function readOvh(source: Source): OvhConfig | null {
  const endpoint = readEndpoint(source)
  const authentication = readAuthentication(source, endpoint)
  const rate = readRate(source, endpoint)
  return endpoint && authentication && rate !== undefined ? { endpoint, authentication, rate } : null
}

function readEndpoint(source: Source): string | undefined {
  const text = source.text('OVH_ENDPOINT') ?? 'ovh-eu'
  if (ENDPOINTS.includes(text)) return text
  if (text.includes('://')) {
    const url = readUrl(source, 'OVH_ENDPOINT')?.replace(/\/+$/, '')
    if (url && VERSION.test(url))
      source.wrong('OVH_ENDPOINT', 'ends in a version of the API; leave it out, both are used')
    if (url?.startsWith('http:') && !isLoopback(url)) {
      source.warnings.push(
        'OVH_ENDPOINT is not encrypted (http) and not on this machine: keys and answers can be read on the way.',
      )
    }
    return url
  }
  const meant = didYouMean(text, ENDPOINTS)
  const why = V1_ONLY.test(text) ? ', which has no KMS' : meant ? `; did you mean ${meant}?` : ''
  source.wrongWord('OVH_ENDPOINT', text, why)
  return undefined
}

function readAuthentication(source: Source, endpoint: string | undefined): OvhAuthentication | undefined {
  const begun = (Object.keys(WAYS) as OvhAuthentication['way'][]).filter(way => WAYS[way].some(source.has))
  const [way, ...others] = begun
  const example = 'OVH_CLIENT_ID=EU.0123456789abcdef and OVH_CLIENT_SECRET_FILE=/run/secrets/ovh'
  const expected = `exactly one of: ${Object.values(WAYS)
    .map(names => names.join(' + '))
    .join(', or ')}`
  if (way === undefined || others.length > 0) {
    const set = begun.flatMap(one => WAYS[one]).filter(source.has)
    source.mistakes.push({
      name: 'OVH_CLIENT_ID, OVH_APPLICATION_KEY or OVH_ACCESS_TOKEN',
      expected,
      example,
      problem:
        way === undefined
          ? 'is missing'
          : `are set for ${begun.length} ways of authentication at once: ${set.join(', ')}`,
    })
    return undefined
  }
  for (const name of WAYS[way].filter(name => !source.has(name))) {
    source.wrong(name, `is missing beside ${WAYS[way].filter(source.has).join(' and ')}`)
  }
  const tokenUrl = readTokenUrl(source, way, endpoint)
  switch (way) {
    case 'client': {
      const clientId = source.text('OVH_CLIENT_ID')
      const clientSecret = source.secret('OVH_CLIENT_SECRET')
      return clientId && clientSecret && tokenUrl !== undefined
        ? { way, clientId, clientSecret, tokenUrl }
        : undefined
    }
    case 'application': {
      const applicationKey = source.text('OVH_APPLICATION_KEY')
      const applicationSecret = source.secret('OVH_APPLICATION_SECRET')
      const consumerKey = source.secret('OVH_CONSUMER_KEY')
      if (!applicationKey || !applicationSecret || !consumerKey) return undefined
      return { way, applicationKey, applicationSecret, consumerKey }
    }
    case 'token': {
      const accessToken = source.secret('OVH_ACCESS_TOKEN')
      return accessToken && { way, accessToken }
    }
  }
}

/** `null` where the endpoint's own is to be used; `undefined` when something is wrong. */
function readTokenUrl(
  source: Source,
  way: OvhAuthentication['way'],
  endpoint: string | undefined,
): string | null | undefined {
  const hasOwn = endpoint !== undefined && ENDPOINTS.includes(endpoint)
  if (source.has('OVH_TOKEN_URL')) {
    if (way !== 'client') source.wrong('OVH_TOKEN_URL', 'is of no use without OVH_CLIENT_ID; take it away')
    else if (hasOwn)
      source.wrong('OVH_TOKEN_URL', `is of no use with ${endpoint}, whose own is known; take it away`)
    else return readUrl(source, 'OVH_TOKEN_URL')
    return undefined
  }
  if (way !== 'client' || hasOwn || endpoint === undefined) return null
  source.wrong('OVH_TOKEN_URL', 'is missing: OVH_ENDPOINT is a base URL and OVH_CLIENT_ID is set')
  return undefined
}

/** `null`: unlimited; `undefined` when something is wrong. */
function readRate(source: Source, endpoint: string | undefined): OvhConfig['rate'] | undefined {
  const text = source.text('OVH_RATE')
  // An API on this machine is the sandbox.
  if (text === undefined) return endpoint?.includes('://') && isLoopback(endpoint) ? null : DEFAULT_RATE
  if (text === 'off') return null
  const match = /^(\d{1,4})\/(s|m)(?: burst (\d{1,4}))?$/.exec(text)
  const calls = Number(match?.[1])
  const burst = Number(match?.[3] ?? DEFAULT_RATE.burst)
  if (match && calls > 0 && burst > 0) return { perSecond: match[2] === 's' ? calls : calls / 60, burst }
  source.wrongWord('OVH_RATE', text)
  return undefined
}
