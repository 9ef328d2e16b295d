/** Who did what: told by /okms audit, proved by npm run audit:verify. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deriveAuditKeys } from '../../src/config/keys.js'
import { realClock } from '../../src/core/ports/clock.js'
import { silentLog } from '../../src/core/ports/log.js'
import { createAudit } from '../../src/store/audit.js'
import { keys } from '../../src/store/keys.js'
import { connectRedis, type RedisConnection } from '../../src/store/redis.js'
import { compile } from '../fakes/compiled.js'
import { tracesOfKey } from '../fakes/key-traces.js'
import { openssl } from '../fakes/openssl.js'
import { lastRunId, PROJECT, startTestBot, type TestBot } from '../fakes/test-bot.js'

const CLOUD = 'pcc-192-0-2-10'

let bot: TestBot
let redis: RedisConnection
let scratch: string
beforeAll(async () => {
  compile()
  scratch = await mkdtemp(join(tmpdir(), 'okms-audit-'))
  bot = await startTestBot()
  await bot.sandbox.control({ customerWait: '0s' })
  redis = connectRedis(bot.redis.url, 'worker', silentLog)
})
afterAll(async () => {
  redis?.disconnect()
  await bot?.stop()
  await rm(scratch, { recursive: true, force: true })
})

/** The rows that bo is shown, oldest first, without the time. */
async function audit(subject = ''): Promise<string[]> {
  const said = await bot.type(`bo: /okms audit ${subject}`)
  return said
    .split('\n')
    .map(line => /^\[only bo\]\s+\d+ \w+ \d{4} \d\d:\d\d UTC\s+(.*)$/.exec(line)?.[1])
    .filter(row => row !== undefined)
    .map(row => row.replaceAll(/\s+/g, ' '))
    .reverse()
}

describe('the life that is told', () => {
  it('of a run: asked, refused, approved, done at OVHcloud, ended', async () => {
    const runId = lastRunId(await bot.type(`ana: /okms attach ${CLOUD} prod-kms reason:"finance"`, 'settle'))
    await bot.type(`ana: press Approve ${runId}`, `dee: press Approve ${runId}`)
    await bot.type(`bo: press Approve ${runId}`, 'settle')

    const told = await audit(runId)

    expect(told).toEqual([
      expect.stringMatching(
        `^ana /okms attach cloud=${CLOUD} okms=prod-kms reason=\\(7 characters\\) ok console:ops \\w{12} \\w{4}$`,
      ),
      expect.stringMatching(/^ana vote approve access\.denied console:ops \w{12} /),
      expect.stringMatching(/^ana button approve access\.denied console:ops \w{12} \w{4}$/),
      expect.stringMatching(/^dee vote approve access\.denied console:ops/),
      expect.stringMatching(/^dee button approve access\.denied/),
      expect.stringMatching(/^bo vote approve ok console:ops/),
      expect.stringMatching(/^bo button approve ok/),
      expect.stringMatching(
        /^ana OVHcloud POST \/v1\/dedicatedCloud\/\{id\}\/vmEncryption\/kms ok 200 console:ops \S+/,
      ),
      expect.stringMatching(`^ana run attach-okms succeeded console:ops ${runId}$`),
    ])
    const ofCloud = await audit(CLOUD)
    expect(ofCloud).toEqual(expect.arrayContaining(told))
  })

  it('of a credential: issued, offered, collected, confirmed, erased, by id and by name', async () => {
    await bot.type('ana: /okms credential reader 30d', 'settle', 'ana: press Collect', 'settle')
    await bot.type('ana: press Saved it', 'settle')
    const [credential] = bot.live()

    const told = await audit(credential!.id)

    const whats = told.map(row => row.split(' console:ops')[0])
    expect(whats).toEqual([
      'ana /okms credential name=reader validity=30d ok',
      'ana OVHcloud POST /v2/okms/resource/{id}/credential ok 200',
      expect.stringMatching(/^okms-bot delivery offered ok /),
      expect.stringMatching(/^ana delivery collected ok /),
      expect.stringMatching(/^ana button collect ok/),
      expect.stringMatching(/^ana delivery confirmed ok /),
      expect.stringMatching(/^ana button saved-it ok/),
      expect.stringMatching(/^okms-bot delivery erased ok /),
      'ana run issue-credential succeeded',
    ])
    expect(await audit('reader')).toEqual(expect.arrayContaining(told))
  })

  it('of a credential that nobody collected: lapsed and revoked', async () => {
    const runId = lastRunId(await bot.type('ana: /okms credential reader 31d', 'settle'))
    await bot.type('advance 2h', 'settle')

    const told = (await audit(runId)).join('\n')

    expect(told).toMatch(/okms-bot delivery lapsed ok/)
    expect(told).toMatch(/ana run issue-credential stopped/)
    expect((await audit('reader')).join('\n')).toMatch(
      /OVHcloud DELETE \/v2\/okms\/resource\/\{id\}\/credential\/\{id\} ok/,
    )
  })

  it('holds what was refused and what was mistyped, to bo and not to ana', async () => {
    await bot.type('dee: /okms list', 'ana: /okms lits', 'ana: /okms credential reader never')
    expect(await bot.type('ana: /okms audit')).toContain('You may not read the audit trail here.')

    const told = await audit()

    expect(told.slice(-4)).toEqual([
      expect.stringMatching(/^dee \/okms list access\.denied console:ops/),
      expect.stringMatching(/^ana \/okms unknown input\.invalid/),
      expect.stringMatching(/^ana \/okms credential name=reader validity=\(5 characters\) input\.invalid/),
      expect.stringMatching(/^ana \/okms audit access\.denied/),
    ])
    expect(await bot.type('bo: /okms audit pcc-192-0-2-99')).toContain('Nothing is told of "pcc-192-0-2-99".')
  })
})

