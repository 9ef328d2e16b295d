/**
 * Key pairs: made, read, re-encoded. Private keys come and go as PEM in a `Secret`, public keys as DER SubjectPublicKeyInfo
 * (RFC 5280 §4.1.2.7). Leaves out keys under a passphrase.
 */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  generateKeyPair as makeKeyPair,
} from 'node:crypto'
import { promisify } from 'node:util'
import { BotError } from '../core/errors.js'
import { Secret } from '../core/secret.js'
import {
  ALGORITHMS,
  algorithm as algorithmOf,
  isGoodExponent,
  type KeyAlgorithm,
  type KeyAlgorithmId,
} from './algorithms.js'

// The asynchronous form works in the thread pool: an RSA 4096 key takes seconds.
const makePair = promisify(makeKeyPair)

export interface KeyPair {
  /** PKCS#8 PEM (RFC 5958). */
  privateKey: Secret
  publicKeySpki: Uint8Array
}

export async function generateKeyPair(id: KeyAlgorithmId): Promise<KeyPair> {
  const row = algorithmOf(id)
  const { privateKey, publicKey } =
    row.family === 'rsa'
      ? await makePair('rsa', { modulusLength: row.modulusBits })
      : await makePair('ec', { namedCurve: row.curve })
  return {
    privateKey: new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    publicKeySpki: spkiOf(publicKey),
  }
}

/**
 * The public half of a private key.
 *
 * @param privateKey - PKCS#8, SEC 1 (RFC 5915) or PKCS#1 (RFC 8017 §A.1.2) PEM, of any algorithm
 * @throws BotError `key.malformed`; it says nothing about the content
 */
export function publicKeyOf(privateKey: Secret): Uint8Array {
  return spkiOf(createPublicKey(readPrivateKey(privateKey)))
}

/** An EC key as `EC PRIVATE KEY` PEM (RFC 5915). @throws BotError `key.malformed` when it is none */
export function toSec1(privateKey: Secret): Secret {
  const key = readPrivateKey(privateKey)
  if (key.asymmetricKeyType !== 'ec')
    throw new BotError('key.malformed', 'Only an EC private key can be written as SEC 1.')
  return new Secret(key.export({ type: 'sec1', format: 'pem' }).toString())
}

/** An RSA key as `RSA PRIVATE KEY` PEM (RFC 8017 §A.1.2). @throws BotError `key.malformed` when it is none */
export function toPkcs1(privateKey: Secret): Secret {
  const key = readPrivateKey(privateKey)
  if (key.asymmetricKeyType !== 'rsa')
    throw new BotError('key.malformed', 'Only an RSA private key can be written as PKCS#1.')
  return new Secret(key.export({ type: 'pkcs1', format: 'pem' }).toString())
}

/** The row of the table a public key belongs to; `null` when it is in none, or no SubjectPublicKeyInfo. */
export function keyAlgorithmOf(spki: Uint8Array): KeyAlgorithmId | null {
  const key = readPublicKey(spki)
  return key ? (rowOf(key)?.id ?? null) : null
}

/** `null` when the bytes are not exactly one SubjectPublicKeyInfo. */
export function readPublicKey(spki: Uint8Array): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    return Buffer.from(spki).equals(spkiOf(key)) ? key : null
  } catch {
    return null
  }
}

/** The private key for use inside this folder. @throws BotError `key.malformed` */
export function readPrivateKey(privateKey: Secret): KeyObject {
  const pem = privateKey.reveal()
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    throw new BotError('key.malformed', 'The private key is locked with a passphrase.', {
      hint: 'Take the passphrase off first: openssl pkey -in locked.pem -out key.pem',
    })
  }
  try {
    return createPrivateKey({ key: pem, format: 'pem' })
  } catch {
    // No cause: what OpenSSL says about a key stays here.
    throw new BotError('key.malformed', 'The private key is not a PKCS#8, SEC 1 or PKCS#1 key in PEM.')
  }
}

/** The row of a key to be used. @throws BotError `key.malformed` when it is in none */
export function requireRowOf(publicKey: KeyObject): KeyAlgorithm {
  const row = rowOf(publicKey)
  if (row) return row
  throw new BotError(
    'key.malformed',
    `The private key is of a kind the bot does not use; it uses ${KNOWN_ALGORITHMS}.`,
  )
}

/** The table as people read it. */
export const KNOWN_ALGORITHMS = ALGORITHMS.map(({ label }) => label).join(', ')

function rowOf(publicKey: KeyObject): KeyAlgorithm | null {
  const { modulusLength, publicExponent, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  if (publicExponent !== undefined && !isGoodExponent(publicExponent)) return null
  const row = ALGORITHMS.find(one =>
    one.family === 'rsa' ? one.modulusBits === modulusLength : one.curve === namedCurve,
  )
  if (!row || row.family !== publicKey.asymmetricKeyType) return null
  // OpenSSL names the curve also where its parameters are written out; others refuse such a key.
  return row.family === 'rsa' || row.spkiBytes === spkiOf(publicKey).length ? row : null
}

const spkiOf = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' })
