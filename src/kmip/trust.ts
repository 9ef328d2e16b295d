/**
 * Whether a CA stands behind a server's certificate, by node:crypto and the clock port: TLS libraries know only the real time, and
 * the bot's may be moved. Names are not compared; what vSphere trusts in the end is the thumbprint.
 */
import { X509Certificate } from 'node:crypto'
import { formatInstant } from '../core/text.js'

/** Leaf, two intermediates and a root are already more than any we know. */
const LONGEST_CHAIN = 6

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

/**
 * @param presented what the server sent along, in any order; may hold the leaf again
 * @param trustedCa one or more PEM certificates
 * @returns why the leaf is not trusted, a whole sentence; `null` when it is
 */
export function distrustOf(
  leaf: X509Certificate,
  presented: readonly X509Certificate[],
  trustedCa: string,
  nowMs: number,
): string | null {
  const anchors = readAll(trustedCa)
  if (anchors === null) return 'The CA to check it with is not a readable certificate.'
  let current = leaf
  for (let length = 1; length <= LONGEST_CHAIN; length++) {
    const outdated = outdatedSentence(
      current,
      length === 1 ? 'The certificate' : 'The CA behind the certificate',
      nowMs,
    )
    if (outdated) return outdated
    const anchor = anchors.find(one => isSame(current, one) || isSignedBy(current, one))
    if (anchor) return outdatedSentence(anchor, 'The CA behind the certificate', nowMs)
    const next = presented.find(one => one.ca && !isSame(one, current) && isSignedBy(current, one))
    if (next === undefined) break
    current = next
  }
  const names = anchors.map(anchor => inLine(anchor.subject)).join(' or ')
  return `The certificate is not signed by ${names}.`
}

/** Distinguished names as node:crypto gives them, one part per line, in one line. */
export const inLine = (name: string | undefined): string => (name ?? '').split('\n').join(', ')

function readAll(pem: string): X509Certificate[] | null {
  try {
    const certificates = (pem.match(CERTIFICATE) ?? []).map(block => new X509Certificate(block))
    return certificates.length > 0 ? certificates : null
  } catch {
    return null
  }
}

const isSame = (a: X509Certificate, b: X509Certificate) => a.raw.equals(b.raw)

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    // A key of a kind that cannot verify this signature.
    return false
  }
}

function outdatedSentence(
  { validFrom, validTo }: X509Certificate,
  what: string,
  nowMs: number,
): string | null {
  if (nowMs < Date.parse(validFrom)) return `${what} is not valid before ${formatInstant(validFrom)}.`
  if (nowMs > Date.parse(validTo)) return `${what} expired on ${formatInstant(validTo)}.`
  return null
}
