/** The container image and the compose file: what is in them, and that what is in them runs, as somebody without rights. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { isSecretName, SETTINGS, type SettingName } from '../../src/config/settings.js'
import { readConfig } from '../../src/config.js'
import { type RedisServer, startRedisServer } from '../../src/demo/redis-server.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js'
import { buildImage, type Image, inside } from '../fakes/image.js'
import { PROJECT } from '../fakes/test-bot.js'
import { importsOf } from '../import-rules.js'

/** Two installations and a compilation, on a machine that may be busy. */
const BUILD_WITHIN_MS = 240_000
const LEAVE_WITHIN_MS = 25_000

/** `nobody` where we may become somebody else. */
const OTHER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
const who = 'uid' in OTHER ? 'nobody' : 'the user of the tests, who may not become another'

let folder: string
let image: Image
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okms-image-'))
  await chmod(folder, 0o755)
  image = await buildImage(PROJECT, folder)
}, BUILD_WITHIN_MS)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the image', () => {
  it('holds the compiled bot, its packages, and nothing of its making', async () => {
    expect((await readdir(inside(image, '.'))).sort()).toEqual([
      'LICENSE',
      'dist',
      'node_modules',
      'package.json',
    ])
    expect((await readdir(inside(image, 'dist'))).sort()).toEqual(['commands', 'jobs', 'src'])
    const files = await readdir(inside(image, 'dist'), { recursive: true })
    expect(files.filter(file => /\.(ts|map)$/.test(file))).toEqual([])
  })

  it('holds neither sandbox nor demo', async () => {
    expect(await readdir(inside(image, 'dist/src'))).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/sandbox|demo/)]),
    )
  })

  it('holds no package that only development needs', async () => {
    const { packages } = JSON.parse(await readFile(join(PROJECT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>
    }
    // What development needs and an optional package too may be there; the compiler is such a one, and is not used.
    const names = Object.keys(packages).filter(name => packages[name]!.dev || /\btypescript\b/.test(name))

    expect(names).toEqual(expect.arrayContaining(['node_modules/typescript', 'node_modules/vitest']))
    expect(names.filter(name => existsSync(inside(image, name)))).toEqual([])
  })

  it('runs as a number that is not root, stops on SIGTERM, and starts without a shell', () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(image.stopSignal).toBe('SIGTERM')
    expect(image.command).toEqual(['node', 'dist/src/main.js'])
    expect(image.base).toMatch(/^node:\d+-[a-z]+-slim$/)
    expect(image.env).toEqual({ NODE_ENV: 'production' })
  })

  it('draws pictures, with a font that it brings along', () => {
    const facts = { fileName: 'a.png', nowMs: 0, more: 0, rows: [] }
    const script = `
      const { createPainter } = await import('./dist/src/pictures/painter.js')
      const log = { warn: (said, why) => { throw new Error(JSON.stringify(why)) } }
      const { bytes } = await createPainter(log).draw(${JSON.stringify(facts)})
      process.stdout.write(bytes.toString('latin1', 1, 4))
    `
    const drawn = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: inside(image, '.'),
      encoding: 'utf8',
      ...OTHER,
    })

    expect(drawn).toMatchObject({ stdout: 'PNG', stderr: '' })
  })
})

