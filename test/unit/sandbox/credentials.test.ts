import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { type Client, field, type Json, list, signedClient, text, texts } from './signed-client.js'

const run = promisify(execFile)
const DAY_MS = 86_400_000

let sandbox: Sandbox
let ana: Client
let folder: string
let path: string
let okmsId: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-test-'))
  sandbox = await startSandbox()
  ana = signedClient(sandbox.info)
  okmsId = sandbox.info.okmsIds[0]!
  path = `/v2/okms/resource/${okmsId}/credential`
})
beforeEach(() => sandbox.control({ creating: '3s' }))
afterAll(async () => {
  await sandbox.close()
  await rm(folder, { recursive: true })
})

const READER = 'urn:v1:eu:identity:group:ab12345-ovh/reader'
const wish = { name: 'reader', identityURNs: [READER], validity: 30 }

async function create(body: Record<string, unknown> = wish): Promise<Json> {
  const reply = await ana('POST', path, body)
  expect(reply.status).toBe(200)
  return reply.body
}
const get = async (created: Json) => (await ana('GET', `${path}/${text(created, 'id')}`)).body

/** The openssl command line writes a request with a key of this kind. */
async function csr(...newKey: string[]): Promise<string> {
  const file = join(folder, 'key.pem')
  const { stdout } = await run('openssl', [
    'req',
    '-new',
    '-nodes',
    '-keyout',
    file,
    '-subj',
    '/CN=x',
    '-newkey',
    ...newKey,
  ])
  return stdout
}

