import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BotError } from '../../../src/core/errors.js'
import { Secret } from '../../../src/core/secret.js'
import { ALGORITHMS } from '../../../src/pki/algorithms.js'
import { createRequest, readRequest } from '../../../src/pki/requests.js'
import { secretVector, spkiVector, vector } from './vectors.js'

const csr = (name: string) => vector(`requests/${name}.csr`)
const good = csr('ec-p256')
const IDS = ALGORITHMS.map(({ id }) => id)

describe('known answers', () => {
  it.each(IDS)('reads the %s request that openssl made', async id => {
    const request = await readRequest(csr(id))

    expect(request).toEqual({
      pem: csr(id),
      publicKeySpki: Uint8Array.from(spkiVector(id)),
      algorithm: id,
      subject: 'C=FR, O=Example, CN=reader',
    })
  })

  it('reads a request without subject under the older label, and gives it the usual one', async () => {
    const request = await readRequest(csr('no-subject-new-header'))

    expect(request.subject).toBe('')
    expect(request.pem).toBe(csr('no-subject-new-header').replaceAll('NEW CERTIFICATE', 'CERTIFICATE'))
  })

  it('reads a request with extensions below its text form', async () => {
    const request = await readRequest(csr('text-and-extensions'))

    expect(request.subject).toBe('CN=vcenter')
    expect(request.pem.startsWith('-----BEGIN CERTIFICATE REQUEST-----\n')).toBe(true)
  })

  it('reads names beyond ASCII', async () => {
    expect((await readRequest(csr('utf8'))).subject).toBe('CN=Zoë Müller')
  })

  it('reads a request signed with SHA-1', async () => {
    expect((await readRequest(csr('sha1'))).algorithm).toBe('rsa-2048')
  })

  it('reads the request of the OVHcloud guide, line breaks as JSON has them', async () => {
    const request = await readRequest(vector('ovhcloud/quick-start.csr.json-escaped.txt'))

    expect(request.algorithm).toBe('rsa-2048')
    expect(request.subject).toBe(
      'C=US, ST=Utah, L=Lindon, O=DigiCert Inc., OU=DigiCert, CN=example.digicert.com',
    )
  })
})

describe('forms in which people paste', () => {
  it.each<[string, string]>([
    ['literal \\n', good.replaceAll('\n', '\\n')],
    ['literal \\r\\n', good.replaceAll('\n', '\\r\\n')],
    ['\\n escaped twice', good.replaceAll('\n', '\\\\n')],
    ['CRLF', good.replaceAll('\n', '\r\n')],
    ['spaces for line breaks', good.replaceAll('\n', ' ')],
    ['blanks around it', `\n\n   ${good}\t\n`],
    ['blanks at the end of each line', good.replaceAll('\n', '  \n')],
    ['blanks before each line', good.replaceAll('\n', '\n    ')],
    ['double quotes', `"${good.trim().replaceAll('\n', '\\n')}"`],
    ['single quotes', `'${good.trim()}'`],
    ['curly quotes', `“${good.trim()}”`],
    ['a code fence', `\`\`\`pem\n${good}\`\`\``],
    ['a byte order mark', `\uFEFF${good}`],
    ['longer lines', good.replace(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, '')],
    ['a sentence that speaks of the private key', `The private key stays here.\n${good}`],
    ['a polite sentence', `Here it is:\n${good}\nThank you!`],
  ])('accepts %s', async (_name, text) => {
    expect((await readRequest(text)).pem).toBe(good)
  })
})

/** The same request with one byte of its DER changed, in correct armour. */
function withByte(text: string, at: number, change: (byte: number) => number): string {
  const der = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64')
  const index = at < 0 ? der.length + at : at
  der[index] = change(der[index]!)
  return armoured(der)
}

const armoured = (der: Buffer) =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n')}\n-----END CERTIFICATE REQUEST-----\n`

/** BER, but not DER: the length of the attributes (A0 00) as A0 81 00, the lengths around it grown by one. */
function withLongLength(der: Buffer): Buffer {
  const at = der.indexOf(Buffer.of(0xa0, 0, 0x30))
  const longer = Buffer.concat([der.subarray(0, at + 1), Buffer.of(0x81), der.subarray(at + 1)])
  longer[2]! += 1
  longer[5]! += 1
  return longer
}

function withUnusedBits(): string {
  const der = derOf(good)
  return withByte(good, der.indexOf(Buffer.of(0x03, 0x47, 0x00)) + 2, () => 1)
}

const derOf = (text: string) => Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64')
const bodyOf = (text: string) => text.split('\n').slice(1, -2).join('\n')

