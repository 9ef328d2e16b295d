/** `npm start` as a process of its own: both platforms at once against their stand-ins, the sandbox behind, and an orderly end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { movableClock } from '../../src/core/ports/clock.js'
import { type RedisServer, startRedisServer } from '../../src/demo/redis-server.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js'
import { compile } from '../fakes/compiled.js'
import { type FakeDiscord, startFakeDiscord } from '../fakes/discord/server.js'
import { deliverOverHttp, SIGNING_SECRET } from '../fakes/slack/deliver.js'
import { createPerson } from '../fakes/slack/people.js'
import { BOT_TOKEN, type SlackServer, startSlackServer } from '../fakes/slack/server.js'
import { BOT_USER, World } from '../fakes/slack/world.js'
import { PROJECT } from '../fakes/test-bot.js'

const OPERATOR_ROLE = '900000000000000010'

let home: string
let redis: RedisServer
let sandbox: Sandbox
let discord: FakeDiscord
let slack: SlackServer
let bot: ChildProcess
let stderr = ''
const clock = movableClock()
const world = new World(clock)
const ports = { ops: 0, slack: 0 }

beforeAll(async () => {
  compile()
  home = await mkdtemp(join(tmpdir(), 'okms-start-'))
  world.addChannel('ops', [world.addUser('ana'), BOT_USER])
  ;[redis, sandbox, discord, slack, ports.ops, ports.slack] = await Promise.all([
    startRedisServer(),
    startSandbox({ creating: '0s' }),
    startFakeDiscord(clock),
    startSlackServer(world),
    freePort(),
    freePort(),
  ])
  await writeFile(join(home, 'policy.yaml'), await policyForBoth())
  bot = await starts()
})
afterAll(async () => {
  await kills(bot)
  await Promise.all([discord?.stop(), slack?.stop(), sandbox?.close(), redis?.stop()])
  await rm(home, { recursive: true, force: true })
})

/** A bot that is ready. */
async function starts(): Promise<ChildProcess> {
  const started = spawn(process.execPath, [join(PROJECT, 'dist/src/main.js')], {
    env: settings(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  started.stderr?.on('data', data => (stderr += data))
  while ((await ready()) !== 200) {
    if (started.exitCode !== null) throw new Error(`the bot did not start: ${stderr}`)
    await sleep(50)
  }
  return started
}

async function kills(process: ChildProcess | undefined): Promise<void> {
  if (process?.exitCode !== null || process.signalCode !== null) return
  process.kill('SIGKILL')
  await once(process, 'exit')
}

function settings(): NodeJS.ProcessEnv {
  const { url, clientId, clientSecret, tokenUrl } = sandbox.info
  return {
    PATH: process.env.PATH,
    REDIS_URL: redis.url,
    SECRET_KEY: randomBytes(32).toString('base64'),
    POLICY_FILE: join(home, 'policy.yaml'),
    OVH_ENDPOINT: url,
    OVH_CLIENT_ID: clientId,
    OVH_CLIENT_SECRET: clientSecret,
    OVH_TOKEN_URL: tokenUrl,
    DISCORD_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
    DISCORD_GUILD_IDS: discord.guildId,
    DISCORD_API_URL: discord.apiUrl,
    SLACK_BOT_TOKEN: BOT_TOKEN,
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    SLACK_API_URL: slack.url,
    SLACK_PORT: String(ports.slack),
    OPS_PORT: String(ports.ops),
  }
}

/** The demo's policy with ana on both platforms. */
async function policyForBoth(): Promise<string> {
  const demo = await readFile(join(PROJECT, 'demo/policy.yaml'), 'utf8')
  return demo
    .replace('{ console: ana }', '{ discord: "900000000000000001", slack: U00ANA }')
    .replaceAll('"console:*"', '"discord:*", "slack:*"')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const ready = () =>
  fetch(`http://127.0.0.1:${ports.ops}/readyz`).then(
    ({ status }) => status,
    () => 0,
  )

it('answers on Discord and on Slack, and issues a credential from either', async () => {
  const onDiscord = discord.person('ana', [OPERATOR_ROLE])
  const onSlack = createPerson('ana', {
    world,
    server: slack,
    delivery: () => deliverOverHttp(() => ports.slack, clock, []),
    home: 'ops',
  })

  await onDiscord.says('/okms list')
  await onSlack.says('/okms list')
  await expect.poll(() => onDiscord.sees().join('\n'), { timeout: 10_000 }).toContain('prod-kms')
  await expect.poll(() => onSlack.sees().join('\n'), { timeout: 10_000 }).toContain('prod-kms')

  await onDiscord.says('/okms credential reader 30d')
  await onSlack.says('/okms credential reader 31d')
  await expect.poll(() => onDiscord.sees().join('\n'), { timeout: 20_000 }).toContain('[Collect]')
  await expect.poll(() => onSlack.sees().join('\n'), { timeout: 20_000 }).toContain('[Collect]')
  expect(sandbox.credentials()).toHaveLength(2)
})

it('shows health and numbers to its operators', async () => {
  const get = (path: string) => fetch(`http://127.0.0.1:${ports.ops}${path}`)

  expect((await get('/healthz')).status).toBe(200)
  const metrics = await (await get('/metrics')).text()
  expect(metrics).toContain('okms_bot_commands_total{command="list",outcome="ok"} 2')
  expect((await get('/queues')).status).toBe(404)
})

it('sent nothing that Discord or Slack would refuse, and wrote no token into its log', async () => {
  expect(discord.refusals()).toEqual([])
  expect(slack.mistakes).toEqual([])
  for (const secret of [discord.token, BOT_TOKEN, SIGNING_SECRET, sandbox.info.clientSecret]) {
    expect(stderr).not.toContain(secret)
  }
})

it('leaves in order on SIGTERM', async () => {
  const started = Date.now()
  const left = once(bot, 'exit')
  bot.kill('SIGTERM')

  expect(await left).toEqual([0, null])
  expect(Date.now() - started).toBeLessThan(25_000)
})

it('leaves soon on SIGTERM when Redis is gone, and says that nothing is lost', async () => {
  bot = await starts()
  await redis.stop()
  const signalled = Date.now()
  const left = once(bot, 'exit')
  bot.kill('SIGTERM')

  expect(await left).toEqual([0, null])
  expect(Date.now() - signalled).toBeLessThan(10_000)
  expect(stderr).toContain('left without redis; what was in hand is taken up again once it is back')
})
