/**
 * A whole bot on the stand-in for Slack: real Redis, real queues, the sandbox, and the real Bolt and Web API clients. People talk to
 * it by the verbs of talking.ts.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadDefinitions } from '../../../src/bot/load.js'
import { formatPolicyMistakes, parsePolicy } from '../../../src/bot/policy.js'
import { type CommonParts, openQueues, publishPolicy, startChat } from '../../../src/build-bot.js'
import { realChance } from '../../../src/core/ports/chance.js'
import { movableClock } from '../../../src/core/ports/clock.js'
import { Secret } from '../../../src/core/secret.js'
import { startDemoWorker } from '../../../src/demo/demo.js'
import { startRedisServer } from '../../../src/demo/redis-server.js'
import { createLog } from '../../../src/ops/log.js'
import { createPainter } from '../../../src/pictures/painter.js'
import { createSlackDoor, type SlackDoor } from '../../../src/platforms/slack/adapter.js'
import { SCOPES } from '../../../src/platforms/slack/manifest.js'
import { createTimeTravel } from '../../../src/queue/time-travel.js'
import { startSandbox } from '../../../src/sandbox/sandbox.js'
import type { Talking } from '../talking.js'
import { PROJECT } from '../test-bot.js'
import { type Delivery, deliverOverHttp, deliverOverSocket, SIGNING_SECRET } from './deliver.js'
import { createPerson, type SlackPerson } from './people.js'
import { APP_TOKEN, BOT_TOKEN, startSlackServer } from './server.js'
import { BOT_USER, World } from './world.js'

export const PEOPLE = ['ana', 'bo', 'cy', 'dee'] as const

export interface SlackBotOptions {
  way?: 'http' | 'socket'
  /** Between two messages in one conversation; the real second would be waited for again and again. */
  paceMs?: number
}

export type SlackBot = Awaited<ReturnType<typeof startSlackBot>>

export async function startSlackBot({ way = 'http', paceMs = 0 }: SlackBotOptions = {}) {
  const logLines: string[] = []
  const log = createLog('debug', line => void logLines.push(line))
  const clock = movableClock()
  const world = new World(clock)
  const ids = PEOPLE.map(name => world.addUser(name))
  world.addChannel('ops', [...ids, BOT_USER])
  world.addChannel('sec', [...ids, BOT_USER])
  world.addChannel('elsewhere', ids)

  const [redis, sandbox, definitions, server, policy] = await Promise.all([
    startRedisServer(),
    startSandbox(),
    loadDefinitions(PROJECT),
    startSlackServer(world),
    slackPolicy(),
  ])
  server.grants.scopes = Object.keys(SCOPES)
  await publishPolicy(redis.url, policy, log)
  await sandbox.control({ creating: '0s' })

  const common: CommonParts = {
    redisUrl: redis.url,
    secretKeys: [new Secret(randomBytes(32).toString('base64'))],
    auditKeys: [new Secret(randomBytes(32).toString('base64'))],
    definitions,
    platforms: ['slack'],
    clock,
    chance: realChance,
    log,
  }
  const tookMs: number[] = []
  let door: SlackDoor
  let delivery: Delivery
  const startChatHalf = async () => {
    door = createSlackDoor({
      botToken: new Secret(BOT_TOKEN),
      transport:
        way === 'http'
          ? { way, signingSecret: new Secret(SIGNING_SECRET), port: 0 }
          : { way, appToken: new Secret(APP_TOKEN) },
      teamIds: [],
      apiUrl: server.url,
      log,
      clock,
      painter: createPainter(log),
      paceMs,
    })
    const half = await startChat({ ...common, doors: [door] })
    delivery =
      way === 'http' ? deliverOverHttp(() => door.port()!, clock, tookMs) : deliverOverSocket(server, tookMs)
    return half
  }
  let chat = await startChatHalf()
  let worker = await startDemoWorker({ common, sandbox })
  const watched = openQueues(redis.url, common.platforms, log)
  const travel = createTimeTravel({
    queues: watched.queues,
    clock,
    busy: () => door.isBusy() || chat.busy(),
    async moveTo(atMs) {
      const byMs = Math.max(0, Math.ceil(atMs - clock.now()))
      clock.moveTo(atMs)
      await sandbox.control({ advance: `${byMs}ms` })
    },
  })

  const people = new Map<string, SlackPerson>()
  const personParts = { world, server, delivery: () => delivery, home: 'ops' }
  const talking: Talking = {
    person: name => personNamed(name),
    async settles() {
      await travel.settle()
      // Slack itself may still be sharing what it took.
      while (world.hasHiddenFiles()) await sleep(10)
    },
    async stop() {
      await chat.stop()
      await worker.stop()
      await watched.close()
      await server.stop()
      await sandbox.close()
      await redis.stop()
    },
  }
  function personNamed(name: string): SlackPerson {
    const known = people.get(name) ?? createPerson(name, personParts)
    people.set(name, known)
    return known
  }

  return {
    ...talking,
    person: personNamed,
    /** Somebody of another workspace, in a channel that both share. */
    guest(name: string, team: string): SlackPerson {
      const id = world.addUser(name)
      for (const channel of world.channels.values()) if (channel.kind === 'public') channel.members.add(id)
      return createPerson(name, { ...personParts, team })
    },
    world,
    server,
    sandbox,
    redis,
    clock,
    logLines,
    port: () => door.port()!,
    /** How long each took, in milliseconds, newest last. */
    acknowledgements: () => tookMs,
    advance: (byMs: number) => travel.advance(clock.now() + byMs),
    /** The chat process and the worker end, and new ones take over. */
    async restarts() {
      await chat.stop()
      await worker.stop()
      chat = await startChatHalf()
      worker = await startDemoWorker({ common, sandbox })
    },
    /** The live credentials at OVHcloud. */
    live: () => sandbox.credentials().filter(({ status }) => status === 'READY' || status === 'CREATING'),
  }
}

/** The policy of the demo, with the same people on Slack. */
async function slackPolicy() {
  const demo = await readFile(join(PROJECT, 'demo/policy.yaml'), 'utf8')
  const text = demo
    .replaceAll(
      /\{ console: (\w+) \}/g,
      (_, name: string) => `{ console: ${name}, slack: U00${name.toUpperCase()} }`,
    )
    .replaceAll('"console:*"', '"console:*", "slack:*"')
    .replaceAll('channel: console:ops', 'channel: slack:C00OPS')
    .replace('operator: { people: [ana, cy] }', 'operator: { people: [ana, cy], slack: ["group:S00OPS"] }')
  const parsed = parsePolicy(text)
  if (!parsed.ok) throw new Error(formatPolicyMistakes('policy', parsed.mistakes))
  return parsed.policy
}
