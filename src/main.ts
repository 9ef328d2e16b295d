/**
 * `npm start`: reads the environment, starts the half or halves that `ROLE` names, and leaves in order on SIGTERM. Wrong settings are
 * listed all at once, exit code 78 (EX_CONFIG of sysexits).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadDefinitions } from './bot/load.js'
import type { Policy } from './bot/policy-model.js'
import {
  type CommonParts,
  type Half,
  openOperatorView,
  publishPolicy,
  startChat,
  startWorker,
} from './build-bot.js'
import { type Config, formatMistakes, readConfig } from './config.js'
import type { PlatformName } from './core/actor.js'
import { BotError } from './core/errors.js'
import { realChance } from './core/ports/chance.js'
import type { ChatDoor } from './core/ports/chat.js'
import type { Checkup } from './core/ports/checkup.js'
import { realClock } from './core/ports/clock.js'
import { createEndpointProbe } from './kmip/probe.js'
import { createLog } from './ops/log.js'
import { type Ops, startOps } from './ops/ops.js'
import { needsPlatform } from './ops/readiness.js'
import { createOvhClient } from './ovh/client.js'
import { createOvhPorts } from './ovh/ports.js'
import { readPolicyFile } from './policy-file.js'

const EX_CONFIG = 78
/** 25 s in all (Kubernetes waits 30 s before SIGKILL), with room for closing the operators' port. */
const STOP_WITHIN_MS = 23_500
const ASK_REDIS_AGAIN_MS = 2_000
/** Without Redis nothing that is in hand can be remembered; so long a failover may take while the bot leaves. */
const LEAVE_WITHOUT_REDIS_AFTER_MS = 4_000
const PLATFORMS: readonly PlatformName[] = ['discord', 'slack']

const read = readConfig()
if ('mistakes' in read) leaveUnstarted(formatMistakes(read.mistakes))
const { config, warnings } = read
const log = createLog(config.logLevel, line => void process.stderr.write(line))
for (const warning of warnings) log.warn('setting', { warning })
const policy = await readPolicyFile(config.policyFile)
if (typeof policy === 'string') leaveUnstarted(policy)

const view = openOperatorView(config.redisUrl.reveal(), PLATFORMS, log)
const ops = await openOps()
const halves: Half[] = []
let leaving = false
// Before anything that may wait: as the first process of a container, a signal that nobody listens for is lost.
process.on('SIGHUP', () => void reload())
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void leave(signal, 0))

if (policy) await publish(policy)
else if (config.role !== 'worker') {
  // One that was published before must not go on by itself. A worker judges nobody, and may do without the file.
  await publish(null)
  log.warn('there is no policy file, so nobody may do anything', { file: config.policyFile })
}
await start(config, ops)
ops.started()
log.info('started', { role: config.role, policy: policy?.version ?? 'none' })

/** It started, so they were good; what had no effect is worth knowing. */
function settingsCheckup(): Checkup {
  return {
    name: 'Settings',
    examine: async () => [
      { state: 'good', what: `Settings for ROLE=${config.role}` },
      ...warnings.map(what => ({ state: 'warning' as const, what })),
    ],
  }
}

async function openOps(): Promise<Ops> {
  try {
    return await startOps({ ...config.ops, view, log })
  } catch (thrown) {
    if (!(thrown instanceof BotError) || thrown.code !== 'input.invalid') throw thrown
    return leaveUnstarted(`${thrown.message} ${thrown.hint ?? ''}\n`)
  }
}

async function start(
  { redisUrl, secretKeys, auditKeys, role, ovh }: Config,
  { metrics }: Ops,
): Promise<void> {
  const common: CommonParts = {
    redisUrl: redisUrl.reveal(),
    secretKeys,
    auditKeys,
    definitions: await loadDefinitions(fileURLToPath(new URL('..', import.meta.url))),
    platforms: PLATFORMS,
    clock: realClock,
    chance: realChance,
    log,
    metrics,
  }
  if (ovh) {
    const { endpoint, authentication, rate } = ovh
    const worker = await startWorker({
      ...common,
      ovh(limiter, audited) {
        const client = createOvhClient({
          endpoint,
          auth: authentication,
          limiter,
          audited,
          clock: realClock,
          log,
          metrics,
        })
        return createOvhPorts(client, endpoint, realClock)
      },
      probe: createEndpointProbe({ clock: realClock }),
      rate,
    })
    halves.push(worker)
  }
  if (role !== 'worker') {
    const doors = await openDoors(config, ops)
    halves.push(await startChat({ ...common, doors, checkups: [settingsCheckup()] }))
  }
}

/** A platform's library is loaded only where it is spoken: a worker speaks none. */
async function openDoors({ discord, slack }: Config, ops: Ops): Promise<ChatDoor[]> {
  const doors: ChatDoor[] = []
  const { createPainter } = await import('./pictures/painter.js')
  const painter = createPainter(log)
  if (discord) {
    const { createDiscordDoor } = await import('./platforms/discord/adapter.js')
    const door = createDiscordDoor({
      ...discord,
      log,
      clock: realClock,
      painter,
      // The door has said why: a token that is refused will not be taken by trying again.
      onFatal: () => void leave('discord', 1),
    })
    ops.needs(needsPlatform('discord', door))
    doors.push(door)
  }
  if (slack) {
    const { createSlackDoor } = await import('./platforms/slack/adapter.js')
    const door = createSlackDoor({ ...slack, log, clock: realClock, painter })
    ops.needs(needsPlatform('slack', door))
    doors.push(door)
  }
  return doors
}

/** Redis may come up after the bot: nobody can be answered before it does. */
async function publish(published: Policy | null): Promise<void> {
  while (!leaving) {
    try {
      return await publishPolicy(config.redisUrl.reveal(), published, log)
    } catch (thrown) {
      const error = BotError.from(thrown)
      if (error.code !== 'store.unavailable') throw thrown
      log.warn('waiting for redis', { reason: error.message })
      await sleep(ASK_REDIS_AGAIN_MS)
    }
  }
}

async function reload(): Promise<void> {
  const next = await readPolicyFile(config.policyFile)
  if (next === null || typeof next === 'string') {
    log.error('policy not reloaded, the old one holds', { mistakes: next ?? 'the file is gone' })
    return
  }
  await publish(next)
  log.info('policy reloaded', { policy: next.version })
}

async function leave(why: string, code: number): Promise<void> {
  if (leaving) return
  leaving = true
  log.info('leaving', { why })
  ops.leaving()
  const how = await Promise.race([
    Promise.all(halves.map(half => half.stop())).then(() => 'in order' as const),
    sleep(STOP_WITHIN_MS, 'step in hand' as const, { ref: false }),
    redisIsGone(),
  ])
  if (how === 'step in hand') log.warn('left with a step in hand; another worker takes it over')
  if (how === 'redis gone') log.warn('left without redis; what was in hand is taken up again once it is back')
  await ops.close()
  process.exit(code)
}

/** Resolves once Redis has not answered for a while, and never while it does. */
async function redisIsGone(): Promise<'redis gone'> {
  for (let answeredAt = performance.now(); ; await sleep(500, undefined, { ref: false })) {
    await view.ping().then(
      () => (answeredAt = performance.now()),
      () => {},
    )
    if (performance.now() - answeredAt > LEAVE_WITHOUT_REDIS_AFTER_MS) return 'redis gone'
  }
}

function leaveUnstarted(why: string): never {
  process.stderr.write(why)
  process.exit(EX_CONFIG)
}
