/**
 * Certificate signing requests (PKCS#10, RFC 2986): made here, or read from what a person uploaded or pasted. Leaves out what a request
 * asks for besides its key: OVHcloud sets subject and extensions itself.
 */
import 'reflect-metadata'
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { BotError } from '../core/errors.js'
import type { Secret } from '../core/secret.js'
import {
  algorithm as algorithmOf,
  isGoodExponent,
  type KeyAlgorithmId,
  REQUEST_SIGNATURES,
} from './algorithms.js'
import { elementsOf, isOneSequence } from './der.js'
import { KNOWN_ALGORITHMS, keyAlgorithmOf, readPublicKey } from './keys.js'
import { encodePem, readPem } from './pem.js'
import { nameOf, signerFor } from './signing.js'

const LABEL = 'CERTIFICATE REQUEST'

/**
 * A request for the public half of a key, signed with it; no attributes.
 *
 * @param o.commonName - 1 to 64 characters, taken to the letter
 * @returns PEM, LF, ends in a newline
 * @throws BotError `key.malformed`, `input.invalid`
 */
export async function createRequest(o: { privateKey: Secret; commonName: string }): Promise<string> {
  const name = nameOf(o.commonName)
  const { keys, signingAlgorithm } = await signerFor(o.privateKey)
  const request = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm })
  return encodePem(LABEL, new Uint8Array(request.rawData))
}

export interface CertificateRequest {
  /** Normalised: one block, lines of 64 characters, LF, ends in a newline. */
  pem: string
  publicKeySpki: Uint8Array
  algorithm: KeyAlgorithmId
  /** Such as `CN=reader, O=Example`; empty when the request names nobody. */
  subject: string
}

/**
 * Reads and checks a request: armour, key, self-signature.
 *
 * @param text - PEM with real or literal `\n` line breaks, CRLF, or spaces for line breaks (what a chat's one-line field makes of a paste);
 *   quotes, code fences and text around the block are ignored
 * @throws BotError `csr.invalid` with one sentence and a hint; never with a piece of the text
 */
export async function readRequest(text: string): Promise<CertificateRequest> {
  const der = onlyRequestIn(text)
  const parsed = parse(der)
  const { request } = parsed
  const publicKeySpki = new Uint8Array(request.publicKey.rawData)
  const algorithm = acceptedKey(publicKeySpki)
  await checkSignature(parsed, algorithm)
  const subject = request.subject.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
  return { pem: encodePem(LABEL, der), publicKeySpki, algorithm, subject }
}

/** Five times an RSA 4096 request in PEM; OVHcloud has a limit of its own, which it does not publish. */
const LONGEST_CHARS = 10_000

const FIRST_LINE = `-----BEGIN ${LABEL}-----`
const MAKE_ONE = 'Make one with: openssl req -new -newkey rsa:3072 -nodes -keyout key.pem -out request.csr'
const SEND_AGAIN = 'Upload the .csr file as it is, or copy it again from the first to the last line.'

function refuse(sentence: string, hint: string): never {
  throw new BotError('csr.invalid', sentence, { hint })
}