describe('refusals', () => {
  const refused = (name: string) => vector(`refused/${name}.csr`)
  const key = vector('keys/ec-p256.pkcs8.pem')
  const nameAt = derOf(good).indexOf('reader')

  it.each<[string, string, RegExp]>([
    ['nothing', '', /csr is empty/],
    ['only quotes and blanks', ' ""\n', /csr is empty/],
    ['a word', 'banana', /no line "-----BEGIN CERTIFICATE REQUEST-----"/],
    ['base64 without armour', bodyOf(good), /no line "-----BEGIN CERTIFICATE REQUEST-----"/],
    ['six hyphens', good.replace('-----BEGIN', '------BEGIN'), /line of the csr is damaged/],
    ['four hyphens', good.replace('-----BEGIN', '----BEGIN'), /line of the csr is damaged/],
    [
      'six hyphens at the end',
      good.replace('REQUEST-----\n', 'REQUEST------\n'),
      /line of the csr is damaged/,
    ],
    ['dashes that a phone made longer', good.replaceAll('-----', '——-'), /line of the csr is damaged/],
    ['no last line', good.slice(0, good.indexOf('-----END')), /line of the csr is damaged/],
    ['no first line', good.slice(good.indexOf('\n')), /line of the csr is damaged/],
    ['small letters', good.toLowerCase(), /line of the csr is damaged/],
    ['two different labels', good.replace('END CERT', 'END NEW CERT'), /line of the csr is damaged/],
    ['a good request and a damaged one', `${good}-${good}`, /line of the csr is damaged/],
    ['a private key', key, /holds a private key/],
    ['a private key in SEC 1', vector('keys/ec-p256.sec1.pem'), /holds a private key/],
    ['a private key in PKCS#1', vector('keys/rsa-2048.pkcs1.pem'), /holds a private key/],
    ['a private key under a passphrase', vector('keys/rsa-2048.encrypted.pem'), /holds a private key/],
    ['a request with its private key', good + key, /holds a private key/],
    ['a private key with literal \\n', key.replaceAll('\n', '\\n'), /holds a private key/],
    ['a private key in damaged armour', key.replace('-----BEGIN', '------BEGIN'), /holds a private key/],
    ['a private key without its first line', key.slice(key.indexOf('\n')), /holds a private key/],
    ['a private key as one line', key.replaceAll('\n', ' '), /holds a private key/],
    [
      'a private key in the armour of a request',
      key.replaceAll('PRIVATE KEY', 'CERTIFICATE REQUEST'),
      /not a certificate signing request/,
    ],
    ['a certificate', vector('certificates/rsa-2048.pem'), /holds a certificate, not/],
    [
      'a certificate under a request’s label',
      vector('certificates/rsa-2048.pem').replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'),
      /not a certificate signing request/,
    ],
    [
      'a public key',
      `-----BEGIN PUBLIC KEY-----\n${spkiVector('ec-p256').toString('base64')}\n-----END PUBLIC KEY-----\n`,
      /another kind of PEM block/,
    ],
    ['two requests', good + csr('rsa-2048'), /holds 2 PEM blocks/],
    ['a request and a certificate', good + vector('certificates/rsa-2048.pem'), /holds 2 PEM blocks/],
    ['letters that are not base64', good.replace('MI', 'M*'), /not base64/],
    ['a lost character', good.replace('MI', 'M'), /not base64/],
    [
      'an empty body',
      '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n',
      /not base64/,
    ],
    ['a lost line', good.replace(/\n.{64}\n/, '\n'), /cut short/],
    ['bytes added', armoured(Buffer.concat([derOf(good), Buffer.of(0)])), /something added/],
    ['a length in the long form', armoured(withLongLength(derOf(good))), /not a certificate signing request/],
    ['unused bits in the signature', withUnusedBits(), /not a certificate signing request/],
    ['DER of something else', armoured(Buffer.of(0x30, 3, 2, 1, 0)), /not a certificate signing request/],
    ['a damaged inner length', withByte(good, 4, byte => byte + 1), /not a certificate signing request/],
    [
      'another name than was signed',
      withByte(good, nameAt, byte => byte ^ 1),
      /signature of the csr does not fit/,
    ],
    [
      'a changed signature',
      withByte(csr('rsa-2048'), -1, byte => byte ^ 1),
      /signature of the csr does not fit/,
    ],
    ['an RSA key of 1024 bits', refused('rsa-1024'), /RSA key of 1024 bits; it must have 2048/],
    ['an RSA key of an odd size', refused('rsa-2560'), /not supported; supported are RSA 2048/],
    ['an Ed25519 key', refused('ed25519'), /key of a kind that is not supported/],
    ['a P-521 key', refused('ec-p521'), /key of a kind that is not supported/],
    ['a secp256k1 key', refused('ec-secp256k1'), /key of a kind that is not supported/],
    [
      'a secp224r1 key, the example of RFC 7468',
      refused('rfc7468-figure-9'),
      /key of a kind that is not supported/,
    ],
    [
      'a curve with its parameters written out',
      refused('ec-explicit-parameters'),
      /key of a kind that is not supported/,
    ],
    ['an RSA-PSS key', refused('rsa-pss-key'), /key of a kind that is not supported/],
    ['an MD5 signature', refused('rsa-md5'), /signed with an algorithm that is not supported/],
    ['an RSA-PSS signature', refused('rsa-pss-signature'), /signed with an algorithm that is not supported/],
    ['far too much', good + ' '.repeat(10_000), /longer than 10000 characters/],
  ])('refuses %s', async (_name, text, sentence) => {
    const thrown = await refusalOf(text)

    expect(thrown.message).toMatch(sentence)
    expect(thrown.message).toMatch(/^The .*\.$/)
    expect(thrown.hint).toMatch(/./)
  })

  it.each([
    ['as it is', key],
    ['in SEC 1', vector('keys/ec-p256.sec1.pem')],
    ['of RSA', vector('keys/rsa-4096.pkcs8.pem')],
    ['without armour', bodyOf(key)],
    ['with damaged armour', key.replace('-----BEGIN', '------BEGIN')],
    ['in the armour of a request', key.replaceAll('PRIVATE KEY', 'CERTIFICATE REQUEST')],
    ['in the armour of a certificate', key.replaceAll('PRIVATE KEY', 'CERTIFICATE')],
    [
      'with a lost character, in the armour of a request',
      key.replaceAll('PRIVATE KEY', 'CERTIFICATE REQUEST').replace('MI', 'M'),
    ],
    ['after a request', good + key],
  ])('never repeats a private key that was pasted %s', async (_name, text) => {
    const thrown = await refusalOf(text)

    const said = inspect(thrown, { depth: 9, showHidden: true }) + JSON.stringify(thrown.toRecord())
    const pieces = text.replaceAll(/-.*-/g, '').match(/[A-Za-z0-9+/=]{8}/g) ?? []
    expect(pieces.length).toBeGreaterThan(4)
    expect(pieces.filter(piece => said.includes(piece))).toEqual([])
  })

  it('refuses every changed byte', async () => {
    const der = derOf(good)
    const change = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }))

    await fc.assert(
      fc.asyncProperty(change, async ([at, bits]) => {
        const text = withByte(good, at, byte => byte ^ bits)
        const thrown = await readRequest(text).catch((error: unknown) => error)
        expect(thrown).toMatchObject({ code: 'csr.invalid' })
      }),
      { numRuns: 300 },
    )
  })

  it('answers every text with csr.invalid', async () => {
    const word = fc.constantFrom(
      '-----BEGIN ',
      '-----END ',
      'CERTIFICATE REQUEST',
      '-----',
      '\\n',
      'MIIB',
      '=',
      '—',
    )
    const text = fc.array(fc.oneof(word, fc.string())).map(parts => parts.join(''))

    await fc.assert(
      fc.asyncProperty(text, async pasted => {
        expect(await readRequest(pasted).catch((error: unknown) => error)).toMatchObject({
          code: 'csr.invalid',
        })
      }),
    )
  })
})

