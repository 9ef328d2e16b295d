/**
 * A key that somebody brings in a file: a private key as PEM, or a private or symmetric JSON Web Key (RFC 7517, RFC 7518 §6). What it
 * is may be told; what it holds stays boxed.
 */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto'
import { BotError } from '../core/errors.js'
import { Secret } from '../core/secret.js'
import { readPrivateKey } from './keys.js'
import { encodePem, readPem } from './pem.js'

export interface KeyFile {
  type: 'oct' | 'RSA' | 'EC'
  /** Bits; `null` for EC. */
  size: number | null
  /** `P-256`, `P-384`, `P-521`; `null` unless EC. */
  curve: string | null
  /** What its `key_ops` name; `null` when it names none. */
  operations: string[] | null
  /** Its own `kid`. */
  keyId: string | null
  /** The members that are the key, as a JSON object. */
  material: Secret
}

const MATERIAL = {
  oct: ['k'],
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['crv', 'x', 'y', 'd'],
} as const
const CURVES = ['P-256', 'P-384', 'P-521']
const PRIVATE_LABEL = /^(ENCRYPTED |RSA |EC )?PRIVATE KEY$/
const BASE64URL = /^[A-Za-z0-9_-]+$/

/**
 * @param file - the text of a file, or what was pasted of one: line breaks may be real, literal `\n`, or spaces
 * @throws BotError `input.invalid` with one sentence and the mend; never with a piece of the text
 */
export function readKeyFile(file: Secret): KeyFile {
  const text = file.reveal().trim()
  return text.startsWith('{') ? readJwk(text) : readPemKey(text)
}

/** The key as the API wants it: with the name of its own, and what it is for. */
export function encodeJwk({ type, material }: KeyFile, keyId: string, operations: readonly string[]): Secret {
  return new Secret(
    JSON.stringify({ kty: type, kid: keyId, key_ops: operations, ...JSON.parse(material.reveal()) }),
  )
}

function readPemKey(text: string): KeyFile {
  const blocks = readPem(text.replaceAll('\\n', '\n').replaceAll('\\r', ''))
  const keys = blocks.filter(({ label }) => PRIVATE_LABEL.test(label))
  const [block] = keys
  if (!block) {
    throw refused(
      /BEGIN PUBLIC KEY|BEGIN CERTIFICATE/.test(text)
        ? 'The file holds no private key, only a public one.'
        : 'The file is neither a private key in PEM nor a JSON Web Key.',
      'A PEM file begins with -----BEGIN PRIVATE KEY-----, a JSON Web Key with { and "kty".',
    )
  }
  if (keys.length > 1) throw refused('The file holds more than one private key.', 'Send one of them alone.')
  if (block.der === null)
    throw refused('The private key in the file is damaged.', 'Send the whole file, unchanged.')
  let key: KeyObject
  try {
    key = readPrivateKey(new Secret(encodePem(block.label, block.der)))
  } catch (thrown) {
    // Who sent it reads this, not whoever runs the bot.
    const { message, hint } = BotError.from(thrown)
    throw refused(message, hint)
  }
  const jwk = key.export({ format: 'jwk' })
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') throw unknownKind()
  return described(jwk, null, null)
}

function readJwk(text: string): KeyFile {
  const jwk = onlyKeyIn(text)
  const { kty, kid, key_ops: operations } = jwk
  if (kty !== 'oct' && kty !== 'RSA' && kty !== 'EC') throw unknownKind()
  if (kty !== 'oct' && jwk.d === undefined) {
    throw refused('The file holds no private key, only a public one.', 'An import needs the private members.')
  }
  for (const member of MATERIAL[kty]) {
    if (typeof jwk[member] !== 'string' || (member !== 'crv' && !BASE64URL.test(jwk[member]))) {
      throw refused(
        `The JSON Web Key has no usable member "${member}".`,
        `An ${kty} key needs ${MATERIAL[kty].join(', ')}, in base64url.`,
      )
    }
  }
  if (kty !== 'oct') checkPair(jwk)
  const given = Array.isArray(operations) && operations.every(one => typeof one === 'string')
  return described(jwk, given ? operations : null, typeof kid === 'string' && kid !== '' ? kid : null)
}

/** One key, alone or as the only one of a set. */
function onlyKeyIn(text: string): JsonWebKey {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // No cause: JSON.parse repeats the text.
    throw refused('The JSON Web Key is no valid JSON.', 'Send the whole file, unchanged.')
  }
  const set = (parsed as { keys?: unknown }).keys
  if (!Array.isArray(set)) return parsed as JsonWebKey
  if (set.length !== 1)
    throw refused(
      `The set holds ${set.length} keys, and one is imported at a time.`,
      'Send one of them alone.',
    )
  const [only] = set as (JsonWebKey | null)[]
  return only ?? {}
}

/** Whether the members are those of one key: what the private ones sign, the public ones verify. */
function checkPair(jwk: JsonWebKey): void {
  const probe = Buffer.from('okms-bot')
  try {
    const { kty, crv, x, y, n, e } = jwk
    const half = kty === 'EC' ? { kty, crv: crv!, x: x!, y: y! } : { kty: 'RSA', n: n!, e: e! }
    const publicKey = createPublicKey({ key: half, format: 'jwk' })
    const signed = sign('sha256', probe, createPrivateKey({ key: jwk, format: 'jwk' }))
    if (verify('sha256', probe, publicKey, signed)) return
  } catch {
    // Said below, without what the library says about a key.
  }
  throw refused(
    'The members of the JSON Web Key are not those of one key.',
    'Export it again from where it was made.',
  )
}

function described(jwk: JsonWebKey, operations: string[] | null, keyId: string | null): KeyFile {
  const type = jwk.kty as KeyFile['type']
  if (type === 'EC' && !CURVES.includes(jwk.crv!)) throw unknownKind()
  const bytes = Buffer.from((type === 'RSA' ? jwk.n : jwk.k) ?? '', 'base64url').length
  const members = MATERIAL[type].map(member => [member, jwk[member]])
  return {
    type,
    size: type === 'EC' ? null : bytes * 8,
    curve: type === 'EC' ? jwk.crv! : null,
    operations,
    keyId,
    material: new Secret(JSON.stringify(Object.fromEntries(members))),
  }
}

const refused = (message: string, hint?: string) =>
  new BotError('input.invalid', message, hint === undefined ? {} : { hint })

const unknownKind = () =>
  refused(
    'The key is of a kind that is not imported.',
    `There are oct, RSA, and EC on ${CURVES.join(', ')}; /okms key types shows the sizes.`,
  )
