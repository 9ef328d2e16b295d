import { createPublicKey, X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import { createAuthority } from '../../../src/pki/authority.js'
import { generateKeyPair } from '../../../src/pki/keys.js'
import { copierOf } from '../../../src/sandbox/certificate-copies.js'

const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2060-01-01T00:00:00Z') }
const okmsId = '7f3c0d7e-7a53-4b8e-9a56-1c5b6d0f2a11'

it.each([
  [
    'an ordinary serial',
    '1b2c3d4e-0000-4000-8000-000000000001',
    '2026-07-01T10:11:12Z',
    '2027-07-01T10:11:12Z',
  ],
  [
    'a serial whose first bit is set',
    'ffffffff-ffff-4fff-bfff-ffffffffffff',
    '2026-07-01T00:00:00Z',
    '2027-07-01T00:00:00Z',
  ],
  [
    'a serial with leading zeros',
    '00000012-3456-4000-8000-00000000000f',
    '2026-07-01T00:00:00Z',
    '2049-12-31T23:59:59Z',
  ],
  [
    'an end after 2049',
    '00ab0012-3456-4000-8000-00000000000f',
    '2026-07-01T00:00:00Z',
    '2050-01-01T00:00:00Z',
  ],
])('copies a certificate for %s, signed by the authority', async (_, serialUuid, from, to) => {
  const authority = await createAuthority({ ...dates, commonName: 'CCMUsersCA', algorithm: 'ec-p256' })
  const { publicKeySpki } = await generateKeyPair('ec-p256')
  const model = await authority.issueClient({ ...dates, okmsId, serialUuid: okmsId, publicKeySpki })

  const copy = copierOf(authority, model)({ serialUuid, notBefore: new Date(from), notAfter: new Date(to) })

  const certificate = new X509Certificate(copy)
  expect(certificate.verify(createPublicKey(authority.certificatePem))).toBe(true)
  expect(BigInt(`0x${certificate.serialNumber}`)).toBe(BigInt(`0x${serialUuid.replaceAll('-', '')}`))
  expect([certificate.validFrom, certificate.validTo].map(date => Date.parse(date))).toEqual(
    [from, to].map(date => Date.parse(date)),
  )
  expect(certificate.subject).toBe(`CN=${okmsId}`)
  expect(certificate.subjectAltName).toBe(new X509Certificate(model).subjectAltName)
})