describe('production', () => {
  it('never loads the sandbox or the demo: no import leads there from main.ts, a command or a job', () => {
    const sources = new Map(
      ['src', 'commands', 'jobs'].flatMap(top =>
        readdirSync(join(PROJECT, top), { recursive: true, encoding: 'utf8' })
          .filter(path => path.endsWith('.ts'))
          .map((path): [string, string] => [join(top, path), readFileSync(join(PROJECT, top, path), 'utf8')]),
      ),
    )
    const imports = importsOf(sources)
    const reached = new Set([
      'src/main.ts',
      ...[...sources.keys()].filter(path => /^(commands|jobs)\//.test(path)),
    ])
    for (const path of reached) {
      for (const { from, to } of imports) if (from === path && to !== null) reached.add(to)
    }

    expect(reached).toContain('src/build-bot.ts')
    expect([...reached].filter(path => /^src\/(sandbox|demo)\//.test(path))).toEqual([])
  })
})

interface Bot {
  child: ChildProcess
  log(): string
  get(path: string): Promise<Response>
  /** The exit code. */
  ended: Promise<number | null>
}

const running: ChildProcess[] = []

function startImage(env: Record<string, string>): Bot {
  const [program, ...args] = image.command
  const child = spawn(program === 'node' ? process.execPath : program!, args, {
    cwd: inside(image, '.'),
    env: { PATH: process.env.PATH, ...image.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...OTHER,
  })
  running.push(child)
  let log = ''
  child.stderr!.on('data', data => (log += data))
  return {
    child,
    log: () => log,
    get: path => fetch(`http://127.0.0.1:${env.OPS_PORT}${path}`),
    ended: once(child, 'close').then(([code]) => code as number | null),
  }
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' ? String(address!.port) : ''
}

describe(`what is in the image, started as ${who}`, () => {
  let redis: RedisServer
  let sandbox: Sandbox
  beforeAll(async () => {
    redis = await startRedisServer({ appendOnly: false })
    sandbox = await startSandbox({ port: 0, tlsPort: 0, kmipPort: 0, kmipRsaPort: 0 })
  })
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL')
    await sandbox.close()
    await redis.stop()
  })

  const settings = async () => ({
    ROLE: 'worker',
    REDIS_URL: redis.url,
    SECRET_KEY: randomBytes(32).toString('base64'),
    OVH_ENDPOINT: sandbox.info.url,
    OVH_APPLICATION_KEY: sandbox.info.applicationKey,
    OVH_APPLICATION_SECRET: sandbox.info.applicationSecret,
    OVH_CONSUMER_KEY: sandbox.info.consumerKey,
    OPS_PORT: await freePort(),
  })

  it('lists the settings that are missing, and exits 78', async () => {
    const bot = startImage({})

    expect(await bot.ended).toBe(78)
    for (const name of ['REDIS_URL', 'SECRET_KEY', 'OVH_CLIENT_ID']) expect(bot.log()).toContain(name)
    expect(bot.log()).not.toMatch(/\bat .*\.js:\d+/)
  })

  it('becomes ready, is found healthy, tells its metrics, and leaves on SIGTERM with 0', async () => {
    const bot = startImage(await settings())
    await expect
      .poll(async () => (await bot.get('/readyz').catch(() => null))?.status, { timeout: 20_000 })
      .toBe(200)

    const [program, ...args] = image.healthCommand
    expect(program).toBe('node')
    const env = { PATH: process.env.PATH, OPS_PORT: new URL((await bot.get('/healthz')).url).port }
    expect(spawnSync(process.execPath, args, { env, timeout: 5000 }).status).toBe(0)
    const metrics = await (await bot.get('/metrics')).text()
    expect(metrics).toContain('okms_bot_ready{check="redis"} 1')
    expect(metrics).toContain('okms_bot_queue_jobs{queue="flows",state="waiting"}')
    expect((await bot.get('/queues')).status).toBe(404)

    bot.child.kill('SIGTERM')
    expect(await Promise.race([bot.ended, sleep(LEAVE_WITHIN_MS, 'still there')])).toBe(0)
    expect(spawnSync(process.execPath, args, { env, timeout: 5000 }).status).toBe(1)
    expect(bot.log()).not.toMatch(/"level":"error"/)
  })

  it('says that it is not ready while Redis is away, and lives on', async () => {
    const own = await startRedisServer({ appendOnly: false })
    const bot = startImage({ ...(await settings()), REDIS_URL: own.url })
    await expect
      .poll(async () => (await bot.get('/readyz').catch(() => null))?.status, { timeout: 20_000 })
      .toBe(200)

    await own.stop()

    await expect.poll(async () => (await bot.get('/readyz')).status, { timeout: 10_000 }).toBe(503)
    expect(await (await bot.get('/readyz')).json()).toMatchObject({
      ok: false,
      checks: expect.arrayContaining([expect.objectContaining({ name: 'redis', ok: false })]),
    })
    expect((await bot.get('/healthz')).status).toBe(200)
    expect(bot.child.exitCode).toBeNull()
  })
})

describe('compose.yaml', () => {
  interface Service {
    command?: string[]
    environment?: Record<string, string>
    secrets?: string[]
    volumes?: string[]
    [other: string]: unknown
  }
  const { services, secrets } = parse(readFileSync(join(PROJECT, 'compose.yaml'), 'utf8'), {
    merge: true,
  }) as {
    services: { redis: Service; bot: Service }
    secrets: Record<string, { file: string }>
  }
  const { redis, bot } = services

  it('keeps everything that Redis is told, and shows Redis to the bot alone', () => {
    const said = redis.command!.join(' ')
    expect(said).toContain('--appendonly yes')
    expect(said).toContain('--maxmemory-policy noeviction')
    expect(redis.volumes).toEqual(['redis:/data'])
    expect(redis).toHaveProperty('healthcheck')
    expect(redis).not.toHaveProperty('ports')
    expect(redis.networks).toEqual(['inside'])
  })

  it('gives the bot settings that it starts with, and every secret by file', () => {
    const environment = bot.environment!
    const fake: Record<string, string> = {
      secret_key: randomBytes(32).toString('base64'),
      ovh_client_secret: 'fake',
      discord_token: 'fake.discord.token',
      slack_bot_token: 'xoxb-fake',
      slack_app_token: 'xapp-fake',
    }
    const read = readConfig(environment, path => fake[path.replace('/run/secrets/', '')] ?? '')

    expect(read).not.toHaveProperty('mistakes')
    expect(read.warnings).toEqual([])
    const bySecret = Object.keys(SETTINGS).filter(name => isSecretName(name as SettingName))
    // Redis without a password is alone in its network.
    expect(bySecret.filter(name => name in environment)).toEqual(['REDIS_URL'])
    const files = Object.entries(environment).filter(
      ([name]) => name.endsWith('_FILE') && name !== 'POLICY_FILE',
    )
    expect(files.map(([, path]) => path.replace('/run/secrets/', '')).sort()).toEqual(
      [...bot.secrets!].sort(),
    )
    expect(Object.keys(secrets).sort()).toEqual([...bot.secrets!].sort())
    expect(bot.volumes).toContain(`./policy.yaml:${environment.POLICY_FILE}:ro`)
  })

  it('lets the bot write nowhere and gain nothing, and waits for it when it leaves', () => {
    expect(bot).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      stop_grace_period: '30s',
      depends_on: { redis: { condition: 'service_healthy' } },
    })
  })

  it('keeps what it is given out of the image and out of the repository', () => {
    const ignored = readFileSync(join(PROJECT, '.gitignore'), 'utf8').split('\n')

    expect(ignored).toEqual(expect.arrayContaining(['/secrets/', '/policy.yaml']))
    expect(readFileSync(join(PROJECT, '.dockerignore'), 'utf8')).toMatch(/^\*$/m)
  })
})
