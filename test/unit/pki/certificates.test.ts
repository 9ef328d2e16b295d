import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Certificate,
  checkIssuedCertificate,
  type IssuedFor,
  isSignedBy,
  readCertificate,
  readCertificates,
} from '../../../src/pki/certificates.js'
import { thumbprintOf } from '../../../src/pki/thumbprints.js'
import { factsOf, spkiVector, vector, vectorNames } from './vectors.js'

const pem = (name: string) => vector(`certificates/${name}.pem`)
const DAY_MS = 86_400_000

describe('known answers', () => {
  it.each(vectorNames('certificates/', '.pem'))('reads %s as openssl does', name => {
    const facts = factsOf(name)

    const certificate = readCertificate(pem(name))

    expect(certificate.sha1).toBe(facts['sha1 Fingerprint'])
    expect(certificate.sha256).toBe(facts['sha256 Fingerprint'])
    expect(certificate.subject).toBe(facts.subject)
    expect(certificate.notBefore).toEqual(new Date(facts.notBefore!))
    expect(certificate.notAfter).toEqual(new Date(facts.notAfter!))
    expect(certificate.pem).toBe(pem(name))
  })

  it.each([
    ['rsa-2048', '7f8b5e0d75b840a39b0e71ffe5ff03cb', '7f8b5e0d-75b8-40a3-9b0e-71ffe5ff03cb'],
    ['ec-p256-high-serial', 'f18b5e0d75b840a39b0e71ffe5ff03cb', 'f18b5e0d-75b8-40a3-9b0e-71ffe5ff03cb'],
    ['ec-p256-short-serial', '00005e0d75b840a39b0e71ffe5ff03cb', '00005e0d-75b8-40a3-9b0e-71ffe5ff03cb'],
    ['ec-p256-negative-serial', 'f18b5e0d75b840a39b0e71ffe5ff03cb', 'f18b5e0d-75b8-40a3-9b0e-71ffe5ff03cb'],
    ['ec-p384-long-serial', '0a8b5e0d75b840a39b0e71ffe5ff03cb01020304', null],
  ])('reads the serial number of %s', (name, serialHex, uuid) => {
    expect(readCertificate(pem(name))).toMatchObject({ serialHex, uuid })
  })

  it('reads the certificate of the OVHcloud guide', () => {
    const certificate = readCertificate(vector('ovhcloud/quick-start.cert.pem'))

    expect(certificate).toMatchObject({
      uuid: 'f18b5e0d-75b8-40a3-9b0e-71ffe5ff03cb',
      subject: 'CN=e90c5841-f39e-4983-8596-62ff0c538b6b',
      subjectCommonName: 'e90c5841-f39e-4983-8596-62ff0c538b6b',
      issuer: 'CN=CCMUsersCA',
      okmsDomain: 'e90c5841-f39e-4983-8596-62ff0c538b6b',
      extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'],
      keyAlgorithm: 'ec-p256',
      notBefore: new Date('2024-04-04T10:26:28Z'),
      notAfter: new Date('2025-04-04T10:26:28Z'),
    })
  })

  it('tells keys, domains and usages that are not there', () => {
    expect(readCertificate(pem('rsa-2048'))).toMatchObject({
      subjectCommonName: 'kmip.example.org',
      okmsDomain: null,
      extendedKeyUsages: [],
      keyAlgorithm: 'rsa-2048',
      publicKeySpki: spkiVector('rsa-2048'),
    })
  })

  it('computes the thumbprints of RFC 6234 and FIPS 180 test words', () => {
    const abc = Buffer.from('abc')

    expect(thumbprintOf(abc, 'sha1')).toBe('A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D')
    expect(thumbprintOf(abc, 'sha256').replaceAll(':', '').toLowerCase()).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })
})

/** The month of notAfter (UTCTime, YYMMDDhhmmssZ) written anew. */
function withMonth({ der, notAfter }: Certificate, month: string): Uint8Array {
  const changed = Buffer.from(der)
  const year = String(notAfter.getUTCFullYear()).slice(2)
  const at = changed.lastIndexOf(`\x17\x0d${year}`)
  changed.write(month, at + 4)
  return changed
}

describe('forms', () => {
  const one = pem('rsa-2048')
  const other = pem('ec-p256-client')

  it.each<[string, string | Uint8Array]>([
    ['without a last newline', one.trimEnd()],
    ['with CRLF', one.replaceAll('\n', '\r\n')],
    ['with text around it', `subject=CN = kmip\n${one}\nbye`],
    ['beside a block of another kind', `${one}${vector('requests/rsa-2048.csr')}`],
    ['as DER', readCertificate(one).der],
  ])('reads a certificate %s', (_name, form) => {
    expect(readCertificate(form)).toEqual(readCertificate(one))
  })

  it('reads several where several may be', () => {
    expect(readCertificates(`${one}\n${other}`).map(({ pem }) => pem)).toEqual([one, other])
    expect(readCertificates('')).toEqual([])
  })

  it.each<[string, string | Uint8Array]>([
    ['an empty text', ''],
    ['a request', vector('requests/rsa-2048.csr')],
    ['two certificates', one + other],
    ['a certificate that is cut short', one.replace(/\n.{64}\n/, '\n')],
    ['a body that is not base64', one.replace('MII', 'M!I')],
    ['damaged armour', one.replace('-----BEGIN', '------BEGIN')],
    ['empty DER', new Uint8Array()],
    ['DER with a byte after it', Buffer.concat([readCertificate(one).der, Buffer.of(0)])],
    ['a month that does not exist', withMonth(readCertificate(one), '99')],
    ['DER of something else', spkiVector('rsa-2048')],
  ])('refuses %s', (_name, form) => {
    expect(() => readCertificate(form)).toThrow(expect.objectContaining({ code: 'certificate.malformed' }))
  })
})