describe('our own requests', () => {
  it.each(IDS)('are read back, made with a %s key', async id => {
    const pem = await createRequest({
      privateKey: secretVector(`keys/${id}.pkcs8.pem`),
      commonName: 'reader',
    })

    expect(await readRequest(pem)).toEqual({
      pem,
      publicKeySpki: Uint8Array.from(spkiVector(id)),
      algorithm: id,
      subject: 'CN=reader',
    })
  })

  it('carry every common name to the letter, in every form of line break', async () => {
    const privateKey = secretVector('keys/ec-p256.sec1.pem')
    const commonName = fc.string({
      minLength: 1,
      maxLength: 64,
      unit: fc.constantFrom(...'aZ0 #"\\,+=<>;é漢\u202e'),
    })
    const lineBreak = fc.constantFrom('\n', '\r\n', '\\n', '\\r\\n', ' ', ' \n')

    await fc.assert(
      fc.asyncProperty(commonName, lineBreak, async (name, eol) => {
        const pem = await createRequest({ privateKey, commonName: name })
        const request = await readRequest(pem.replaceAll('\n', eol))
        expect(request.pem).toBe(pem)
        expect(derOf(pem).includes(Buffer.from(name))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('refuse a common name that does not fit into a certificate', async () => {
    const privateKey = secretVector('keys/ec-p256.sec1.pem')

    await expect(createRequest({ privateKey, commonName: '' })).rejects.toMatchObject({
      code: 'input.invalid',
    })
    await expect(createRequest({ privateKey, commonName: 'a'.repeat(65) })).rejects.toMatchObject({
      code: 'input.invalid',
    })
  })

  it('refuse a key that is none, or of a kind nobody here uses', async () => {
    const secp256k1 = `-----BEGIN EC PRIVATE KEY-----
MC4CAQEEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQcGBSuBBAAK
-----END EC PRIVATE KEY-----
`
    for (const text of ['no key', secp256k1, vector('keys/rsa-2048.encrypted.pem')]) {
      await expect(
        createRequest({ privateKey: new Secret(text), commonName: 'reader' }),
      ).rejects.toMatchObject({
        code: 'key.malformed',
      })
    }
  })
})

async function refusalOf(text: string): Promise<BotError> {
  const thrown = await readRequest(text).then(
    () => null,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(BotError)
  expect(thrown).toMatchObject({ code: 'csr.invalid' })
  return thrown as BotError
}
