/** A key that comes as a JSON Web Key (RFC 7517, 7518): which members it needs, and whether they are a key at all. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { JsonWebKey, KeyCurve, KeyType, ServiceKeyCreation } from './schemas.js'
import { isPair, KEY_KINDS, type KeyShape, refuse } from './service-key-rules.js'

const BASE64URL = /^[A-Za-z0-9_-]+$/

/** Octets of a coordinate (RFC 7518 §6.2.1.2). */
const COORDINATE_BYTES: Readonly<Record<KeyCurve, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }

/** Members in the order in which they are asked for, with the first part of their error words. */
const NEEDED: Readonly<Record<KeyType, readonly [keyof JsonWebKey, string][]>> = {
  oct: [['k', 'K']],
  RSA: [
    ['n', 'N'],
    ['e', 'E'],
    ['d', 'D'],
    ['p', 'P'],
    ['q', 'Q'],
    ['dp', 'Dp'],
    ['dq', 'Dq'],
    ['qi', 'Qi'],
  ],
  EC: [
    ['crv', 'Crv'],
    ['x', 'X'],
    ['y', 'Y'],
    ['d', 'D'],
  ],
}

/** Members with a word of their own for a wrong form; the others share that of `d`. */
const OWN_FORMAT_WORD: readonly string[] = ['K', 'N', 'E', 'P', 'Q', 'X', 'Y']

/**
 * Shape and public part of an imported key; the private part is not kept.
 * @returns `publicKey: null` for symmetric keys
 * @throws Refusal 400 with the schema's word
 */
export function readImportedKey(wish: ServiceKeyCreation): { shape: KeyShape; publicKey: KeyObject | null } {
  const keys = wish.keys ?? []
  if ([wish.type, wish.size, wish.curve, wish.operations].some(field => field != null)) {
    throw refuse('KeysIncompatible', '[keys] Excludes type, size, curve and operations')
  }
  if (keys.length < 1) throw refuse('KeysMinRequired', '[keys] One key is needed')
  // How many may come at once is in no source; a service key has one.
  if (keys.length > 1) throw refuse('KeysMaxExceeded', '[keys] Only one key is accepted')
  const key = keys[0]!
  if (key.kid == null || key.kid === '') throw refuse('KidRequired', '[keys.kid] Missing required parameter')
  checkUsage(key)
  checkMembers(key)
  const operations = key.key_ops!
  if (key.kty === 'oct') {
    const size = Buffer.from(key.k!, 'base64url').length * 8
    if (!KEY_KINDS.oct.sizes.includes(size)) {
      throw refuse('KInvalidFormat', '[keys.k] Not 16, 24 or 32 bytes in base64url')
    }
    return { shape: { type: 'oct', size, curve: null, operations }, publicKey: null }
  }
  const publicKey = publicPartOf(key)
  if (key.kty === 'EC') {
    return { shape: { type: 'EC', size: null, curve: key.crv!, operations }, publicKey }
  }
  const size = publicKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (!KEY_KINDS.RSA.sizes.includes(size))
    throw refuse('NInvalidSize', '[keys.n] Not 2048, 3072 or 4096 bits')
  return { shape: { type: 'RSA', size, curve: null, operations }, publicKey }
}

function checkUsage(key: JsonWebKey): void {
  if (key.key_ops == null) throw refuse('KeyOpsRequired', '[keys.key_ops] Missing required parameter')
  if (!isPair(KEY_KINDS[key.kty], key.key_ops)) {
    throw refuse('KeyOpsInvalidUsage', `[keys.key_ops] Not operations of type ${key.kty}`)
  }
  const signs = key.key_ops.includes('sign')
  if (key.use != null && (key.use === 'sig') !== signs) {
    throw refuse('UseInconsistentUsage', '[keys.use] Does not go with key_ops')
  }
}

function checkMembers(key: JsonWebKey): void {
  for (const [member, word] of NEEDED[key.kty]) {
    const value = key[member]
    if (value == null) throw refuse(`${word}Required`, `[keys.${member}] Missing required parameter`)
    if (member === 'crv') continue
    const isCoordinate = member === 'x' || member === 'y'
    const bytes = Buffer.from(String(value), 'base64url').length
    if (!BASE64URL.test(String(value)) || (isCoordinate && bytes !== COORDINATE_BYTES[key.crv!])) {
      throw refuse(
        `${OWN_FORMAT_WORD.includes(word) ? word : 'D'}InvalidFormat`,
        `[keys.${member}] Not base64url of the right length`,
      )
    }
  }
}

/** Private and public members must be of one key, which a signature shows. */
function publicPartOf(key: JsonWebKey): KeyObject {
  const { kty } = key
  try {
    const publicJwk =
      kty === 'EC' ? { kty, crv: key.crv!, x: key.x!, y: key.y! } : { kty, n: key.n!, e: key.e! }
    const members = Object.fromEntries(NEEDED[kty].map(([member]) => [member, String(key[member])]))
    const publicKey = createPublicKey({ key: publicJwk, format: 'jwk' })
    const privateKey = createPrivateKey({ key: { kty, ...members }, format: 'jwk' })
    const probe = Buffer.from('probe')
    if (verify('sha256', probe, publicKey, sign('sha256', probe, privateKey))) return publicKey
  } catch {
    // Not a key; said below.
  }
  throw refuse('DInvalidFormat', '[keys.d] The members are not those of one key')
}
