/** Looks at a TLS endpoint from where the bot runs. Bounded in time; never sends anything but a handshake and KMIP Discover Versions. */
import type { Secret } from '../secret.js'

export interface Endpoint {
  host: string
  port: number
}

export interface EndpointFinding {
  endpoint: Endpoint
  /** The IPv4 address that answered. */
  address: string
  /** Upper-case hex pairs with colons, as openssl prints them. */
  sha1: string
  sha256: string
  subject: string
  issuer: string
  /** ISO instants. */
  notBefore: string
  notAfter: string
  keyAlgorithm: string
  tlsVersion: string
  /** Whether `trustedCa` signed it and the dates hold; `null` when no CA was given. */
  trusted: boolean | null
  /** Why it is not trusted, a whole sentence. */
  distrust: string | null
  elapsedMs: number
}

export interface KmipFinding {
  /** Highest version the server offers, such as `1.4`. */
  kmipVersion: string
  tlsVersion: string
  elapsedMs: number
}

export interface EndpointProbe {
  /** IPv4 addresses of a host, sorted. @throws BotError `endpoint.unreachable` */
  resolve(host: string): Promise<string[]>
  /**
   * Connects and reads the leaf certificate, without trusting it.
   * @throws BotError `endpoint.unreachable`, `endpoint.refused` (no TLS there)
   */
  look(
    endpoint: Endpoint,
    options?: { address?: string; trustedCa?: string | null },
  ): Promise<EndpointFinding>
  /**
   * TLS with the client pair, then KMIP Discover Versions. Accepted means that a KMIP answer was read: with TLS 1.3 a
   * server refuses a client certificate only after the handshake.
   * @throws BotError `endpoint.unreachable`, `endpoint.refused`
   */
  discoverVersions(
    endpoint: Endpoint,
    pair: { certificatePem: string; privateKey: Secret },
    trustedCa?: string | null,
  ): Promise<KmipFinding>
}

/** `host:port`, a host alone with the default port, or `https://host`. `null` when it is none of these. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint | null {
  const match = /^(?:[a-z]+:\/\/)?(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?\/?$/i.exec(text.trim())
  if (!match) return null
  const port = match[2] === undefined ? defaultPort : Number(match[2])
  if (port < 1 || port > 65_535) return null
  return { host: match[1]!.toLowerCase(), port }
}
