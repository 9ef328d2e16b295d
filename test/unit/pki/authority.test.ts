import { beforeAll, describe, expect, it } from 'vitest'
import { type Authority, createAuthority } from '../../../src/pki/authority.js'
import { checkIssuedCertificate, isSignedBy, readCertificate } from '../../../src/pki/certificates.js'
import { spkiVector } from './vectors.js'

const OKMS_ID = 'e90c5841-f39e-4983-8596-62ff0c538b6b'
const dates = { notBefore: new Date('2026-01-02T03:04:05Z'), notAfter: new Date('2026-02-01T03:04:05Z') }
const publicKeySpki = spkiVector('ec-p256')

let authority: Authority
beforeAll(async () => {
  authority = await createAuthority({ commonName: 'CCMUsersCA', algorithm: 'ec-p256', ...dates })
})

const client = (serialUuid: string) =>
  authority.issueClient({ okmsId: OKMS_ID, serialUuid, publicKeySpki, ...dates })

it('signs itself, and is an authority by its own certificate', () => {
  const certificate = readCertificate(authority.certificatePem)

  expect(certificate).toMatchObject({ subject: 'CN=CCMUsersCA', issuer: 'CN=CCMUsersCA', ...dates })
  expect(isSignedBy(certificate, certificate)).toBe(true)
  expect(JSON.stringify(authority)).not.toContain('PRIVATE KEY')
})

it.each([
  '7f8b5e0d-75b8-40a3-9b0e-71ffe5ff03cb',
  'f18b5e0d-75b8-40a3-9b0e-71ffe5ff03cb',
  '00805e0d-75b8-40a3-9b0e-71ffe5ff03cb',
  '00000000-0000-4000-8000-000000000001',
])('issues a client certificate shaped like OVHcloud’s, with the serial %s', async credentialId => {
  const pem = await client(credentialId)

  const certificate = readCertificate(pem)
  expect(pem).toMatch(/-----END CERTIFICATE-----$/)
  expect(certificate).toMatchObject({
    uuid: credentialId,
    issuer: 'CN=CCMUsersCA',
    subject: `CN=${OKMS_ID}`,
    okmsDomain: OKMS_ID,
    extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'],
    ...dates,
  })
  expect(isSignedBy(certificate, readCertificate(authority.certificatePem))).toBe(true)
  expect(() =>
    checkIssuedCertificate(certificate, {
      okmsId: OKMS_ID,
      credentialId,
      publicKeySpki,
      validityDays: 30,
      now: dates.notBefore.getTime(),
    }),
  ).not.toThrow()
})

describe('another authority of the same name', () => {
  it.each(['ec-p256', 'rsa-2048'] as const)(
    'is not taken for the issuer, with its %s key',
    async algorithm => {
      const other = await createAuthority({ commonName: 'CCMUsersCA', algorithm, ...dates })

      const certificate = readCertificate(await client('f18b5e0d-75b8-40a3-9b0e-71ffe5ff03cb'))

      expect(isSignedBy(certificate, readCertificate(other.certificatePem))).toBe(false)
    },
  )
})

it('issues server certificates under serial numbers of their own', async () => {
  const server = {
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    publicKeySpki,
    ...dates,
  }

  const [one, other] = await Promise.all([authority.issueServer(server), authority.issueServer(server)])

  expect(readCertificate(one)).toMatchObject({
    subject: 'CN=localhost',
    extendedKeyUsages: ['1.3.6.1.5.5.7.3.1'],
    okmsDomain: null,
  })
  expect(readCertificate(one).serialHex).not.toBe(readCertificate(other).serialHex)
})
