/**
 * The whole bot in one process against the sandbox, with people talking in a terminal: a Redis and an OVHcloud of its own, real
 * queues, real certificates. Begins empty each time and leaves nothing running.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { loadDefinitions } from '../bot/load.js'
import { formatPolicyMistakes, parsePolicy } from '../bot/policy.js'
import type { TurnHooks } from '../bot/run-steps.js'
import {
  type ChatParts,
  type CommonParts,
  type Half,
  openQueues,
  publishPolicy,
  startChat,
  startWorker,
} from '../build-bot.js'
import { deriveAuditKeys } from '../config/keys.js'
import { realChance } from '../core/ports/chance.js'
import { movableClock } from '../core/ports/clock.js'
import type { EndpointProbe } from '../core/ports/endpoint-probe.js'
import type { Log } from '../core/ports/log.js'
import type { Metrics } from '../core/ports/metrics.js'
import { Secret } from '../core/secret.js'
import { createEndpointProbe } from '../kmip/probe.js'
import { createOvhClient } from '../ovh/client.js'
import { createOvhPorts } from '../ovh/ports.js'
import { createPainter } from '../pictures/painter.js'
import { type ConsoleDoor, createConsoleDoor } from '../platforms/console/adapter.js'
import type { Screen } from '../platforms/console/board.js'
import { createInbox } from '../platforms/console/inbox.js'
import { createSession } from '../platforms/console/session.js'
import { createTimeTravel, type TimeTravel } from '../queue/time-travel.js'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.js'
import { startRedisServer } from './redis-server.js'

export interface DemoOptions {
  /** Holds `commands`, `jobs`: the compiled tree. */
  root: string
  policyFile: string
  /** Where inboxes lie. */
  home: string
  screen: Screen
  log: Log
  metrics?: Metrics
  /** Where Redis keeps its data; absent: a folder that is removed at the end. */
  redisDir?: string
  deadMan?: ChatParts['deadMan']
  /** Starts the worker half elsewhere or otherwise; absent: in this process. */
  worker?(setting: WorkerSetting): Promise<Half>
}

/** What a worker of the demo needs to be one of the same bot. */
export interface WorkerSetting {
  common: CommonParts
  sandbox: Pick<Sandbox, 'info'>
}

export interface Demo {
  session: ReturnType<typeof createSession>
  door: ConsoleDoor
  sandbox: Sandbox
  redis: { url: string; dir: string }
  people: string[]
  travel: TimeTravel
  /** From which the keys of its audit trail are derived too. */
  secretKeys: readonly Secret[]
  stop(): Promise<void>
}

const HOME_CHANNEL = 'ops'

export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { log } = options
  const closing: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close()
  }
  try {
    const policy = await readPolicy(options.policyFile)
    const people = Object.keys(policy.people)
    const [redis, sandbox, definitions] = await Promise.all([
      startRedisServer(options.redisDir === undefined ? {} : { dir: options.redisDir }),
      startSandbox(),
      loadDefinitions(options.root),
    ])
    closing.push(
      () => redis.stop(),
      () => sandbox.close(),
    )
    await publishPolicy(redis.url, policy, log)

    const clock = movableClock()
    const secretKeys = [new Secret(randomBytes(32).toString('base64'))]
    const common: CommonParts = {
      redisUrl: redis.url,
      secretKeys,
      auditKeys: deriveAuditKeys(secretKeys),
      definitions,
      platforms: ['console'],
      clock,
      chance: realChance,
      log,
      ...(options.metrics ? { metrics: options.metrics } : {}),
    }
    const worker = await (options.worker ?? startDemoWorker)({ common, sandbox })
    closing.push(() => worker.stop())
    const door = createConsoleDoor(options.screen, createInbox(options.home), createPainter(log))
    const chat = await startChat({
      ...common,
      doors: [door],
      ...(options.deadMan ? { deadMan: options.deadMan } : {}),
    })
    closing.push(() => chat.stop())
    const watched = openQueues(redis.url, common.platforms, log)
    closing.push(() => watched.close())

    const travel = createTimeTravel({
      queues: watched.queues,
      clock,
      busy: chat.busy,
      async moveTo(atMs) {
        const byMs = Math.max(0, Math.ceil(atMs - clock.now()))
        clock.moveTo(atMs)
        await sandbox.control({ advance: `${byMs}ms` })
      },
    })
    const session = createSession({
      door,
      people,
      home: HOME_CHANNEL,
      settle: travel.settle,
      advance: byMs => travel.advance(clock.now() + byMs),
    })
    return { session, door, sandbox, redis, people, travel, secretKeys, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A worker against the sandbox, without a limit on calls. */
export function startDemoWorker(
  { common, sandbox }: WorkerSetting,
  hooks: TurnHooks = {},
  probe: EndpointProbe = createEndpointProbe({ clock: common.clock }),
): Promise<Half> {
  const { clock, log, metrics } = common
  return startWorker({
    ...common,
    ovh: (limiter, audited) =>
      ovhAt(sandbox, { limiter, audited, clock, log, ...(metrics ? { metrics } : {}) }),
    probe,
    rate: null,
    hooks,
  })
}

function ovhAt(
  sandbox: Pick<Sandbox, 'info'>,
  parts: Pick<Parameters<typeof createOvhClient>[0], 'limiter' | 'audited' | 'clock' | 'log' | 'metrics'>,
) {
  const { url, applicationKey, applicationSecret, consumerKey } = sandbox.info
  const client = createOvhClient({
    ...parts,
    endpoint: url,
    auth: {
      way: 'application',
      applicationKey,
      applicationSecret: new Secret(applicationSecret),
      consumerKey: new Secret(consumerKey),
    },
  })
  return createOvhPorts(client, url, parts.clock)
}

async function readPolicy(file: string) {
  const parsed = parsePolicy(await readFile(file, 'utf8'))
  if (!parsed.ok) throw new Error(formatPolicyMistakes(file, parsed.mistakes))
  return parsed.policy
}
