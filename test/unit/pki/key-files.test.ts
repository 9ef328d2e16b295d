/** Keys that people bring: what is read of them, and what is refused without a piece of it being told. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BotError } from '../../../src/core/errors.js'
import { Secret } from '../../../src/core/secret.js'
import { encodeJwk, readKeyFile } from '../../../src/pki/key-files.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' })

const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString()
const jwk = (key: KeyObject, more = {}) => JSON.stringify({ ...key.export({ format: 'jwk' }), ...more })
const read = (text: string) => readKeyFile(new Secret(text))

describe('a key in a file', () => {
  it.each([
    ['PKCS#8', pem(ec.privateKey)],
    ['SEC1', pem(ec.privateKey, 'sec1')],
    ['literal \\n', pem(ec.privateKey).replaceAll('\n', '\\n')],
    ['Windows line ends', pem(ec.privateKey).replaceAll('\n', '\r\n')],
    [
      'parameters before it',
      `-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n${pem(ec.privateKey, 'sec1')}`,
    ],
    ['JWK', jwk(ec.privateKey)],
    ['a set of one', `{"keys":[${jwk(ec.privateKey)}]}`],
  ])('is the same key as %s', (_, text) => {
    const { material, ...told } = read(text)

    expect(told).toEqual({ type: 'EC', size: null, curve: 'P-384', operations: null, keyId: null })
    const members = JSON.parse(material.reveal())
    expect(createPrivateKey({ key: { kty: 'EC', ...members }, format: 'jwk' }).equals(ec.privateKey)).toBe(
      true,
    )
  })

  it('tells the size of RSA and symmetric keys', () => {
    expect(read(pem(rsa.privateKey, 'pkcs1'))).toMatchObject({ type: 'RSA', size: 2048, curve: null })
    const k = Buffer.alloc(24, 1).toString('base64url')
    expect(read(JSON.stringify({ kty: 'oct', k }))).toMatchObject({ type: 'oct', size: 192, curve: null })
  })

  it('keeps its own name and operations, and no member beside the key', () => {
    const file = read(
      jwk(ec.privateKey, { kid: 'mine', key_ops: ['sign', 'verify'], alg: 'ES384', x5c: ['x'] }),
    )

    expect(file).toMatchObject({ keyId: 'mine', operations: ['sign', 'verify'] })
    expect(Object.keys(JSON.parse(encodeJwk(file, 'mine', ['sign', 'verify']).reveal())).sort()).toEqual([
      'crv',
      'd',
      'key_ops',
      'kid',
      'kty',
      'x',
      'y',
    ])
  })
})

describe('what is refused', () => {
  const locked = ec.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const curve25519 = generateKeyPairSync('ed25519').privateKey
  const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey

  it.each([
    ['nothing of the kind', 'hello', 'neither a private key in PEM nor a JSON Web Key'],
    ['a public PEM', ec.publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'only a public one'],
    ['a public JWK', jwk(ec.publicKey), 'only a public one'],
    ['two keys', pem(ec.privateKey) + pem(rsa.privateKey), 'more than one private key'],
    ['a set of two', `{"keys":[${jwk(ec.privateKey)},${jwk(rsa.privateKey)}]}`, 'The set holds 2 keys'],
    ['a set of nothing', '{"keys":[null]}', 'kind'],
    ['an empty set', '{"keys":[]}', 'The set holds 0 keys'],
    ['half a PEM', pem(ec.privateKey).slice(0, 100), 'PEM'],
    ['a damaged PEM', pem(ec.privateKey).replace(/[A-Za-z0-9]{8}\n/, '!!!!!!!!\n'), 'damaged'],
    ['a locked PEM', locked, 'locked with a passphrase'],
    ['broken JSON', jwk(ec.privateKey).slice(0, -2), 'no valid JSON'],
    ['a JWK whose halves differ', jwk(ec.privateKey, { x: other.x, y: other.y }), 'not those of one key'],
    ['a JWK without a member', jwk(rsa.privateKey, { qi: undefined }), 'no usable member "qi"'],
    ['a JWK with a member that is no base64url', jwk(ec.privateKey, { d: 'a b' }), 'no usable member "d"'],
    ['an Ed25519 PEM', pem(curve25519), 'kind'],
    ['an Ed25519 JWK', jwk(curve25519), 'kind'],
    ['a curve that is not taken', pem(koblitz), 'kind'],
    ['an empty symmetric key', '{"kty":"oct","k":""}', 'no usable member "k"'],
  ])('says so of %s, and repeats nothing of it', (_, text, sentence) => {
    const thrown = (() => {
      try {
        read(text)
      } catch (error) {
        return error
      }
      return null
    })()

    expect(thrown).toBeInstanceOf(BotError)
    const error = thrown as BotError
    expect(error.code).toBe('input.invalid')
    const told = JSON.stringify([error.message, error.hint, String(error.cause ?? ''), error.toRecord()])
    expect(told).toContain(sentence.replaceAll('"', '\\"'))
    for (const secret of text.match(/[A-Za-z0-9_+/-]{24,}/g) ?? []) expect(told).not.toContain(secret)
  })
})
