import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.js'
import { createPkcs12, newPassphrase } from '../../../src/pki/bundles.js'
import { pkcs12Mac } from '../../../src/pki/pkcs12-mac.js'
import { secretVector, vector } from './vectors.js'

const certificatePem = vector('certificates/rsa-2048.pem')
const bundle = {
  privateKey: secretVector('keys/rsa-2048.pkcs8.pem'),
  certificatePem,
  caPems: [vector('certificates/ec-p256-high-serial.pem')],
  friendlyName: 'reader',
  passphrase: new Secret('2anpn-gcpb4-e61ks-b5ts2-4zme5'),
}

it.each(
  vector('pkcs12-mac.tsv')
    .trim()
    .split('\n')
    .map(line => line.split('\t') as [string, string, string, string]),
)(
  'computes the MAC that openssl computes for %s, salt %s, %s iterations',
  async (passphrase, salt, iterations, mac) => {
    const computed = await pkcs12Mac(Buffer.from('content'), {
      passphrase: new Secret(passphrase),
      salt: Buffer.from(salt, 'hex'),
      iterations: Number(iterations),
    })

    expect(Buffer.from(computed).toString('hex')).toBe(mac)
  },
)

describe('refusals', () => {
  it('refuses an EC key and says what to do instead', async () => {
    const privateKey = secretVector('keys/ec-p256.sec1.pem')
    const making = createPkcs12({
      ...bundle,
      privateKey,
      certificatePem: vector('certificates/ec-p256-client.pem'),
    })

    await expect(making).rejects.toMatchObject({
      code: 'bundle.unsupported',
      hint: expect.stringMatching(/type:RSA/),
    })
  })

  it('refuses a key and a certificate that do not belong together', async () => {
    const making = createPkcs12({ ...bundle, privateKey: secretVector('keys/rsa-3072.pkcs8.pem') })

    await expect(making).rejects.toMatchObject({ code: 'certificate.unexpected' })
  })

  it('refuses what is no key and what is no certificate', async () => {
    await expect(createPkcs12({ ...bundle, privateKey: new Secret('no key') })).rejects.toMatchObject({
      code: 'key.malformed',
    })
    await expect(createPkcs12({ ...bundle, certificatePem: 'no certificate' })).rejects.toMatchObject({
      code: 'certificate.malformed',
    })
  })
})

it('hides the key: no piece of it is in the file', async () => {
  const file = Buffer.from(await createPkcs12(bundle))

  const key = Buffer.from(bundle.privateKey.reveal().split('\n').slice(1, -2).join(''), 'base64')
  const pieces = Array.from({ length: key.length / 16 }, (_, i) => key.subarray(i * 16, i * 16 + 16))
  // The modulus is public: it stands in the certificate, too.
  const secretPieces = pieces.filter(piece => !derOf(certificatePem).includes(piece))
  expect(secretPieces.length).toBeGreaterThan(40)
  expect(secretPieces.filter(piece => file.includes(piece))).toEqual([])
})

const derOf = (pem: string) => Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64')

describe('passphrases', () => {
  it('come in five groups that people can type', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 40 }), bytes => {
        expect(newPassphrase(bytes).reveal()).toMatch(/^[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){4}$/)
      }),
    )
  })

  it('differ when any of 125 bits differs', () => {
    const bytes = randomBytes(16)
    const changed = Array.from({ length: 125 }, (_, bit) => {
      const other = Uint8Array.from(bytes)
      other[15 - (bit >> 3)]! ^= 1 << (bit & 7)
      return newPassphrase(other).reveal()
    })

    expect(new Set([...changed, newPassphrase(bytes).reveal()]).size).toBe(126)
  })

  it('are not made of too little chance', () => {
    expect(() => newPassphrase(new Uint8Array(15))).toThrow(RangeError)
  })
})
