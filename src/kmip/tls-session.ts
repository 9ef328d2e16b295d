/** One TLS connection for one look, by node:tls. Trusts nothing by itself: it hands over what the server showed. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
  type TLSSocketOptions,
  connect as tlsConnect,
} from 'node:tls'
import { BotError } from '../core/errors.js'
import type { Secret } from '../core/secret.js'
import { broken, type Circumstances, type Phase, tooLate } from './failures.js'

export interface Shown {
  leaf: X509Certificate
  /** What came along with the leaf, itself included. */
  presented: X509Certificate[]
  /** Such as `TLSv1.3`. */
  tlsVersion: string
}

/** What is read of a chain, however much is sent. */
const LONGEST_CHAIN = 8

export interface Visit {
  /** Sent as server name unless it is an address (RFC 6066 §3). */
  host: string
  address: string
  port: number
  timeoutMs: number
  /** A client certificate to show. */
  context?: SecureContext
}

/** What to do once the server has shown itself. */
export type Inside<T> = (socket: TLSSocket, shown: Shown) => Promise<T>

/** @throws BotError `key.malformed` when the two do not load or do not belong together; the library's own error is dropped */
export function clientContext(pair: { certificatePem: string; privateKey: Secret }): SecureContext {
  try {
    return createSecureContext({ cert: pair.certificatePem, key: pair.privateKey.reveal() })
  } catch {
    throw new BotError(
      'key.malformed',
      'The certificate and the private key cannot be used together for TLS.',
    )
  }
}

/**
 * Connects, and calls `inside` once the handshake is done; its result ends the visit and the connection.
 *
 * @param inside may stay as long as the visit's time lasts; the failures of the connection end it
 * @throws BotError `endpoint.unreachable`, `endpoint.refused`
 */
export function visit<T>(options: Visit, inside: Inside<T>): Promise<T> {
  const { host, address, port, timeoutMs, context } = options
  const at: Circumstances = {
    where: host === address ? `${host}:${port}` : `${host}:${port} (${address})`,
    phase: 'connecting',
    hasShownCertificate: false,
  }
  return new Promise((resolve, reject) => {
    const connection: ConnectionOptions & TLSSocketOptions = {
      host: address,
      port,
      // Anybody's certificate is read; whether to trust it is decided with the clock port (trust.ts).
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      // For its event alone, which comes once the server's certificate is known (below).
      requestOCSP: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(context === undefined ? {} : { secureContext: context }),
    }
    const socket = tlsConnect(connection)
    const enter = (phase: Phase) => {
      at.phase = phase
      at.hasShownCertificate = context !== undefined
    }
    const fail = (failure: unknown) => {
      clearTimeout(timer)
      socket.destroy()
      reject(failure)
    }
    const stay = (shown: Shown) => {
      inside(socket, shown).then(result => {
        clearTimeout(timer)
        // Says goodbye first, so that the other side need not log a broken handshake.
        socket.destroySoon()
        resolve(result)
      }, fail)
    }
    const timer = setTimeout(() => fail(tooLate(at, timeoutMs)), timeoutMs)

    let early: Shown | null = null
    socket.on('connect', () => enter('handshaking'))
    socket.on('OCSPResponse', () => {
      early = whatWasShown(socket)
    })
    // Up to TLS 1.2 a server that wants a client certificate breaks off before the handshake is done: for reading its own, it
    // has shown enough.
    const over = (error: unknown) => {
      if (early !== null && context === undefined && at.phase === 'handshaking') stay(early)
      else fail(broken(at, error))
    }
    socket.on('error', over)
    socket.on('close', () => over(null))
    socket.on('secureConnect', () => {
      enter('asking')
      const shown = whatWasShown(socket)
      if (shown === null) fail(broken(at, null))
      else stay(shown)
    })
  })
}

/** By the older of Node's two ways: `getPeerX509Certificate` gives the leaf only once, and the early look would take it. */
function whatWasShown(socket: TLSSocket): Shown | null {
  const first = socket.getPeerCertificate(true)
  if (first?.raw === undefined) return null
  const presented: X509Certificate[] = []
  for (let one = first; one && presented.length < LONGEST_CHAIN; one = one.issuerCertificate) {
    presented.push(new X509Certificate(one.raw))
    // A self-signed certificate is its own issuer.
    if (one === one.issuerCertificate) break
  }
  const leaf = presented[0]
  return leaf === undefined ? null : { leaf, presented, tlsVersion: socket.getProtocol() ?? 'unknown' }
}
