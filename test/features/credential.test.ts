/** /okms credential: from the command to the files in the requester's hands, with each kind of key. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAcceptedByKmip } from '../fakes/kmip-client.js'
import { openssl } from '../fakes/openssl.js'
import { lastRunId, startTestBot, type TestBot } from '../fakes/test-bot.js'

let bot: TestBot
let scratch: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'okms-csr-'))
  bot = await startTestBot()
})
afterAll(async () => {
  await bot?.stop()
  await rm(scratch, { recursive: true, force: true })
})

const publicKeyText = (key: Parameters<typeof createPublicKey>[0]) =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()

/** Issues and collects; answers the suffix that file names carry when the plain name was taken. */
async function issue(command: string): Promise<{ runId: string; said: string }> {
  const started = await bot.type(`ana: ${command}`, 'settle')
  const runId = lastRunId(started)
  const said = await bot.type(`ana: press Collect ${runId}`, 'settle')
  return { runId, said: `${started}\n${said}` }
}

describe('with a key that OVHcloud makes', () => {
  it('tells the requester alone, step by step, and hands over key and certificate', async () => {
    const { said } = await issue('/okms credential reader 30d')

    expect(said).toContain('[only ana]  Started, run ')
    expect(said).toMatch(/\[dm ana\]\s+✅ Ask OVHcloud for the credential/)
    expect(said).toMatch(/✅ Try it against the OKMS\s+TLSv1\.[23], KMIP 1\.4 answered in \d+ ms/)
    expect(said).toMatch(/\[dm ana\]\s+🔒 Credential reader for prod-kms is ready/)
    expect(said).not.toMatch(/^\[#ops\].*(key\.pem|PRIVATE)/m)
    expect(await bot.inbox.files('ana')).toEqual(['ca.pem', 'reader.cert.pem', 'reader.key.pem'])
    expect(await bot.inbox.mode('ana', 'reader.key.pem')).toBe(0o600)
  })

  it('hands over a certificate of 30 days for the OKMS that belongs to the key', async () => {
    const [credential] = bot.live()
    const certificate = new X509Certificate(await bot.inbox.read('ana', 'reader.cert.pem'))
    const text = await openssl('x509', '-in', bot.inbox.path('ana', 'reader.cert.pem'), '-noout', '-text')

    expect(certificate.subject).toBe(`CN=${bot.sandbox.info.okmsIds[0]}`)
    expect(certificate.serialNumber.padStart(32, '0').toLowerCase()).toBe(credential!.id.replaceAll('-', ''))
    expect(text).toContain('TLS Web Client Authentication')
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000
    expect(days).toBeCloseTo(30, 1)
    const key = createPrivateKey(await bot.inbox.read('ana', 'reader.key.pem'))
    expect(publicKeyText(key as never)).toBe(certificate.publicKey.export({ type: 'spki', format: 'pem' }))
  })

  it('is accepted at the KMIP port, and refused after it was revoked', async () => {
    const pair = {
      key: await bot.inbox.read('ana', 'reader.key.pem'),
      cert: await bot.inbox.read('ana', 'reader.cert.pem'),
    }
    expect(await isAcceptedByKmip(bot.sandbox.info.kmip, pair)).toBe(true)
    expect(await isAcceptedByKmip(bot.sandbox.info.kmip, {})).toBe(false)

    const said = await bot.type('ana: press Revoke now', 'settle')

    expect(said).toContain('reader was revoked, as you asked.')
    expect(await isAcceptedByKmip(bot.sandbox.info.kmip, pair)).toBe(false)
    expect(bot.live()).toHaveLength(0)
  })
})

describe('with a key that the bot makes', () => {
  it.each([
    ['ECDSA', 'P-256'],
    ['RSA', '3072'],
  ])('issues %s from a request of its own', async (type, strength) => {
    const { runId, said } = await issue(`/okms credential reader 30d key:bot type:${type}`)

    expect(said).toContain('key made by the bot')
    const [credential] = bot.live()
    expect(credential?.fromCSR).toBe(true)
    const suffix = (await bot.inbox.files('ana')).includes(`reader-${runId}.key.pem`) ? `-${runId}` : ''
    const key = createPrivateKey(await bot.inbox.read('ana', `reader${suffix}.key.pem`))
    const certificate = new X509Certificate(await bot.inbox.read('ana', `reader${suffix}.cert.pem`))
    expect(publicKeyText(key as never)).toBe(certificate.publicKey.export({ type: 'spki', format: 'pem' }))
    const details = certificate.publicKey.asymmetricKeyDetails
    expect(`${details?.namedCurve ?? details?.modulusLength}`).toBe(
      strength === 'P-256' ? 'prime256v1' : strength,
    )

    await bot.type(`ana: press Revoke now ${runId}`, 'settle')
  })
})

describe("with the person's own request", () => {
  it.each(['uploaded', 'pasted with literal \\n'])('issues a certificate for it when %s', async how => {
    const keyFile = join(scratch, 'own.key')
    const csrFile = join(scratch, 'own.csr')
    await openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      keyFile,
      '-subj',
      '/CN=vc.example.org',
      '-out',
      csrFile,
    )
    const pasted = (await readFile(csrFile, 'utf8')).trim().replaceAll('\n', '\\n')

    const { runId, said } = await issue(
      `/okms credential vcenter 90d csr:${how === 'uploaded' ? csrFile : `"${pasted}"`}`,
    )

    expect(said).not.toContain('Try it against the OKMS')
    const files = (await bot.inbox.files('ana')).filter(name => name.startsWith('vcenter'))
    expect(files.some(name => name.includes('key'))).toBe(false)
    const certificateFile = files.includes(`vcenter-${runId}.cert.pem`)
      ? `vcenter-${runId}.cert.pem`
      : 'vcenter.cert.pem'
    const certificate = new X509Certificate(await bot.inbox.read('ana', certificateFile))
    expect(publicKeyText(createPrivateKey(await readFile(keyFile)) as never)).toBe(
      certificate.publicKey.export({ type: 'spki', format: 'pem' }),
    )
  })
})

describe('as one PKCS#12 file', () => {
  it('opens with openssl and the passphrase that was shown once', async () => {
    const { said } = await issue('/okms credential reader 30d type:RSA format:p12')
    const passphrase = /\[only ana\]\s+Passphrase: (\S+)/.exec(said)?.[1]

    const opened = await openssl(
      'pkcs12',
      '-in',
      bot.inbox.path('ana', 'reader.p12'),
      '-nodes',
      '-passin',
      `pass:${passphrase}`,
    )

    expect(opened).toContain('PRIVATE KEY')
    expect(opened).toContain(bot.sandbox.info.okmsIds[0])
    expect(await bot.inbox.mode('ana', 'reader.p12')).toBe(0o600)
  })
})

describe('input that cannot be', () => {
  const refused: [string, string, RegExp][] = [
    [
      'a person without the right',
      'dee: /okms credential reader 30d',
      /You may not issue credentials here\.[\s\S]*role operator \(ana, cy\)/,
    ],
    [
      'a validity that OVHcloud does not allow',
      'ana: /okms credential reader 400d',
      /400d is longer than OVHcloud allows \(365 days\)[\s\S]*\/okms credential reader 90d/,
    ],
    [
      'a validity that the profile does not allow',
      'ana: /okms credential reader 120d',
      /120d is longer than profile reader allows/,
    ],
    ['a validity that is none', 'ana: /okms credential reader banana', /"banana" is not a validity/],
    [
      'a profile that is none',
      'ana: /okms credential raeder 30d',
      /There is no profile "raeder"\.[\s\S]*Did you mean reader\?/,
    ],
    [
      'an OKMS that is none',
      'ana: /okms credential reader 30d okms:prod-kmz',
      /There is no OKMS "prod-kmz"\.[\s\S]*Did you mean prod-kms\?/,
    ],
    ['PKCS#12 for ECDSA', 'ana: /okms credential reader 30d format:p12', /RSA keys only[\s\S]*type:RSA/],
    [
      'a file that is none',
      'ana: /okms credential vcenter 30d csr:./nothing.csr',
      /There is no readable file/,
    ],
    ['a request with a broken signature', 'ana: /okms credential vcenter 30d csr:BROKEN', /signature/i],
    ['a request with a key of 1024 bits', 'ana: /okms credential vcenter 30d csr:WEAK', /1024/],
  ]

  it.each(refused)('refuses %s in a sentence, and creates nothing', async (_, line, sentence) => {
    const before = bot.sandbox.credentials().length
    const good = join(scratch, 'good.csr')
    const weak = join(scratch, 'weak.csr')
    const broken = join(scratch, 'broken.csr')
    await openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=a',
      '-out',
      good,
    )
    await openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:1024',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=a',
      '-out',
      weak,
    )
    await writeFile(broken, breakSignature(await readFile(good, 'utf8')))

    const said = await bot.type(
      line
        .replace('csr:CSR', `csr:${good}`)
        .replace('csr:BROKEN', `csr:${broken}`)
        .replace('csr:WEAK', `csr:${weak}`),
    )

    const answer = said.split('\n').filter(shown => shown.startsWith('[only '))
    expect(answer.join('\n')).toMatch(sentence)
    expect(answer.length).toBeLessThanOrEqual(2)
    expect(bot.sandbox.credentials()).toHaveLength(before)
  })
})

/** Turns the last byte of the signature. */
function breakSignature(pem: string): string {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  der[der.length - 1]! ^= 1
  const body = der.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`
}
