/**
 * Proof of who calls: the application-key signature (ovh/go-ovh: ovh/ovh.go) or a Bearer token.
 * Clock tolerance and the order of the checks are in no public source; they are ours.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Clock } from '../core/ports/clock.js'
import type { Application, Consumer, Keyring, ServiceAccount } from './keyring.js'
import { badRequest, forbidden, unauthenticated } from './refusal.js'

/** How far a timestamp may be off, either way. OVHcloud's own tolerance is not published. */
const SKEW_TOLERANCE_MS = 5 * 60 * 1000

export type Caller =
  | { method: 'account'; consumer: Consumer }
  | { method: 'oauth2_client_credentials'; serviceAccount: ServiceAccount }

export interface SignedRequest {
  method: string
  scheme: 'http' | 'https'
  /** Path and query exactly as on the wire. */
  target: string
  headers: IncomingHttpHeaders
  body: Buffer
  remoteAddress: string
}

/** @throws Refusal 400 (signature, clock), 401 (nobody), 403 (keys) */
export function authenticate(request: SignedRequest, keyring: Keyring, clock: Clock): Caller {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')
  if (bearer) {
    const serviceAccount = keyring.accountOfToken(bearer[1]!)
    if (serviceAccount === null) throw unauthenticated()
    return { method: 'oauth2_client_credentials', serviceAccount }
  }

  const consumerKey = header(request, 'x-ovh-consumer')
  if (header(request, 'x-ovh-application') === null && consumerKey === null) throw unauthenticated()
  const application = knownApplication(request.headers, keyring)
  if (consumerKey === null) throw unauthenticated()
  const consumer = keyring.consumerOf(consumerKey)
  if (consumer === null || consumer.application !== application) {
    throw forbidden('This credential does not exist')
  }
  if (keyring.stateOf(consumer) !== 'validated') throw forbidden('This credential is not valid')
  if (!mayComeFrom(consumer, request.remoteAddress)) throw forbidden('This credential is not valid')
  if (!isSigned(request, application, consumer, clock)) throw badRequest('Invalid signature')
  consumer.lastUseAt = clock.now()
  return { method: 'account', consumer }
}

/** The application of a call, signed or not. @throws Refusal 403 when its key is unknown */
export function knownApplication(headers: IncomingHttpHeaders, keyring: Keyring): Application {
  const key = headers['x-ovh-application']
  const application = typeof key === 'string' ? keyring.applicationOf(key) : null
  if (application === null) throw forbidden('This application key is invalid')
  return application
}

function header(request: SignedRequest, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

function isSigned(
  request: SignedRequest,
  application: Application,
  consumer: Consumer,
  clock: Clock,
): boolean {
  const timestamp = header(request, 'x-ovh-timestamp')
  const signature = header(request, 'x-ovh-signature')
  if (timestamp === null || signature === null || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(Number(timestamp) * 1000 - clock.now()) > SKEW_TOLERANCE_MS) return false
  return urlsUsed(request).some(url => {
    const hash = createHash('sha1')
    hash.update(`${application.secret.reveal()}+${consumer.key}+${request.method}+${url}+`)
    hash.update(request.body)
    return isEqual(signature, `$1$${hash.update(`+${timestamp}`).digest('hex')}`)
  })
}

/** The URL the client used, and the same without its port: the published Node clients sign it that way. */
function urlsUsed(request: SignedRequest): string[] {
  const host = request.headers.host ?? ''
  const bare = host.replace(/:\d+$/, '')
  return [...new Set([host, bare])].map(name => `${request.scheme}://${name}${request.target}`)
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function mayComeFrom(consumer: Consumer, remoteAddress: string): boolean {
  if (consumer.allowedIPs === null || consumer.allowedIPs.length === 0) return true
  const list = blockListOf(consumer.allowedIPs)
  const address = remoteAddress.replace(/^::ffff:/, '')
  return list?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') ?? false
}

/** Addresses and CIDR blocks. `null` when one of them is neither. */
export function blockListOf(blocks: readonly string[]): BlockList | null {
  const list = new BlockList()
  try {
    for (const block of blocks) {
      const [address = '', bits] = block.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (bits === undefined) list.addAddress(address, family)
      else list.addSubnet(address, Number(bits), family)
    }
    return list
  } catch {
    return null
  }
}