function onlyRequestIn(text: string): Uint8Array {
  if (text.length > LONGEST_CHARS) {
    refuse(
      `The csr is longer than ${LONGEST_CHARS} characters; a request for one key is much shorter.`,
      'Send the request alone.',
    )
  }
  const lines = withRealLineBreaks(text)
  if (!/[^\s"'`]/.test(lines)) refuse('The csr is empty.', MAKE_ONE)
  if (/(?:BEGIN|END)[A-Z\s]{0,40}PRIVATE\s{1,9}KEY/i.test(lines)) {
    refuse(
      'The csr holds a private key; a private key must never be sent to anybody, the bot included.',
      'Count that key as known to others: delete your message, make a new key, and send its certificate signing request.',
    )
  }
  const blocks = readPem(lines)
  if (blocks.length > 1) {
    refuse(
      `The csr holds ${blocks.length} PEM blocks; it must hold exactly one request.`,
      'Send one request at a time.',
    )
  }
  const [block] = blocks
  if (!block || armourIn(lines) > 2) refuseArmour(lines)
  if (/CERTIFICATE$/.test(block.label)) {
    refuse(
      'The csr holds a certificate, not a certificate signing request.',
      `Send the file that begins with ${FIRST_LINE}.`,
    )
  }
  // RFC 7468 §7 knows the older label too.
  if (block.label !== LABEL && block.label !== `NEW ${LABEL}`) {
    refuse(
      'The csr holds another kind of PEM block than a request.',
      `Send the file that begins with ${FIRST_LINE}.`,
    )
  }
  if (!block.der) refuse('The lines between the first and the last of the csr are not base64.', SEND_AGAIN)
  if (!isOneSequence(block.der)) refuse('The csr is cut short, or has something added to it.', SEND_AGAIN)
  return block.der
}

// Every repetition here has an end, so that no paste can keep the event loop busy.
const withRealLineBreaks = (text: string) => text.replaceAll(/\\{1,4}r\\{1,4}n|\\{1,4}[rn]|\r\n?/g, '\n')

/** How many lines look as if they were meant as armour, whatever became of their hyphens. */
const armourIn = (lines: string) => lines.match(/\b(?:BEGIN|END)\b[A-Z ]{0,40}\bREQUEST\b/gi)?.length ?? 0

function refuseArmour(lines: string): never {
  if (/BEGIN|END |[-‐-―−]{2}/i.test(lines)) {
    refuse(
      `The first or last line of the csr is damaged: the first must read exactly "${FIRST_LINE}", the last the same with END, five hyphens on each side.`,
      SEND_AGAIN,
    )
  }
  refuse(`The csr is not a PEM request: it has no line "${FIRST_LINE}".`, MAKE_ONE)
}

interface Parsed {
  request: Pkcs10CertificateRequest
  /** The AlgorithmIdentifier over the signature, DER in hex. */
  signedWith: string
}

// Parsing errors are not passed on as causes: they may quote what was pasted.
function parse(der: Uint8Array): Parsed {
  try {
    const [, algorithm, signature, ...more] = elementsOf(der) ?? []
    if (!algorithm || !signature || more.length > 0) throw new RangeError('not three elements')
    const request = new Pkcs10CertificateRequest(Buffer.from(der))
    // The library decodes these only when asked.
    void [request.subject, request.publicKey]
    // A signature is whole bytes; the library does not look at the count of unused bits before it.
    if (der.at(-request.signature.byteLength - 1) !== 0) throw new RangeError('unused bits')
    return { request, signedWith: Buffer.from(algorithm).toString('hex') }
  } catch {
    return refuse('The csr is base64, but not a certificate signing request (PKCS#10).', SEND_AGAIN)
  }
}

/** CA/Browser Forum Baseline Requirements §6.1.5. */
const SHORTEST_RSA_BITS = 2048

function acceptedKey(spki: Uint8Array): KeyAlgorithmId {
  const known = keyAlgorithmOf(spki)
  if (known) return known
  const key = readPublicKey(spki)
  if (!key) refuse('The public key in the csr cannot be read.', MAKE_ONE)
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength !== undefined && modulusLength < SHORTEST_RSA_BITS) {
    refuse(
      `The csr has an RSA key of ${modulusLength} bits; it must have ${SHORTEST_RSA_BITS} or more.`,
      MAKE_ONE,
    )
  }
  if (publicExponent !== undefined && !isGoodExponent(publicExponent)) {
    refuse('The csr has an RSA key with an unsafe public exponent.', MAKE_ONE)
  }
  return refuse(
    `The csr has a key of a kind that is not supported; supported are ${KNOWN_ALGORITHMS}.`,
    MAKE_ONE,
  )
}

async function checkSignature({ request, signedWith }: Parsed, keyId: KeyAlgorithmId): Promise<void> {
  if (!REQUEST_SIGNATURES.has(signedWith)) {
    refuse(
      'The csr is signed with an algorithm that is not supported; supported are RSA (PKCS#1 v1.5) and ECDSA with SHA-256, SHA-384 or SHA-512.',
      'Make it again with: openssl req -new -sha256 -key key.pem -out request.csr',
    )
  }
  // An ECDSA signature is DER of its own (RFC 3279 §2.2.3), an RSA one is not.
  const isWhole =
    algorithmOf(keyId).family === 'rsa' || elementsOf(new Uint8Array(request.signature)) !== null
  const isGood = isWhole && (await request.verify().catch(() => false))
  if (!isGood) {
    refuse(
      'The signature of the csr does not fit its content: it was changed after it was made, or made with another key.',
      'Make the request again from your key: openssl req -new -key key.pem -out request.csr',
    )
  }
}