describe('signatures', () => {
  it('knows its issuer from one that only has the name or only the key', () => {
    const own = readCertificate(pem('ec-p256-high-serial'))

    expect(isSignedBy(own, own)).toBe(true)
    expect(isSignedBy(own, readCertificate(pem('ec-p256-short-serial')))).toBe(false)
    expect(isSignedBy(own, { ...readCertificate(pem('rsa-2048')), subject: own.issuer })).toBe(false)
    expect(isSignedBy(own, { ...readCertificate(pem('ec-p384-long-serial')), subject: own.issuer })).toBe(
      false,
    )
  })

  it('refuses a certificate whose signature was masked', () => {
    const masked = readCertificate(vector('ovhcloud/quick-start.cert.pem'))

    expect(isSignedBy(masked, { ...masked, subject: masked.issuer })).toBe(false)
  })
})

describe('what OVHcloud issued', () => {
  const sample = readCertificate(vector('ovhcloud/quick-start.cert.pem'))
  const asked: IssuedFor = {
    okmsId: 'e90c5841-f39e-4983-8596-62ff0c538b6b',
    credentialId: 'f18b5e0d-75b8-40a3-9b0e-71ffe5ff03cb',
    publicKeySpki: sample.publicKeySpki,
    validityDays: 365,
    now: sample.notBefore.getTime(),
  }
  const other = '00000000-0000-4000-8000-000000000000'

  it.each<[string, Partial<IssuedFor>]>([
    ['as it was asked for', {}],
    ['under an id in capitals', { credentialId: asked.credentialId.toUpperCase() }],
    ['by a clock half an hour ahead of ours', { now: asked.now - DAY_MS / 48 }],
    ['some days ago, in a run that was resumed', { now: asked.now + 3 * DAY_MS }],
    ['to the last second of its life', { now: sample.notAfter.getTime() - 1 }],
  ])('is accepted %s', (_name, change) => {
    expect(() => checkIssuedCertificate(sample, { ...asked, ...change })).not.toThrow()
  })

  it.each<[string, Partial<IssuedFor>, RegExp]>([
    ['for another key', { publicKeySpki: spkiVector('ec-p256') }, /another public key/],
    ['for another credential', { credentialId: other }, /serial number f18b5e0d/],
    ['for another OKMS', { okmsId: other }, /made out to "e90c5841/],
    ['two hours in the future', { now: asked.now - DAY_MS / 12 }, /not valid before 2024-04-04T10:26:28/],
    ['in a time long gone', { now: asked.now + 366 * DAY_MS }, /expired at 2025-04-04/],
    ['for a month instead of a year', { validityDays: 366 }, /not 366 days/],
    ['for a year instead of a month', { validityDays: 30 }, /not 30 days/],
  ])('is refused when issued %s', (_name, change, sentence) => {
    const check = () => checkIssuedCertificate(sample, { ...asked, ...change })

    expect(check).toThrow(sentence)
    expect(check).toThrow(expect.objectContaining({ code: 'certificate.unexpected' }))
  })

  it('is refused without clientAuth, and without or with another okms.domain', () => {
    expect(() =>
      checkIssuedCertificate({ ...sample, extendedKeyUsages: ['1.3.6.1.5.5.7.3.1'] }, asked),
    ).toThrow(/client authentication/)
    expect(() => checkIssuedCertificate({ ...sample, okmsDomain: null }, asked)).toThrow(/okms.domain "none"/)
    expect(() => checkIssuedCertificate({ ...sample, okmsDomain: other }, asked)).toThrow(
      /okms.domain "00000000/,
    )
  })
})

describe('properties', () => {
  it('gives every byte string a thumbprint of one shape', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect(thumbprintOf(bytes, 'sha1')).toMatch(/^[0-9A-F]{2}(:[0-9A-F]{2}){19}$/)
        expect(thumbprintOf(bytes, 'sha256')).toMatch(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/)
      }),
    )
  })

  it('answers every changed byte with a certificate or with certificate.malformed', () => {
    const { der } = readCertificate(pem('ec-p256-client'))
    const change = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }))

    fc.assert(
      fc.property(change, ([at, bits]) => {
        const changed = Uint8Array.from(der)
        changed[at]! ^= bits
        try {
          expect(readCertificate(changed).der).toEqual(changed)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'certificate.malformed' })
        }
      }),
      { numRuns: 300 },
    )
  })
})
