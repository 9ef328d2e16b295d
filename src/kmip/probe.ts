/** Looks at TLS and KMIP endpoints: implements ports/endpoint-probe.ts on node:tls. IPv4 only, as key servers of a Private Cloud are. */
import type { X509Certificate } from 'node:crypto'
import { promises as dns } from 'node:dns'
import { isIPv4, isIPv6 } from 'node:net'
import { BotError } from '../core/errors.js'
import type { Clock } from '../core/ports/clock.js'
import type { Endpoint, EndpointFinding, EndpointProbe, KmipFinding } from '../core/ports/endpoint-probe.js'
import { type Log, silentLog } from '../core/ports/log.js'
import { type Discovery, decodeResponse, encodeRequest } from './discover-versions.js'
import { exchange } from './exchange.js'
import { unresolved } from './failures.js'
import { clientContext, type Inside, type Visit, visit } from './tls-session.js'
import { distrustOf, inLine } from './trust.js'
import { TtlvError } from './ttlv.js'

export interface EndpointProbeOptions {
  /** Judges the dates of certificates; waiting is measured in real time. */
  clock: Clock
  log?: Log
  /** For the whole of one look, the name look-up included. */
  timeoutMs?: number
  /** IPv4 addresses of a name; throws as node:dns does when there are none. */
  lookup?: (host: string) => Promise<string[]>
}

export function createEndpointProbe(options: EndpointProbeOptions): EndpointProbe {
  const { clock, log = silentLog, timeoutMs = 10_000, lookup = lookupIpv4 } = options

  async function resolve(host: string): Promise<string[]> {
    if (isIPv4(host)) return [host]
    if (isIPv6(host.replace(/^\[|\]$/g, ''))) {
      throw new BotError('endpoint.unreachable', `${host} is an IPv6 address, and only IPv4 is looked at.`)
    }
    try {
      const addresses = await within(timeoutMs, lookup(host))
      if (addresses.length > 0) return [...new Set(addresses)].sort(byNumber)
    } catch (thrown) {
      throw unresolved(host, codeOf(thrown))
    }
    throw unresolved(host, 'ENODATA')
  }

  /** Visits the addresses in order until one takes the connection; each gets its share of the time that is left. */
  async function visitFirst<T>(
    { host, port }: Endpoint,
    given: { address?: string | undefined; context?: Visit['context'] },
    inside: (address: string) => Inside<T>,
  ): Promise<T> {
    const endsAt = performance.now() + timeoutMs
    const addresses = given.address === undefined ? await resolve(host) : [given.address]
    let failure: unknown
    for (const [index, address] of addresses.entries()) {
      const shareMs = Math.max(1, Math.round((endsAt - performance.now()) / (addresses.length - index)))
      const context = given.context && { context: given.context }
      try {
        return await visit({ host, address, port, timeoutMs: shareMs, ...context }, inside(address))
      } catch (thrown) {
        failure ??= thrown
        log.debug('endpoint did not answer', { host, address, port, code: BotError.from(thrown).code })
        if (!(thrown instanceof BotError) || thrown.code !== 'endpoint.unreachable') throw thrown
      }
    }
    throw failure
  }

  return {
    resolve,

    async look(endpoint, { address: given, trustedCa = null } = {}) {
      const startedAt = performance.now()
      const readAt =
        (address: string): Inside<EndpointFinding> =>
        async (_, { leaf, presented, tlsVersion }) => {
          const distrust = trustedCa === null ? null : distrustOf(leaf, presented, trustedCa, clock.now())
          return {
            endpoint,
            address,
            sha1: leaf.fingerprint,
            sha256: leaf.fingerprint256,
            subject: inLine(leaf.subject),
            issuer: inLine(leaf.issuer),
            notBefore: new Date(leaf.validFrom).toISOString(),
            notAfter: new Date(leaf.validTo).toISOString(),
            keyAlgorithm: keyAlgorithmOf(leaf),
            tlsVersion,
            trusted: trustedCa === null ? null : distrust === null,
            distrust,
            elapsedMs: elapsedSince(startedAt),
          }
        }
      return await visitFirst(endpoint, { address: given }, readAt)
    },

    async discoverVersions(endpoint, pair, trustedCa = null) {
      const startedAt = performance.now()
      const context = clientContext(pair)
      const where = `${endpoint.host}:${endpoint.port}`
      const ask: Inside<KmipFinding> = async (socket, { leaf, presented, tlsVersion }) => {
        const distrust = trustedCa === null ? null : distrustOf(leaf, presented, trustedCa, clock.now())
        if (distrust !== null) {
          throw new BotError('endpoint.refused', `${where} is not the server it should be. ${distrust}`)
        }
        const discovery = await asked(where, () => exchange(socket, encodeRequest()))
        if (discovery.kind === 'refused') {
          throw new BotError('endpoint.refused', `${where} refused the KMIP request: ${discovery.reason}.`)
        }
        return { kmipVersion: discovery.highest, tlsVersion, elapsedMs: elapsedSince(startedAt) }
      }
      return await visitFirst(endpoint, { context }, () => ask)
    },
  }
}

async function asked(where: string, ask: () => Promise<Buffer>): Promise<Discovery> {
  try {
    return decodeResponse(await ask())
  } catch (thrown) {
    if (!(thrown instanceof TtlvError)) throw thrown
    throw new BotError('endpoint.refused', `${where} did not answer with KMIP: ${thrown.message}.`)
  }
}

/** Such as `RSA 2048` or `EC P-256`. */
function keyAlgorithmOf({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  const type = (publicKey.asymmetricKeyType ?? 'unknown').toUpperCase()
  const detail = modulusLength ?? (namedCurve && (CURVES[namedCurve] ?? namedCurve))
  return detail === undefined ? type : `${type} ${detail}`
}

/** Names of FIPS 186-5 for what openssl calls otherwise. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

const elapsedSince = (startedAt: number) => Math.round(performance.now() - startedAt)

async function lookupIpv4(host: string): Promise<string[]> {
  const found = await dns.lookup(host, { family: 4, all: true })
  return found.map(({ address }) => address)
}

const numberOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const byNumber = (a: string, b: string) => numberOf(a) - numberOf(b)

/** The system's name look-up has no limit of its own. */
async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(Object.assign(new Error('no answer in time'), { code: 'ETIMEOUT' })),
      timeoutMs,
    )
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function codeOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown) return String(thrown.code)
  return 'unknown'
}
