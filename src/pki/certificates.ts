/**
 * Certificates, read and judged (RFC 5280). Leaves out chains and revocation: OVHcloud issues leaves under one authority, and a
 * credential is revoked at OVHcloud, not in a list.
 */
import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import { X509Certificate as ParsedCertificate, SubjectAlternativeNameExtension } from '@peculiar/x509'
import { BotError } from '../core/errors.js'
import type { KeyAlgorithmId } from './algorithms.js'
import { keyAlgorithmOf } from './keys.js'
import { encodePem, readPem } from './pem.js'
import { thumbprintOf } from './thumbprints.js'

export interface Certificate {
  /** Normalised: one block, LF, ends in a newline. */
  pem: string
  der: Uint8Array
  /** Lower-case hex without `0x`; a serial of up to 16 bytes is always 32 digits. */
  serialHex: string
  /** The serial as a UUID, which is the credential's id at OVHcloud; `null` when it is longer than 16 bytes. */
  uuid: string | null
  subjectCommonName: string | null
  /** Such as `CN=reader, O=Example`, in the order of the certificate. */
  subject: string
  issuer: string
  notBefore: Date
  notAfter: Date
  /** OIDs, dotted. */
  extendedKeyUsages: string[]
  /** The id in the `okms.domain:<id>` otherName; `null` when there is none. */
  okmsDomain: string | null
  publicKeySpki: Uint8Array
  /** `null` when the key is in no row of the table. */
  keyAlgorithm: KeyAlgorithmId | null
  /** As `openssl x509 -fingerprint` prints them. */
  sha1: string
  sha256: string
}

/**
 * @param pemOrDer - PEM text with exactly one certificate (other text around it is ignored), or DER
 * @throws BotError `certificate.malformed`
 */
export function readCertificate(pemOrDer: string | Uint8Array): Certificate {
  const der = typeof pemOrDer === 'string' ? onlyCertificateIn(pemOrDer) : pemOrDer
  try {
    return describe(der)
  } catch {
    throw new BotError('certificate.malformed', 'The certificate cannot be decoded.')
  }
}

/**
 * Every certificate of a PEM text, in its order; none is an empty list.
 * @throws BotError `certificate.malformed`
 */
export const readCertificates = (text: string): Certificate[] => certificatesIn(text).map(readCertificate)

function onlyCertificateIn(text: string): Uint8Array {
  const found = certificatesIn(text)
  if (found.length === 1) return found[0]!
  const count = found.length === 0 ? 'no certificate' : `${found.length} certificates`
  throw new BotError(
    'certificate.malformed',
    `There must be exactly one PEM certificate, but there is ${count}.`,
  )
}

const certificatesIn = (text: string): Uint8Array[] =>
  readPem(text)
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ der }) => {
      if (der) return der
      throw new BotError('certificate.malformed', 'The certificate is not valid base64.')
    })

function describe(der: Uint8Array): Certificate {
  const certificate = new X509Certificate(der)
  // OpenSSL reads the first certificate and is silent about what follows it.
  if (certificate.raw.length !== der.length) throw new RangeError('bytes after the certificate')
  const publicKeySpki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  const serialHex = serialOf(certificate)
  const { CN: commonName } = certificate.toLegacyObject().subject
  return {
    pem: encodePem('CERTIFICATE', der),
    der,
    serialHex,
    uuid: serialHex.length === UUID_DIGITS ? asUuid(serialHex) : null,
    subjectCommonName: (Array.isArray(commonName) ? commonName.at(-1) : commonName) ?? null,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    notBefore: instantOf(certificate.validFrom),
    notAfter: instantOf(certificate.validTo),
    extendedKeyUsages: certificate.keyUsage ?? [],
    okmsDomain: okmsDomainOf(der),
    publicKeySpki,
    keyAlgorithm: keyAlgorithmOf(publicKeySpki),
    sha1: thumbprintOf(der, 'sha1'),
    sha256: thumbprintOf(der, 'sha256'),
  }
}

/** Node gives what it cannot read as words; such a date would compare as neither before nor after. */
function instantOf(text: string): Date {
  const instant = new Date(text)
  if (Number.isNaN(instant.getTime())) throw new RangeError('not an instant')
  return instant
}