describe('creating', () => {
  it('issues a certificate shaped like those of OVHcloud', async () => {
    // First of all tests: nobody has moved the clock yet.
    await sandbox.control({ creating: '0s' })
    const created = await create()
    const ready = await get(created)
    const pem = text(ready, 'certificatePEM')
    await writeFile(join(folder, 'certificate.pem'), pem)

    const { stdout } = await run('openssl', [
      'x509',
      '-in',
      join(folder, 'certificate.pem'),
      '-noout',
      '-text',
    ])

    const serial = text(created, 'id').replaceAll('-', '').match(/../g)!.join(':')
    expect(stdout).toMatch(new RegExp(`Serial Number:\\s+${serial}\\s`))
    expect(stdout).toMatch(/Issuer: CN ?= ?CCMUsersCA\n/)
    expect(stdout).toMatch(new RegExp(`Subject: CN ?= ?${okmsId}\\n`))
    expect(stdout).toMatch(/Extended Key Usage: *\n *TLS Web Client Authentication\n/)
    expect(stdout).toMatch(/Subject Alternative Name: critical\n *othername: .*okms\.domain:/)
    expect(stdout).toMatch(/Signature Algorithm: ecdsa-with-SHA256/)
    expect(stdout).not.toMatch(/CA:TRUE|Server Authentication/)
    expect(pem.endsWith('-----END CERTIFICATE-----')).toBe(true)
    const { validFrom, validTo } = new X509Certificate(pem)
    expect(Date.parse(validTo) - Date.parse(validFrom)).toBe(30 * DAY_MS)
    expect(Date.parse(validFrom)).toBeLessThanOrEqual(Date.now())
  })

  it('answers CREATING with the private key once, and the certificate when READY', async () => {
    const created = await create({ ...wish, description: 'for a test [okms-bot 7F3K9Q2M.1]' })
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'reader',
      description: 'for a test [okms-bot 7F3K9Q2M.1]',
      identityURNs: [READER],
      status: 'CREATING',
      fromCSR: false,
      certificateType: 'ECDSA',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$/),
      expiredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$/),
      privateKeyPEM: expect.stringMatching(
        /^-----BEGIN EC PRIVATE KEY-----\n[^-]+-----END EC PRIVATE KEY-----\n$/,
      ),
    })
    expect(await get(created)).toMatchObject({ status: 'CREATING', certificatePEM: null })

    await sandbox.control({ advance: '3s' })
    const ready = await get(created)

    expect(field(ready, 'status')).toBe('READY')
    expect(ready).not.toHaveProperty('privateKeyPEM')
    expect(list((await ana('GET', path)).body)).toContainEqual(ready)
    const certificate = new X509Certificate(text(ready, 'certificatePEM'))
    expect(certificate.checkPrivateKey(createPrivateKey(text(created, 'privateKeyPEM')))).toBe(true)
    const days = (Date.parse(text(created, 'expiredAt')) - Date.parse(text(created, 'createdAt'))) / DAY_MS
    expect(days).toBeCloseTo(30, 6)
  })

  it('never issues a certificate that begins in the real future', async () => {
    await sandbox.control({ advance: '40d', creating: '0s' })

    const ready = await get(await create())

    const { validFrom, validTo } = new X509Certificate(text(ready, 'certificatePEM'))
    expect(Date.parse(validFrom)).toBeLessThanOrEqual(Date.now())
    expect(Math.abs(Date.parse(validTo) - Date.parse(text(ready, 'expiredAt')))).toBeLessThan(1000)
  })

  it('makes RSA keys when asked', async () => {
    await sandbox.control({ creating: '0s' })
    const created = await create({ ...wish, certificateType: 'RSA' })
    const ready = await get(created)

    const key = text(created, 'privateKeyPEM')

    expect(key.startsWith('-----BEGIN RSA PRIVATE KEY-----\n')).toBe(true)
    expect(field(ready, 'certificateType')).toBe('RSA')
    const certificate = new X509Certificate(text(ready, 'certificatePEM'))
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true)
  })

  it.each([
    ['RSA', ['rsa:2048']],
    ['ECDSA', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
  ])('certifies the %s key of a request, and nothing else of it', async (certificateType, newKey) => {
    await sandbox.control({ creating: '0s' })
    const created = await create({ ...wish, csr: await csr(...newKey) })
    const key = createPrivateKey(await readFile(join(folder, 'key.pem')))

    const ready = await get(created)

    expect(ready).toMatchObject({ fromCSR: true, certificateType, status: 'READY' })
    expect(created).not.toHaveProperty('privateKeyPEM')
    const certificate = new X509Certificate(text(ready, 'certificatePEM'))
    expect([certificate.checkPrivateKey(key), certificate.subject]).toEqual([true, `CN=${okmsId}`])
  })

  it('takes null for what may be left out, 365 days by default, and two of one name', async () => {
    const first = await create({
      ...wish,
      validity: null,
      description: null,
      csr: null,
      certificateType: null,
    })

    const second = await create({ name: 'reader', identityURNs: [READER] })

    for (const created of [first, second]) {
      const days = (Date.parse(text(created, 'expiredAt')) - Date.parse(text(created, 'createdAt'))) / DAY_MS
      expect(days).toBeCloseTo(365, 6)
    }
    expect(text(first, 'id')).not.toBe(text(second, 'id'))
  })

  it('keeps no private key', async () => {
    const key = text(await create(), 'privateKeyPEM')
    const secretLine = key.split('\n')[1]!

    const everything = JSON.stringify([
      sandbox.credentials(),
      await sandbox.control({}),
      (await ana('GET', path)).body,
    ])

    expect(everything).not.toContain(secretLine)
  })
})

