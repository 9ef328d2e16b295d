/** The commands that only look: list, show, regions, credentials, certificate, thumbprint, help. */
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestBot, type TestBot } from '../fakes/test-bot.js'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot()
  await bot.type(
    'ana: /okms credential reader 30d',
    'settle',
    'ana: press Collect',
    'settle',
    'ana: press Saved it',
    'settle',
  )
})
afterAll(() => bot?.stop())

it('lists the OKMS with region, state, counts, next expiry and id, in the channel', async () => {
  const said = await bot.type('ana: /okms list')

  expect(said).toMatch(/\[#ops\]\s+2 OKMS/)
  expect(said).toMatch(/prod-kms\s+eu-west-rbx\s+OK\s+\d+\s+1\s+reader, in 29 days\s+/)
  expect(said).toMatch(/lab-kms\s+eu-west-sbg\s+OK\s+\d+\s+0\s+none\s+/)
  for (const id of bot.sandbox.info.okmsIds) expect(said).toContain(id)
})

it('shows the addresses and authorities of one OKMS, by name or id', async () => {
  const byName = await bot.type('bo: /okms show prod-kms')
  const byId = await bot.type(`bo: /okms show ${bot.sandbox.info.okmsIds[0]}`)

  for (const said of [byName, byId]) {
    expect(said).toContain(bot.sandbox.info.kmip)
    expect(said).toContain(bot.sandbox.info.kmipRsa)
    expect(said).toMatch(/RSA CA\s+.*SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}/)
  }
})

it('shows every region with the old spelling beside the new', async () => {
  const said = await bot.type('ana: /okms regions')

  expect(said).toMatch(/eu-west-rbx\s+\S+:\d+\s+https:\S+\s+https:\S+\s+EU_WEST_RBX/)
})

it('shows credentials with owner, status and days left, filtered as asked', async () => {
  const all = await bot.type('ana: /okms credentials')
  expect(all).toMatch(/reader\s+prod-kms\s+READY\s+29\s+ana\s+OVHcloud/)

  expect(await bot.type('ana: /okms credentials lab-kms')).toContain('No credentials match.')
  expect(await bot.type('ana: /okms credentials expiring:40d')).toContain('1 credential')
  expect(await bot.type('ana: /okms credentials expiring:10d')).toContain('No credentials match.')
  expect(await bot.type('ana: /okms credentials status:EXPIRED')).toContain('No credentials match.')
  expect(await bot.type('ana: /okms credentials status:FINE')).toContain('Choose one of: CREATING, READY')
})

it('gives the certificate again, and never the key', async () => {
  const said = await bot.type('ana: /okms certificate reader')

  expect(said).toMatch(/\[only ana\]\s+Certificate of reader for prod-kms/)
  expect(said).not.toContain('PRIVATE')
  const files = await bot.inbox.files('ana')
  expect(files.filter(name => name.endsWith('.cert.pem'))).toHaveLength(2)
  expect(await bot.type('ana: /okms certificate raeder')).toContain('Did you mean reader?')
})

it('reads the live thumbprint of the address that vSphere uses, verified with the own CA', async () => {
  const [host, port] = bot.sandbox.info.kmipRsa.split(':')
  const leaf = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().raw)
      socket.destroy()
    })
    socket.on('error', reject)
  })
  const { fingerprint, fingerprint256 } = new X509Certificate(leaf)

  for (const target of ['prod-kms', bot.sandbox.info.kmipRsa]) {
    const said = await bot.type(`ana: /okms thumbprint ${target}`)
    expect(said).toContain(`SHA-1    ${fingerprint}`)
    expect(said).toContain(`SHA-256  ${fingerprint256}`)
  }
  expect(await bot.type('ana: /okms thumbprint prod-kms')).toContain("verified with the OKMS's own CA")
  expect(await bot.type('ana: /okms thumbprint 127.0.0.1:1')).toMatch(/127\.0\.0\.1:1/)
})

it('helps with what the asker may do, and only that', async () => {
  const ana = await bot.type('ana: /okms help')
  expect(ana).toContain('/okms credential <name> <validity> [okms]')
  expect(ana).toMatch(/\[only ana\]/)

  const bo = await bot.type('bo: /okms help')
  expect(bo).toContain('/okms list')
  expect(bo).not.toContain('/okms credential <name>')

  const dee = await bot.type('dee: /okms help')
  expect(dee).toContain('/okms help')
  expect(dee).not.toContain('/okms list')

  expect(await bot.type('ana: /okms help credential')).toMatch(
    /type \(optional\)\s+Kind of certificate: ECDSA, RSA/,
  )
  expect(await bot.type('ana: /okms help attach')).toContain(
    'It needs 1 approval from role approver: bo, cy.',
  )
  // Whoever asks does not decide.
  expect(await bot.type('cy: /okms help attach')).toContain('It needs 1 approval from role approver: bo.')
  expect(await bot.type('ana: /okms help credential')).toContain('(only for validity over 90 days)')
  expect(await bot.type('ana: /okms help list')).not.toContain('approval')
  expect(await bot.type('ana: /okms help credentail')).toContain('Did you mean /okms help credential?')
})

it('says what is wrong with a command that is none, or has too few or too many words', async () => {
  expect(await bot.type('ana: /okms lst')).toContain('Did you mean /okms list?')
  expect(await bot.type('ana: /okms credential reader')).toContain('/okms credential needs a validity.')
  expect(await bot.type('ana: /okms list everything')).toContain('one word more than /okms list takes')
  expect(await bot.type('ana: /okms show "prod-kms')).toContain('never closed')
})

it('answers a mention like a command', async () => {
  expect(await bot.type('ana: @okms list')).toContain('2 OKMS')
})

it('says so when OVHcloud refuses, naming the right that is missing', async () => {
  await bot.sandbox.control({ deny: ['okms:apiovh:resource/get'] })
  const said = await bot.type('ana: /okms list')
  await bot.sandbox.control({ deny: [] })

  expect(said).toContain('okms:apiovh:resource/get')
  expect(said).toMatch(/\[only ana\]/)
})

it('answers later, and says so, when OVHcloud is slow', async () => {
  await bot.sandbox.control({ faults: [{ route: 'GET /v2/okms/resource', do: 'delay', ms: 3500, times: 1 }] })

  const said = await bot.type('ana: /okms list')

  expect(said).toContain('takes longer than usual; the answer follows here')
  expect(said).toContain('2 OKMS')
})
