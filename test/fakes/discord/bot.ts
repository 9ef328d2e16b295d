/** A whole bot that speaks on the stand-in Discord through the real client: real Redis, real queues, the sandbox. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { loadDefinitions } from '../../../src/bot/load.js'
import { formatPolicyMistakes, parsePolicy } from '../../../src/bot/policy.js'
import { type CommonParts, type Half, openQueues, publishPolicy, startChat } from '../../../src/build-bot.js'
import { realChance } from '../../../src/core/ports/chance.js'
import { movableClock } from '../../../src/core/ports/clock.js'
import { Secret } from '../../../src/core/secret.js'
import { startDemoWorker } from '../../../src/demo/demo.js'
import { startRedisServer } from '../../../src/demo/redis-server.js'
import { createLog } from '../../../src/ops/log.js'
import { createPainter } from '../../../src/pictures/painter.js'
import { createDiscordDoor, type DiscordDoor } from '../../../src/platforms/discord/adapter.js'
import { createTimeTravel } from '../../../src/queue/time-travel.js'
import { startSandbox } from '../../../src/sandbox/sandbox.js'
import { startFakeDiscord } from './server.js'

const PROJECT = resolve(import.meta.dirname, '../../..')
export const OPERATOR_ROLE = '900000000000000010'

export type DiscordBot = Awaited<ReturnType<typeof startDiscordBot>>

export async function startDiscordBot() {
  const clock = movableClock()
  const logLines: string[] = []
  const log = createLog('debug', line => void logLines.push(line))
  const [redis, sandbox, discord, definitions] = await Promise.all([
    startRedisServer(),
    startSandbox(),
    startFakeDiscord(clock),
    loadDefinitions(PROJECT),
  ])
  await sandbox.control({ creating: '0s' })
  const policyFile = join(import.meta.dirname, 'policy.yaml')
  const parsed = parsePolicy(await readFile(policyFile, 'utf8'))
  if (!parsed.ok) throw new Error(formatPolicyMistakes(policyFile, parsed.mistakes))
  await publishPolicy(redis.url, parsed.policy, log)
  const people = {
    ana: discord.person('ana', [OPERATOR_ROLE]),
    bo: discord.person('bo'),
    cy: discord.person('cy'),
    dee: discord.person('dee'),
  }

  const common: CommonParts = {
    redisUrl: redis.url,
    secretKeys: [new Secret(randomBytes(32).toString('base64'))],
    auditKeys: [new Secret(randomBytes(32).toString('base64'))],
    definitions,
    platforms: ['discord'],
    clock,
    chance: realChance,
    log,
  }
  let door: DiscordDoor
  let chat: Half & { busy(): boolean }
  let fatal = 0
  const createDoor = () =>
    createDiscordDoor({
      token: new Secret(discord.token),
      applicationId: discord.applicationId,
      guildIds: [discord.guildId],
      apiUrl: discord.apiUrl,
      log,
      clock,
      painter: createPainter(log),
      onFatal: () => void fatal++,
      paceMs: 0,
    })
  const startChatHalf = async () => {
    door = createDoor()
    chat = await startChat({ ...common, doors: [door] })
  }
  const worker = await startDemoWorker({ common, sandbox })
  await startChatHalf()
  const watched = openQueues(redis.url, common.platforms, log)
  const travel = createTimeTravel({
    queues: watched.queues,
    clock,
    busy: () => chat.busy() || door.isBusy(),
    async moveTo(atMs) {
      const byMs = Math.max(0, Math.ceil(atMs - clock.now()))
      clock.moveTo(atMs)
      await sandbox.control({ advance: `${byMs}ms` })
    },
  })

  return {
    discord,
    sandbox,
    redis,
    people,
    logLines,
    clock,
    travel,
    fatal: () => fatal,
    isConnected: () => door.isConnected(),
    person: (name: keyof typeof people) => people[name],
    settles: travel.settle,
    advances: (byMs: number) => travel.advance(clock.now() + byMs),
    /** The chat process ends and another begins: it knows nothing but what is in Redis. */
    async restarts() {
      await chat.stop()
      await startChatHalf()
    },
    /** A second chat process beside the first one; from now on it is the one that the bot consists of. */
    async startsSecond(): Promise<{ stopsFirst(): Promise<void> }> {
      const first = chat
      await startChatHalf()
      return { stopsFirst: first.stop }
    },
    /** Everything Redis holds, as bytes. */
    async dumpsRedis(): Promise<Buffer> {
      await promisify(execFile)('redis-cli', ['-u', redis.url, 'save'])
      const files = await readdir(redis.dir, { recursive: true, withFileTypes: true })
      const wanted = files
        .filter(file => file.isFile())
        .map(file => readFile(join(file.parentPath, file.name)))
      return Buffer.concat(await Promise.all(wanted))
    },
    /** Redis takes commands and answers none for so long. */
    pausesRedis: (forMs: number) =>
      promisify(execFile)('redis-cli', ['-u', redis.url, 'client', 'pause', String(forMs)]),
    live: () => sandbox.credentials().filter(({ status }) => status === 'READY' || status === 'CREATING'),
    async stop() {
      await chat.stop()
      await worker.stop()
      await watched.close()
      await Promise.all([sandbox.close(), discord.stop()])
      await redis.stop()
    },
  }
}