const UUID_DIGITS = 32

function serialOf({ serialNumber }: X509Certificate): string {
  const serial = BigInt(`0x${serialNumber.replace('-', '')}`)
  // RFC 5280 §4.1.2.2 asks readers to bear negative serials: 16 raw bytes whose first bit is set.
  const hex = (serialNumber.startsWith('-') ? BigInt.asUintN(128, -serial) : serial).toString(16)
  return hex.padStart(Math.max(UUID_DIGITS, hex.length + (hex.length % 2)), '0')
}

const asUuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const oneLine = (name: string) => name.replaceAll('\n', ', ')

const OKMS_DOMAIN = /^okms\.domain:(.+)$/

/** Node does not show otherNames; OVHcloud uses the type of Microsoft's user principal name, 1.3.6.1.4.1.311.20.2.3. */
function okmsDomainOf(der: Uint8Array): string | null {
  const names = new ParsedCertificate(Buffer.from(der)).getExtension(SubjectAlternativeNameExtension)?.names
    .items
  for (const { type, value } of names ?? []) {
    const domain = type === 'upn' ? OKMS_DOMAIN.exec(value)?.[1] : undefined
    if (domain !== undefined) return domain
  }
  return null
}

/** Whether the authority's name and key stand under the certificate. Dates and usages are the caller's to judge. */
export function isSignedBy(certificate: Certificate, authority: Certificate): boolean {
  if (certificate.issuer !== authority.subject) return false
  return new X509Certificate(certificate.der).verify(new X509Certificate(authority.der).publicKey)
}

export interface IssuedFor {
  okmsId: string
  credentialId: string
  publicKeySpki: Uint8Array
  validityDays: number
  /** Milliseconds since 1970, by the caller's clock. */
  now: number
}

/** RFC 5280 §4.2.1.12, id-kp-clientAuth. */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** How far OVHcloud's clock may be from ours before we say that a date is off. */
const DATE_TOLERANCE_MS = 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Whether OVHcloud issued what was asked for.
 * @throws BotError `certificate.unexpected` with one sentence that names the first thing that is off
 */
export function checkIssuedCertificate(certificate: Certificate, expected: IssuedFor): void {
  const { okmsId, credentialId, publicKeySpki, validityDays, now } = expected
  const { serialHex, subjectCommonName, okmsDomain, extendedKeyUsages } = certificate
  const notBefore = certificate.notBefore.getTime()
  const notAfter = certificate.notAfter.getTime()
  const validityMs = validityDays * DAY_MS

  const refuse = (sentence: string) => {
    throw new BotError('certificate.unexpected', `The certificate ${sentence}.`, {
      details: { okmsId, credentialId },
    })
  }
  if (!Buffer.from(certificate.publicKeySpki).equals(publicKeySpki))
    refuse('holds another public key than the one asked for')
  if (serialHex !== credentialId.replaceAll('-', '').toLowerCase())
    refuse(`has the serial number ${serialHex}, not the credential's id`)
  if (subjectCommonName?.toLowerCase() !== okmsId.toLowerCase())
    refuse(`is made out to "${subjectCommonName ?? 'nobody'}", not to the OKMS`)
  if (okmsDomain?.toLowerCase() !== okmsId.toLowerCase())
    refuse(`has the okms.domain "${okmsDomain ?? 'none'}", not the one of the OKMS`)
  if (!extendedKeyUsages.includes(CLIENT_AUTH)) refuse('may not be used for client authentication')

  // The start may lie long before now (a run that was resumed), so lower and upper end are measured from different instants.
  if (notBefore > now + DATE_TOLERANCE_MS)
    refuse(`is not valid before ${certificate.notBefore.toISOString()}`)
  if (notAfter <= now) refuse(`expired at ${certificate.notAfter.toISOString()}`)
  const isShort = notAfter < notBefore + validityMs - DATE_TOLERANCE_MS
  const isLong = notAfter > now + validityMs + DATE_TOLERANCE_MS
  if (isShort || isLong)
    refuse(
      `ends at ${certificate.notAfter.toISOString()}, which is not ${validityDays} days after it was issued`,
    )
}
