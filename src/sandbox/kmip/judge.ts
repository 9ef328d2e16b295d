/**
 * Who may speak KMIP in a region. Judged after the handshake, by the sandbox's clock and records: TLS libraries know only the
 * real clock, and nobody's revocation list.
 */
import { type Certificate, isSignedBy, readCertificate } from '../../pki/certificates.js'
import type { RegionId } from '../regions.js'
import type { World } from '../world.js'

/** RFC 5280 §4.2.1.12, id-kp-clientAuth. */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** @returns why not, for the log; `null` when accepted */
export function whyRefused(world: World, region: RegionId, der: Uint8Array | null): string | null {
  if (der === null) return 'no client certificate'
  const certificate = read(der)
  if (certificate === null) return 'unreadable certificate'
  const authority = readCertificate(world.authorities.users.certificatePem)
  if (!isSignedBy(certificate, authority)) return 'not issued by the OKMS users authority'
  const now = world.clock.now()
  if (now < certificate.notBefore.getTime()) return 'not valid yet'
  if (now > certificate.notAfter.getTime()) return 'expired'
  if (!certificate.extendedKeyUsages.includes(CLIENT_AUTH)) return 'not for client authentication'
  const record = world.credentials.find(certificate.uuid ?? '')
  if (record === null) return 'no such credential'
  const status = world.credentials.statusOf(record)
  if (status !== 'READY') return `credential is ${status}`
  if (record.certificate() !== certificate.pem.trimEnd()) {
    return 'not the certificate of its credential'
  }
  return world.okms.get(record.okmsId)?.region === region ? null : 'the OKMS is in another region'
}

function read(der: Uint8Array): Certificate | null {
  try {
    return readCertificate(der)
  } catch {
    return null
  }
}
