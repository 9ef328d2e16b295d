/** What a stranger types: npm run demo with a script, npm start with nothing set, npm run policy:check. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRedisServer } from '../../src/demo/redis-server.js'
import { startSandbox } from '../../src/sandbox/sandbox.js'
import { compile } from '../fakes/compiled.js'
import { PROJECT } from '../fakes/test-bot.js'

let home: string
beforeAll(async () => {
  compile()
  home = await mkdtemp(join(tmpdir(), 'okms-home-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** Only what a shell needs: no setting of the surroundings leaks in. */
const BARE = { PATH: process.env.PATH, HOME: process.env.HOME }

function run(file: string, { input = '', env = {}, args = [] as string[] } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(PROJECT, 'dist/src', file), ...args], {
      env: { ...BARE, ...env },
    })
    const out = { stdout: '', stderr: '' }
    child.stdout.on('data', data => (out.stdout += data))
    child.stderr.on('data', data => (out.stderr += data))
    child.on('error', reject)
    child.on('close', code => resolve({ code, ...out }))
    child.stdin.end(input)
  })
}

describe('the demo in a pipe', () => {
  it('speaks in plain prefixed lines, leaves the files, and exits 0 with nothing left running', async () => {
    const input = [
      'ana: /okms list',
      'ana: /okms credential reader 30d',
      'settle',
      'ana: press Collect',
      'settle',
      '',
    ].join('\n')

    const { code, stdout } = await run('demo/main.js', { input, env: { OKMS_HOME: home } })

    expect(code).toBe(0)
    expect(stdout).not.toContain('\u001b')
    for (const line of stdout.trimEnd().split('\n'))
      expect(line).toMatch(/^\[(#ops|only ana|dm ana|thread \w+|console)\]/)
    expect(await readdir(join(home, 'inbox/ana'))).toEqual(['ca.pem', 'reader.cert.pem', 'reader.key.pem'])
    expect(await readFile(join(home, 'demo.log'), 'utf8')).not.toContain('PRIVATE KEY')
  })

  it('exits 1 when a line was no known console form, and 0 when a command was refused', async () => {
    const unknown = await run('demo/main.js', {
      input: 'good morning\nzoe: /okms list\n',
      env: { OKMS_HOME: home },
    })
    expect(unknown.code).toBe(1)
    expect(unknown.stdout).toContain('help shows what it knows')

    const refused = await run('demo/main.js', { input: 'dee: /okms list\n', env: { OKMS_HOME: home } })
    expect(refused.code).toBe(0)
    expect(refused.stdout).toContain('You may not look at anything here.')
  })
})

describe('npm start', () => {
  it('lists every wrong or missing setting at once, and exits 78 without a stack trace', async () => {
    const { code, stderr } = await run('main.js', {
      env: { SECRET_KEY: 'short', OVH_CLIENT_ID: 'a', OVH_ACCESS_TOKEN: 'b', LOG_LEVEL: 'loud' },
    })

    expect(code).toBe(78)
    for (const name of ['REDIS_URL', 'SECRET_KEY', 'LOG_LEVEL', 'OVH_CLIENT_ID', 'DISCORD_TOKEN'])
      expect(stderr).toContain(name)
    expect(stderr).toContain('example')
    expect(stderr).not.toMatch(/\bat .*\.js:\d+/)
  })
})

describe('npm run policy:check', () => {
  it('says that a policy is good, and what is wrong with one that is not, by line', async () => {
    const good = await run('policy-check.js', { args: [join(PROJECT, 'demo/policy.yaml')] })
    expect(good).toMatchObject({ code: 0 })
    expect(good.stdout).toContain('is good')

    const file = join(home, 'policy.yaml')
    await writeFile(file, 'people:\n  ana: { console: ana }\nroles:\n  operator: { people: [anna] }\n')
    const bad = await run('policy-check.js', { args: [file] })
    expect(bad.code).toBe(1)
    expect(bad.stdout).toContain(`${file}:4`)
    expect(bad.stdout).toContain('ana')

    expect(await run('policy-check.js', { args: [join(home, 'none.yaml')] })).toMatchObject({ code: 66 })
  })
})

describe('npm run doctor', () => {
  it('says what is good and what is not, with the line that mends it', async () => {
    const redis = await startRedisServer({ appendOnly: false })
    const sandbox = await startSandbox()
    const { url, applicationKey, applicationSecret, consumerKey } = sandbox.info
    const env = {
      ROLE: 'worker',
      REDIS_URL: redis.url,
      SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      POLICY_FILE: join(home, 'missing.yaml'),
      OVH_ENDPOINT: url,
      OVH_APPLICATION_KEY: applicationKey,
      OVH_APPLICATION_SECRET: applicationSecret,
      OVH_CONSUMER_KEY: consumerKey,
    }

    const ill = await run('doctor.js', { env })
    const unknown = await run('doctor.js', { env: { ...env, OVH_CONSUMER_KEY: 'x'.repeat(32) } })
    const unset = await run('doctor.js', {})
    await Promise.all([redis.stop(), sandbox.close()])

    expect(ill.code).toBe(1)
    expect(ill.stdout).toContain('❌ There is no policy file')
    expect(ill.stdout).toContain('❌ Redis forgets runs when it stops\n   CONFIG SET appendonly yes')
    expect(ill.stdout).toContain('✅ Redis maxmemory-policy noeviction')
    expect(ill.stdout).toContain('✅ 2 OKMS in sight')
    expect(unknown.stdout).toMatch(/❌ OVHcloud http/)
    expect(`${ill.stdout}${unknown.stdout}`).not.toContain(applicationSecret)
    expect(unset.code).toBe(78)
  })
})