it('holds no key, no request and no word that could be secret', async () => {
  const file = join(scratch, 'a.csr')
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
    file,
  )
  await bot.type(`ana: /okms credential vcenter 30d csr:${file}`, 'settle')
  await bot.type('ana: /okms credential reader 30d description:"hunter2 is my pass"', 'settle')

  const stream = JSON.stringify(await redis.xrange(keys.audit, '-', '+'))

  const csr = (await readFile(file, 'utf8')).split('\n').filter(line => /^[\w+/=]{32,}$/.test(line))
  expect(csr.length).toBeGreaterThan(5)
  for (const line of csr) expect(stream).not.toContain(line)
  expect(stream).toMatch(/csr=\(\d+ characters, SHA-256 [0-9a-f]{8}\)/)
  expect(stream).not.toContain('hunter2')
  const key = await bot.inbox.read('ana', 'reader.key.pem')
  const bytes = Buffer.from(stream)
  for (const trace of tracesOfKey(key.toString())) expect(bytes.includes(trace)).toBe(false)
})

describe('npm run audit:verify', () => {
  const trail = () =>
    createAudit(redis, {
      auditKeys: deriveAuditKeys(bot.secretKeys),
      clock: realClock,
      log: silentLog,
    })

  function verify(
    env: Record<string, string>,
    ...args: string[]
  ): Promise<{ code: number | null; said: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(PROJECT, 'dist/src/audit-verify.js'), ...args], {
        env: { PATH: process.env.PATH, ...env },
      })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (said += String(data)))
      child.on('error', reject)
      child.on('close', code => resolve({ code, said }))
    })
  }
  const setting = () => ({ REDIS_URL: bot.redis.url, SECRET_KEY: bot.secretKeys[0]!.reveal() })

  it('says that all is good, also against a head that the log told', async () => {
    const head = await trail().headLine()
    const line = JSON.stringify({ level: 'info', ...head, msg: 'audit head' })

    expect(await verify(setting())).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^The audit trail is good: \d+ entries unbroken/),
    })
    expect(await verify(setting(), '--head', line)).toMatchObject({
      code: 0,
      said: expect.stringContaining(`the head of entry ${head!.count} is among them`),
    })
  })

  it('exits 1 when an entry was removed or newest ones were cut off, and names it', async () => {
    const head = JSON.stringify(await trail().headLine())
    const all = await redis.xrange(keys.audit, '-', '+')
    await redis.xdel(keys.audit, all.at(-1)![0])

    expect((await verify(setting())).code).toBe(0)
    expect(await verify(setting(), '--head', head)).toMatchObject({
      code: 1,
      said: expect.stringContaining('The newest entries were cut off'),
    })
    await redis.xdel(keys.audit, all[3]![0])
    expect(await verify(setting())).toMatchObject({
      code: 1,
      said: expect.stringContaining(`at entry ${all[4]![0]}`),
    })
  })

  it('lists all wrong settings at once and exits 78, and 64 for words it does not know', async () => {
    const none = await verify({})
    expect(none.code).toBe(78)
    expect(none.said).toContain('2 settings need mending before the audit trail can be verified.')
    expect(none.said).toContain('REDIS_URL is missing')
    expect(none.said).toContain('AUDIT_KEY is missing, and so is SECRET_KEY')

    expect(await verify(setting(), '--head', 'yesterday')).toMatchObject({ code: 64 })
  })
})
