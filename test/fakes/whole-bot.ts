/**
 * A whole bot with any doors at once: real Redis, real queues, the sandbox, one chat half and one worker half that can be started anew,
 * and one clock for all. What people do is up to its sides.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadDefinitions } from '../../src/bot/load.js'
import { formatPolicyMistakes, parsePolicy } from '../../src/bot/policy.js'
import { type CommonParts, openQueues, publishPolicy, startChat } from '../../src/build-bot.js'
import { realChance } from '../../src/core/ports/chance.js'
import type { ChatDoor } from '../../src/core/ports/chat.js'
import { type MovableClock, movableClock } from '../../src/core/ports/clock.js'
import type { Log } from '../../src/core/ports/log.js'
import { Secret } from '../../src/core/secret.js'
import { startDemoWorker } from '../../src/demo/demo.js'
import { startRedisServer } from '../../src/demo/redis-server.js'
import { createLog } from '../../src/ops/log.js'
import { createTimeTravel } from '../../src/queue/time-travel.js'
import { startSandbox } from '../../src/sandbox/sandbox.js'
import { keys } from '../../src/store/keys.js'
import { connectRedis } from '../../src/store/redis.js'
import type { Side } from './talking.js'
import { PROJECT } from './test-bot.js'

export const EVERYWHERE = join(PROJECT, 'test/fixtures/policies/everywhere.yaml')

type SideMaker = (parts: { clock: MovableClock; log: Log }) => Promise<Side>
export type WholeBot<M extends Record<string, SideMaker> = Record<string, SideMaker>> = Awaited<
  ReturnType<typeof startBot<M>>
>

export interface BotOptions {
  policyFile?: string
  /** Stands between the bot and each side. */
  watched?(door: ChatDoor): ChatDoor
}

export async function startBot<M extends Record<string, SideMaker>>(make: M, options: BotOptions = {}) {
  const { policyFile = EVERYWHERE, watched = door => door } = options
  const logLines: string[] = []
  const log = createLog('debug', line => void logLines.push(line))
  const clock = movableClock()
  const parsed = parsePolicy(await readFile(policyFile, 'utf8'))
  if (!parsed.ok) throw new Error(formatPolicyMistakes(policyFile, parsed.mistakes))
  const [redis, sandbox, definitions] = await Promise.all([
    startRedisServer(),
    startSandbox(),
    loadDefinitions(PROJECT),
  ])
  await publishPolicy(redis.url, parsed.policy, log)
  await sandbox.control({ creating: '0s' })
  const made: [string, Side][] = []
  for (const [name, maker] of Object.entries(make)) made.push([name, await maker({ clock, log })])
  const sides = Object.fromEntries(made) as { [K in keyof M]: Awaited<ReturnType<M[K]>> }
  const all = made.map(([, side]) => side)

  const common: CommonParts = {
    redisUrl: redis.url,
    secretKeys: [new Secret(randomBytes(32).toString('base64'))],
    auditKeys: [new Secret(randomBytes(32).toString('base64'))],
    definitions,
    platforms: all.map(({ platform }) => platform),
    clock,
    chance: realChance,
    log,
  }
  let dying: { wanted(key: string): boolean; died(): void } | null = null
  /** Throwing here leaves everything as a sender leaves it that is killed: sent, and not noted. */
  async function afterSend(key: string): Promise<void> {
    if (!dying?.wanted(key)) return
    dying.died()
    dying = null
    throw new Error(`the sender was killed after ${key}`)
  }
  let doors: ReturnType<Side['createDoor']>[]
  const startChatHalf = () => {
    doors = all.map(side => side.createDoor())
    return startChat({ ...common, doors: doors.map(watched), afterSend })
  }
  let worker = await startDemoWorker({ common, sandbox })
  let chat = await startChatHalf()
  const queues = openQueues(redis.url, common.platforms, log)
  const moveTo = async (atMs: number) => {
    const byMs = Math.max(0, Math.ceil(atMs - clock.now()))
    clock.moveTo(atMs)
    await sandbox.control({ advance: `${byMs}ms` })
  }
  const travel = createTimeTravel({
    queues: queues.queues,
    clock,
    busy: () => chat.busy() || doors.some(door => door.isBusy?.() ?? false),
    moveTo,
  })

  /** A lane whose sender was killed is free for another after half a minute. */
  async function leasesRunOut(): Promise<void> {
    const store = connectRedis(redis.url, 'worker', log)
    for (const key of await store.keys(keys.laneState('*')))
      await store.hdel(key, 'token', 'leaseUntil', 'calledUntil')
    store.disconnect()
  }

  return {
    sides,
    sandbox,
    redis,
    clock,
    logLines,
    async settles() {
      await travel.settle()
      while (all.some(side => side.isAtWork())) await sleep(10)
    },
    /** Time goes by and nothing that is due happens yet. */
    passes: (byMs: number) => moveTo(clock.now() + byMs),
    advances: (byMs: number) => travel.advance(clock.now() + byMs),
    /** Both halves end and others begin: they know nothing but what is in Redis. */
    async restarts() {
      await chat.stop()
      await worker.stop()
      worker = await startDemoWorker({ common, sandbox })
      chat = await startChatHalf()
    },
    /**
     * The process that sends is killed right after the platform took a message whose key ends so, before that was noted; another
     * one takes over, `meanwhile` having led to the message.
     */
    async senderDiesAfter(key: string, meanwhile: () => Promise<void>) {
      const died = new Promise<void>(resolve => {
        dying = { wanted: sent => sent.endsWith(key), died: resolve }
      })
      await meanwhile()
      await died
      await chat.stop()
      await leasesRunOut()
      chat = await startChatHalf()
    },
    /** The live credentials at OVHcloud. */
    live: () => sandbox.credentials().filter(({ status }) => status === 'READY' || status === 'CREATING'),
    async stop() {
      await chat.stop()
      await worker.stop()
      await queues.close()
      for (const side of all) await side.stop()
      await sandbox.close()
      await redis.stop()
    },
  }
}
