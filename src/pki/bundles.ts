/**
 * PKCS#12 files (RFC 7292): key, certificate and authorities in one file under a passphrase. For RSA keys only. Opens with OpenSSL 3
 * without its legacy provider: AES-256 under PBES2 (RFC 8018), SHA-256 in the MAC.
 *
 * node-forge writes the ASN.1. Not used is its `toPkcs12Asn1`: it re-encodes certificates and so breaks one signed with ECDSA, as
 * OVHcloud's are, and it derives keys and encrypts in JavaScript, which holds the event loop for more than 20 ms.
 */
import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import forge from 'node-forge'
import { BotError } from '../core/errors.js'
import { Secret } from '../core/secret.js'
import { readCertificate, readCertificates } from './certificates.js'
import { readPrivateKey } from './keys.js'
import { pkcs12Mac } from './pkcs12-mac.js'

const { asn1 } = forge

export interface Pkcs12Options {
  privateKey: Secret
  certificatePem: string
  /** Each may hold several certificates. */
  caPems: string[]
  /** What key stores show as the name of the entry. */
  friendlyName: string
  passphrase: Secret
}

/**
 * @returns the file, DER
 * @throws BotError `bundle.unsupported` for a key other than RSA, `key.malformed`, `certificate.malformed`, `certificate.unexpected` when key
 *   and certificate do not belong together
 */
export async function createPkcs12(options: Pkcs12Options): Promise<Uint8Array> {
  const { privateKey, certificatePem, caPems, friendlyName, passphrase } = options
  const key = readPrivateKey(privateKey)
  if (key.asymmetricKeyType !== 'rsa') {
    throw new BotError(
      'bundle.unsupported',
      'A PKCS#12 file is made for RSA keys only, and this key is not one.',
      {
        hint: 'Ask for format:pem, or for an RSA key with type:RSA.',
      },
    )
  }
  const leaf = readCertificate(certificatePem)
  const publicKeySpki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  if (!publicKeySpki.equals(leaf.publicKeySpki)) {
    throw new BotError(
      'certificate.unexpected',
      'The certificate holds another public key than the private key at hand.',
    )
  }
  // Some milliseconds each; in between, others have their turn.
  await setImmediate()
  const authorities = caPems.flatMap(readCertificates)
  await setImmediate()
  const lockedKey = key.export({
    type: 'pkcs8',
    format: 'der',
    cipher: 'aes-256-cbc',
    passphrase: passphrase.reveal(),
  })
  const attributes = attributesOf(friendlyName, createHash('sha1').update(leaf.der).digest())
  const safe = toBytes(
    sequence(
      data(
        sequence(certificateBag(leaf.der, attributes), ...authorities.map(({ der }) => certificateBag(der))),
      ),
      data(sequence(bag(OIDS.shroudedKeyBag, asn1.fromDer(binary(lockedKey)), attributes))),
    ),
  )
  const file = sequence(integer(PFX_VERSION), contentInfo(octets(safe)), await macOver(safe, passphrase))
  return Buffer.from(toBytes(file), 'latin1')
}

const PFX_VERSION = 3
/** OpenSSL's default, PKCS12_DEFAULT_ITER; the passphrase is random, so more would protect nothing. */
const ITERATIONS = 2048
const SALT_BYTES = 16

/** RFC 7292 §4.1 and §4.2, RFC 2985 §5.5, RFC 8017 appendix B.1. */
const OIDS = {
  data: '1.2.840.113549.1.7.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

type Node = forge.asn1.Asn1

const node = (type: forge.asn1.Type, value: string | Node[]): Node =>
  asn1.create(asn1.Class.UNIVERSAL, type, typeof value !== 'string', value)
const sequence = (...parts: Node[]) => node(asn1.Type.SEQUENCE, parts)
const set = (...parts: Node[]) => node(asn1.Type.SET, parts)
const octets = (bytes: string) => node(asn1.Type.OCTETSTRING, bytes)
const integer = (value: number) => node(asn1.Type.INTEGER, asn1.integerToDer(value).getBytes())
const identifier = (dotted: string) => node(asn1.Type.OID, asn1.oidToDer(dotted).getBytes())
const explicit = (inner: Node) => asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [inner])
const toBytes = (tree: Node) => asn1.toDer(tree).getBytes()
/** node-forge keeps bytes in strings, one per character. */
const binary = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

const contentInfo = (content: Node) => sequence(identifier(OIDS.data), explicit(content))
const data = (content: Node) => contentInfo(octets(toBytes(content)))
const bag = (kind: string, value: Node, attributes?: Node) =>
  sequence(identifier(kind), explicit(value), ...(attributes ? [attributes] : []))

const certificateBag = (der: Uint8Array, attributes?: Node) =>
  bag(
    OIDS.certificateBag,
    sequence(identifier(OIDS.x509Certificate), explicit(octets(binary(der)))),
    attributes,
  )

const attributesOf = (friendlyName: string, localKeyId: Uint8Array) =>
  set(
    sequence(identifier(OIDS.friendlyName), set(node(asn1.Type.BMPSTRING, friendlyName))),
    sequence(identifier(OIDS.localKeyId), set(octets(binary(localKeyId)))),
  )

/** MacData, RFC 7292 §4. */
async function macOver(safe: string, passphrase: Secret): Promise<Node> {
  const salt = randomBytes(SALT_BYTES)
  const mac = await pkcs12Mac(Buffer.from(safe, 'latin1'), { passphrase, salt, iterations: ITERATIONS })
  const digestAlgorithm = sequence(identifier(OIDS.sha256), node(asn1.Type.NULL, ''))
  return sequence(sequence(digestAlgorithm, octets(binary(mac))), octets(binary(salt)), integer(ITERATIONS))
}

/** Crockford base32 in lower case: nothing that reads like something else. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const GROUPS = 5
const GROUP_CHARS = 5
const PASSPHRASE_BYTES = 16

/**
 * A passphrase of 125 bits: five groups of five characters, joined by hyphens.
 *
 * @param bytes - at least 16 random bytes; further ones are not used
 */
export function newPassphrase(bytes: Uint8Array): Secret {
  if (bytes.length < PASSPHRASE_BYTES)
    throw new RangeError(`a passphrase needs ${PASSPHRASE_BYTES} random bytes`)
  let bits = BigInt(`0x${Buffer.from(bytes.subarray(0, PASSPHRASE_BYTES)).toString('hex')}`)
  const nextCharacter = () => {
    const character = ALPHABET[Number(bits & 31n)]
    bits >>= 5n
    return character
  }
  const group = () => Array.from({ length: GROUP_CHARS }, nextCharacter).join('')
  return new Secret(Array.from({ length: GROUPS }, group).join('-'))
}
