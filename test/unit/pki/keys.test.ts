import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { BotError } from '../../../src/core/errors.js'
import { Secret } from '../../../src/core/secret.js'
import { ALGORITHMS, type KeyAlgorithmId } from '../../../src/pki/algorithms.js'
import { generateKeyPair, keyAlgorithmOf, publicKeyOf, toPkcs1, toSec1 } from '../../../src/pki/keys.js'
import { secretVector, spkiVector, vector } from './vectors.js'

const IDS = ALGORITHMS.map(({ id }) => id)
const traditional = (id: KeyAlgorithmId) => `keys/${id}.${id.startsWith('rsa') ? 'pkcs1' : 'sec1'}.pem`

describe('known answers', () => {
  it.each(IDS)('finds the public half of a %s key in PKCS#8', id => {
    expect(Buffer.from(publicKeyOf(secretVector(`keys/${id}.pkcs8.pem`)))).toEqual(spkiVector(id))
  })

  it.each(IDS)('finds the public half of a %s key in its older form', id => {
    expect(Buffer.from(publicKeyOf(secretVector(traditional(id))))).toEqual(spkiVector(id))
  })

  it('reads a key that has its curve parameters in front', () => {
    expect(Buffer.from(publicKeyOf(secretVector('keys/ec-p256.with-parameters.pem')))).toEqual(
      spkiVector('ec-p256'),
    )
  })

  it('reads a key with CRLF line breaks', () => {
    const key = new Secret(vector('keys/ec-p256.sec1.pem').replaceAll('\n', '\r\n'))

    expect(Buffer.from(publicKeyOf(key))).toEqual(spkiVector('ec-p256'))
  })

  it.each(IDS)('writes a %s key in its older form as openssl does', id => {
    const write = id.startsWith('rsa') ? toPkcs1 : toSec1

    expect(write(secretVector(`keys/${id}.pkcs8.pem`)).reveal()).toBe(vector(traditional(id)))
  })

  it.each(IDS)('names the algorithm of a %s key', id => {
    expect(keyAlgorithmOf(spkiVector(id))).toBe(id)
  })
})

describe('refusals', () => {
  const key = vector('keys/ec-p256.pkcs8.pem')
  const body = key.split('\n').slice(1, -2).join('')

  it.each<[string, string]>([
    ['an empty text', ''],
    ['a text that is no key', 'reader'],
    ['a key whose body is damaged', key.replace(/[A-Za-z0-9+/]{20}\n/, '\n')],
    ['a key without its last line', key.slice(0, key.indexOf('-----END'))],
    ['the body without armour', body],
    ['a body in the armour of another form', vector('keys/rsa-2048.pkcs1.pem').replaceAll('RSA', 'EC')],
    ['a key under a passphrase', vector('keys/rsa-2048.encrypted.pem')],
    ['a certificate', vector('certificates/rsa-2048.pem')],
  ])('refuses %s without a word of it', (_name, text) => {
    const thrown = catchError(() => publicKeyOf(new Secret(text)))

    expect(thrown.code).toBe('key.malformed')
    expect(piecesOf(text).filter(piece => inspect(thrown, { depth: 9 }).includes(piece))).toEqual([])
  })

  it('refuses to write an RSA key as SEC 1, and an EC key as PKCS#1', () => {
    expect(() => toSec1(secretVector('keys/rsa-2048.pkcs8.pem'))).toThrow(/Only an EC private key/)
    expect(() => toPkcs1(secretVector('keys/ec-p256.pkcs8.pem'))).toThrow(/Only an RSA private key/)
  })

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a private key', Buffer.from(body, 'base64')],
    ['a public key with a byte after it', Buffer.concat([spkiVector('ec-p256'), Buffer.of(0)])],
    ['a public key cut short', spkiVector('rsa-2048').subarray(0, -1)],
    ['a point that is not on the curve', offCurve()],
  ])('knows no algorithm for %s', (_name, spki) => {
    expect(keyAlgorithmOf(spki)).toBeNull()
  })
})

describe('new key pairs', () => {
  it.each<KeyAlgorithmId>(['rsa-2048', 'ec-p256', 'ec-p384'])(
    'makes a %s pair whose halves fit',
    async id => {
      const pair = await generateKeyPair(id)

      expect(keyAlgorithmOf(pair.publicKeySpki)).toBe(id)
      expect(publicKeyOf(pair.privateKey)).toEqual(pair.publicKeySpki)
      expect(pair.privateKey.reveal()).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
      expect(JSON.stringify(pair)).not.toContain('PRIVATE KEY')
    },
  )

  it('makes another key each time', async () => {
    const [one, other] = await Promise.all([generateKeyPair('ec-p256'), generateKeyPair('ec-p256')])

    expect(one.privateKey.equals(other.privateKey)).toBe(false)
  })
})

function catchError(act: () => unknown): BotError {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof BotError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}

/** Every piece of 16 base64 characters. */
const piecesOf = (text: string) => text.match(/[A-Za-z0-9+/=]{16}/g) ?? []

function offCurve(): Buffer {
  const spki = spkiVector('ec-p256')
  spki[spki.length - 1]! ^= 1
  return spki
}