describe('refusals', () => {
  const twentySix = Array.from({ length: 26 }, (_, i) => `${READER}${i}`)
  it.each<[string, Record<string, unknown>, string]>([
    ['a name of 51 characters', { name: 'x'.repeat(51) }, 'CredentialNameMaximumExceeded'],
    ['a name with an accent', { name: 'é' }, 'CredentialNameInvalidCharacter'],
    ['a name with a line break', { name: 'a\nb' }, 'CredentialNameInvalidCharacter'],
    [
      'a description of 201 characters',
      { description: 'x'.repeat(201) },
      'CredentialDescriptionMaximumExceeded',
    ],
    ['a description with a tab', { description: 'a\tb' }, 'CredentialDescriptionInvalidCharacter'],
    ['no identities', { identityURNs: undefined }, 'CredentialIdentityURNsMinimumRequired'],
    ['an empty list of identities', { identityURNs: [] }, 'CredentialIdentityURNsMinimumRequired'],
    ['26 identities', { identityURNs: twentySix }, 'CredentialIdentityURNsMaximumExceeded'],
    ['an empty identity', { identityURNs: [''] }, 'CredentialIdentityURNsInvalidSize'],
    [
      'an identity that is a resource',
      { identityURNs: ['urn:v1:eu:resource:okms:x'] },
      'CredentialIdentityURNsInvalidURN',
    ],
    [
      'the identity of the old guide',
      { identityURNs: ['urn:v1:labeu:identity:account:user:ab12345-ovh/reader1'] },
      'CredentialIdentityURNsInvalidURN',
    ],
    [
      'an identity of no account',
      { identityURNs: ['urn:v1:eu:identity:user:ana/reader1'] },
      'CredentialIdentityURNsInvalidURN',
    ],
    ['a validity of 0', { validity: 0 }, 'CredentialValidityMinimumRequired'],
    ['a validity of 366', { validity: 366 }, 'CredentialValidityMaximumExceeded'],
    ['an unknown type', { certificateType: 'ed25519' }, 'CredentialCertificateTypeInvalidEnum'],
    ['a CSR too large', { csr: 'x'.repeat(10_001) }, 'CredentialCSRMaximumExceeded'],
    ['a CSR that is none', { csr: 'hello' }, 'CredentialCSRInvalidCharacter'],
    [
      'a CSR with damaged armour',
      { csr: '------BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n' },
      'CredentialCSRInvalidCharacter',
    ],
    [
      'a CSR with literal \\n',
      { csr: '-----BEGIN CERTIFICATE REQUEST-----\\nAAAA\\n-----END CERTIFICATE REQUEST-----\\n' },
      'CredentialCSRInvalidCharacter',
    ],
    [
      'a CSR that is no DER',
      { csr: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n' },
      'CredentialCSRInvalidCharacter',
    ],
  ])('refuses %s', async (_, wrong, word) => {
    const before = sandbox.credentials().length

    const reply = await ana('POST', path, { ...wish, ...wrong })

    expect(reply).toMatchObject({ status: 400, body: { class: `Client::BadRequest::${word}` } })
    expect(sandbox.credentials()).toHaveLength(before)
  })

  it.each<[string, unknown, string]>([
    ['a name left out', { identityURNs: [READER] }, '[name] Missing required parameter'],
    ['an empty name', { ...wish, name: '' }, '[name] At least 1 character is needed'],
    ['a validity in words', { ...wish, validity: '30d' }, '[validity]'],
    ['half a day', { ...wish, validity: 1.5 }, '[validity]'],
    ['a field nobody described', { ...wish, format: 'p12' }, 'Received not described parameters: (format)'],
    ['a list', [wish], 'expected object'],
    ['no JSON', '{"name":', 'The body is not valid JSON'],
  ])('refuses %s without a word of its own', async (_, body, message) => {
    const reply = await ana('POST', path, body)

    expect(reply).toMatchObject({ status: 400, body: { class: 'Client::BadRequest' } })
    expect(text(reply.body, 'message')).toContain(message)
  })

  it('refuses a type beside a CSR', async () => {
    const reply = await ana('POST', path, { ...wish, csr: await csr('rsa:2048'), certificateType: 'RSA' })

    expect(reply.body).toMatchObject({
      class: 'Client::BadRequest::CredentialCertificateTypeIncompatibleFields',
    })
  })

  it('refuses a CSR of 1024 bits and one whose self-signature is broken', async () => {
    const good = await csr('rsa:2048')
    const lines = good.split('\n')
    const last = lines.length - 3
    lines[last] = lines[last]!.replace(/^./, first => (first === 'A' ? 'B' : 'A'))

    const replies = [
      await ana('POST', path, { ...wish, csr: await csr('rsa:1024') }),
      await ana('POST', path, { ...wish, csr: lines.join('\n') }),
    ]

    for (const reply of replies) {
      expect(reply).toMatchObject({
        status: 400,
        body: { class: 'Client::BadRequest::CredentialCSRInvalidCharacter' },
      })
    }
    expect(text(replies[0]!.body, 'message')).not.toBe(text(replies[1]!.body, 'message'))
  })

  it('refuses a body of more than a megabyte', async () => {
    expect(await ana('POST', path, { ...wish, csr: 'x'.repeat(2_000_000) })).toMatchObject({ status: 413 })
  })

  it('takes a JSON body without a Content-Type', async () => {
    const reply = await ana('POST', path, wish, { headers: {} })

    expect(reply.status).toBe(200)
  })
})

describe('the life of a credential', () => {
  it('refuses to delete while CREATING, then deletes, then has forgotten', async () => {
    const created = await create()
    const one = `${path}/${text(created, 'id')}`
    const invalid = { status: 400, body: { class: 'Client::BadRequest::CredentialStatusInvalid' } }
    expect(await ana('DELETE', one)).toMatchObject(invalid)
    await sandbox.control({ advance: '3s' })

    const deleted = await ana('DELETE', one)

    expect(deleted).toMatchObject({ status: 200, body: { id: text(created, 'id'), status: 'DELETING' } })
    expect(await ana('DELETE', one)).toMatchObject(invalid)
    expect(texts((await ana('GET', path)).body, 'id')).toContain(text(created, 'id'))
    await sandbox.control({ advance: '10s' })
    expect(await ana('GET', one)).toMatchObject({ status: 404, body: { class: 'Client::NotFound' } })
    expect(texts((await ana('GET', path)).body, 'id')).not.toContain(text(created, 'id'))
  })

  it('expires when its time has passed, and can be deleted then', async () => {
    const created = await create({ ...wish, validity: 1 })
    await sandbox.control({ advance: '23h' })
    expect(await get(created)).toMatchObject({ status: 'READY' })

    await sandbox.control({ advance: '1h' })

    expect(await get(created)).toMatchObject({ status: 'EXPIRED', certificatePEM: expect.any(String) })
    expect(await ana('DELETE', `${path}/${text(created, 'id')}`)).toMatchObject({
      body: { status: 'DELETING' },
    })
  })

  it('stays CREATING as long as told', async () => {
    await sandbox.control({ creating: '10m' })
    const created = await create()
    await sandbox.control({ advance: '9m' })
    expect(await get(created)).toMatchObject({ status: 'CREATING' })

    await sandbox.control({ advance: '1m' })

    expect(await get(created)).toMatchObject({ status: 'READY' })
  })

  it.each(['ERROR', 'EXPIRED', 'READY', 'CREATING', 'DELETING'] as const)(
    'becomes %s when told',
    async status => {
      const created = await create()

      await sandbox.control({ credential: { id: text(created, 'id'), status } })

      expect(await get(created)).toMatchObject({
        status,
        certificatePEM: status === 'ERROR' || status === 'CREATING' ? null : expect.any(String),
      })
      expect(sandbox.credentials(okmsId).at(-1)).toMatchObject({ id: text(created, 'id'), status })
    },
  )

  it('belongs to one OKMS', async () => {
    const created = await create()
    const other = sandbox.info.okmsIds[1]!

    const reply = await ana('GET', `/v2/okms/resource/${other}/credential/${text(created, 'id')}`)

    expect(reply.status).toBe(404)
    expect(sandbox.credentials(other)).toEqual([])
  })
})

describe('many', () => {
  it('seeds 10,000 quickly, each with a certificate of its own', async () => {
    const before = sandbox.credentials(okmsId).length
    const begin = performance.now()

    const { credentials } = await sandbox.control({ seed: { credentials: 10_000 } })

    expect(performance.now() - begin).toBeLessThan(2000)
    expect(credentials - before).toBe(10_000)
    const [first, second] = list((await ana('GET', path)).body).slice(-2)
    for (const one of [first!, second!]) {
      expect(one).toMatchObject({ status: 'READY', name: expect.stringMatching(/^seeded-\d+$/) })
      const certificate = new X509Certificate(text(one, 'certificatePEM'))
      expect(BigInt(`0x${certificate.serialNumber}`)).toBe(BigInt(`0x${text(one, 'id').replaceAll('-', '')}`))
      expect(Math.abs(Date.parse(certificate.validTo) - Date.parse(text(one, 'expiredAt')))).toBeLessThan(
        1000,
      )
      await writeFile(join(folder, 'seeded.pem'), text(one, 'certificatePEM'))
      const { stdout } = await run('openssl', ['x509', '-in', join(folder, 'seeded.pem'), '-noout', '-text'])
      expect(stdout).toMatch(/Subject Alternative Name: critical\n *othername: .*okms\.domain:/)
    }
  })
})
