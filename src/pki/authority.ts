/**
 * A small certificate authority for the sandbox and the tests (RFC 5280). What OVHcloud's own certificates look like was read from the
 * samples of ovh/docs, pages/manage_and_operate/kms/quick-start. Leaves out revocation lists and intermediate authorities.
 */
import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { Secret } from '../core/secret.js'
import type { KeyAlgorithmId } from './algorithms.js'
import { generateKeyPair } from './keys.js'
import { encodePem } from './pem.js'
import { nameOf, signerFor } from './signing.js'

export interface ServerOptions {
  commonName: string
  dnsNames: string[]
  /** IPv4 or IPv6, textual. */
  ipAddresses: string[]
  publicKeySpki: Uint8Array
  notBefore: Date
  notAfter: Date
}

export interface ClientOptions {
  okmsId: string
  /** The credential's id; becomes the serial number, as OVHcloud does it. */
  serialUuid: string
  publicKeySpki: Uint8Array
  notBefore: Date
  notAfter: Date
}

export interface Authority {
  /** Ends in a newline. */
  certificatePem: string
  privateKey: Secret
  /** PEM, ends in a newline. */
  issueServer(options: ServerOptions): Promise<string>
  /**
   * PEM without a trailing newline, shaped like OVHcloud's: subject `CN=<okmsId>`, the serial is the UUID as 16 bytes, a critical
   * subjectAltName that holds only `okms.domain:<okmsId>`, extended key usage clientAuth and nothing else.
   */
  issueClient(options: ClientOptions): Promise<string>
}

export interface AuthorityOptions {
  commonName: string
  algorithm: KeyAlgorithmId
  notBefore: Date
  notAfter: Date
}

/** Serial numbers of 16 random bytes: more than the 64 bits that CA/Browser Forum Baseline Requirements §7.1 ask for. */
const SERIAL_BYTES = 16

interface Blank {
  serialNumber: string
  subject: string
  publicKeySpki: Uint8Array
  notBefore: Date
  notAfter: Date
  extensions: Extension[]
}

export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { commonName, algorithm, notBefore, notAfter } = options
  const { privateKey } = await generateKeyPair(algorithm)
  const { keys, signingAlgorithm, publicKeySpki } = await signerFor(privateKey)

  async function issue({
    serialNumber,
    subject,
    publicKeySpki,
    extensions,
    ...dates
  }: Blank): Promise<string> {
    const certificate = await X509CertificateGenerator.create({
      serialNumber,
      subject: nameOf(subject),
      issuer: nameOf(commonName),
      notBefore: dates.notBefore,
      notAfter: dates.notAfter,
      publicKey: Buffer.from(publicKeySpki),
      signingKey: keys.privateKey,
      signingAlgorithm,
      extensions,
    })
    return encodePem('CERTIFICATE', new Uint8Array(certificate.rawData))
  }

  const certificatePem = await issue({
    serialNumber: randomSerial(),
    subject: commonName,
    publicKeySpki,
    notBefore,
    notAfter,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })

  return {
    certificatePem,
    privateKey,

    async issueServer({ commonName: subject, dnsNames, ipAddresses, ...rest }) {
      const names: JsonGeneralNames = [
        ...dnsNames.map(value => ({ type: 'dns' as const, value })),
        ...ipAddresses.map(value => ({ type: 'ip' as const, value })),
      ]
      const extensions = [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ]
      return issue({ ...rest, serialNumber: randomSerial(), subject, extensions })
    },

    async issueClient({ okmsId, serialUuid, ...rest }) {
      const extensions = [
        new SubjectAlternativeNameExtension([{ type: 'upn', value: `okms.domain:${okmsId}` }], true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ]
      const serialNumber = serialUuid.replaceAll('-', '')
      return (await issue({ ...rest, serialNumber, subject: okmsId, extensions })).trimEnd()
    },
  }
}

const randomSerial = (): string => randomBytes(SERIAL_BYTES).toString('hex')
