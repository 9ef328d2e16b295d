/**
 * Puts the two halves of the bot together: chat processes (tokens of chat platforms, no OVHcloud credentials) and workers (the
 * other way round). With the entry points beside it, the only file that knows all parts.
 */

import { createAnswerer } from './bot/answer-reads.js'
import { auditedDeliveries, recordCall, type WrittenCall } from './bot/audited.js'
import { startDeadMan } from './bot/dead-man.js'
import { createDispatcher } from './bot/dispatch.js'
import { createIdentityCheckup } from './bot/identity-checkup.js'
import type { Definitions } from './bot/load.js'
import { createNotice } from './bot/not-posted.js'
import { channelsNamed, createPolicyCheckup } from './bot/policy-checkup.js'
import type { Policy } from './bot/policy-model.js'
import { createProfiles } from './bot/profiles.js'
import { rememberInventory } from './bot/remember-inventory.js'
import { createReminderRules } from './bot/reminder-rules.js'
import type { TurnHooks } from './bot/run-steps.js'
import { createRunner } from './bot/runner.js'
import { createTicker } from './bot/ticker.js'
import type { PlatformName } from './core/actor.js'
import type { Outside } from './core/job.js'
import type { Chance } from './core/ports/chance.js'
import type { ChatDoor } from './core/ports/chat.js'
import type { Checkup } from './core/ports/checkup.js'
import type { Clock } from './core/ports/clock.js'
import type { EndpointProbe } from './core/ports/endpoint-probe.js'
import type { IdentityPort } from './core/ports/identities.js'
import type { Log } from './core/ports/log.js'
import type { Metrics } from './core/ports/metrics.js'
import type { OkmsPort } from './core/ports/okms.js'
import type { OrderPort } from './core/ports/order.js'
import type { PolicySource } from './core/ports/policy-source.js'
import type { PrivateCloudPort } from './core/ports/private-cloud.js'
import { type RateLimiter, unlimited } from './core/ports/rate-limiter.js'
import type { ServiceKeyPort } from './core/ports/service-keys.js'
import type { Secret } from './core/secret.js'
import { createKmipCheckup } from './kmip/checkup.js'
import type { OperatorView } from './ops/ops.js'
import type { QueueSetting, Vigilance } from './queue/connection.js'
import { createFlowQueue, startFlowWorker, type WorkerHandle } from './queue/flows.js'
import { createOutbox, createOutboxQueue, startSender } from './queue/outbox.js'
import { createReadQueue, createReadQueueView, startReadWorker } from './queue/reads.js'
import { createTickQueue, startTickWorker } from './queue/ticks.js'
import { createAlone } from './store/alone.js'
import { createAnswers } from './store/answers.js'
import { createApprovals } from './store/approvals.js'
import { createAskStore } from './store/asks.js'
import { createAudit } from './store/audit.js'
import { createBeats } from './store/beats.js'
import { createRedisCheckup } from './store/checkup.js'
import { createDeliveries } from './store/deliveries.js'
import { createFindings } from './store/findings.js'
import { createInventory } from './store/inventory.js'
import { QUEUE_PREFIX } from './store/keys.js'
import { createLedger } from './store/ledger.js'
import { createOutboxStore } from './store/outbox.js'
import { createPolicyStore } from './store/policy.js'
import { createRateLimiter, type Rate } from './store/rate-limiter.js'
import { answered, connectRedis, type RedisConnection } from './store/redis.js'
import { createReminders } from './store/reminders.js'
import { createRunStore } from './store/runs.js'
import { createVault } from './store/vault.js'

/** What both halves need. */
export interface CommonParts {
  redisUrl: string
  secretKeys: readonly Secret[]
  /** 32 bytes each, base64, the newest first: it signs the audit trail, all verify. */
  auditKeys: readonly Secret[]
  definitions: Definitions
  /** Platforms that messages may go to, whether or not their chat process is this one. */
  platforms: readonly PlatformName[]
  clock: Clock
  chance: Chance
  log: Log
  metrics?: Metrics
  vigilance?: Vigilance
}

export interface WorkerParts extends CommonParts {
  /** Makes the OVHcloud side, which asks the limiter before each call and tells of each one that writes. */
  ovh(
    limiter: RateLimiter,
    audited: (call: WrittenCall) => void,
  ): {
    okms: OkmsPort
    privateCloud: PrivateCloudPort
    order: OrderPort
    identities: IdentityPort
    serviceKeys: ServiceKeyPort
    checkup: Checkup
    close(): Promise<void>
  }
  probe: EndpointProbe
  /** `null`: no limit, for the sandbox. */
  rate: Rate | null
  hooks?: TurnHooks
}

export interface ChatParts extends CommonParts {
  doors: readonly ChatDoor[]
  /** How soon operators hear that the ticks stand still, and how often that is looked at, in milliseconds. */
  deadMan?: { silentAfterMs: number; lookEveryMs: number }
  /** Between sending and noting; where a test kills the sender. */
  afterSend?(key: string): Promise<void>
  /** What this process can examine besides its platforms. */
  checkups?: readonly Checkup[]
}

export interface Half {
  /** Stops taking work, finishes what is in hand, closes every connection. */
  stop(): Promise<void>
}

export async function startWorker(parts: WorkerParts): Promise<Half> {
  const { definitions, clock, log, chance } = parts
  const redis = connectRedis(parts.redisUrl, 'worker', log)
  const setting = settingOf(redis)
  const shared = storesOf(redis, parts)
  const { audit } = shared
  const ovh = parts.ovh(parts.rate ? createRateLimiter(redis, parts.rate) : unlimited, call =>
    recordCall(audit, call),
  )
  const flows = createFlowQueue(setting)
  const queues = parts.platforms.map(platform => createOutboxQueue(setting, platform))
  const ticks = createTickQueue(setting)
  const reminders = createReminders(redis)
  const outside: Outside = {
    clock,
    order: ovh.order,
    ...rememberInventory(ovh, createInventory(redis), log),
    probe: parts.probe,
    vault: shared.vault,
    deliveries: shared.deliveries,
    ledger: createLedger(redis, () => ticks.wake('remind')),
    profiles: createProfiles(shared.policy),
    reminders,
    reminderRules: createReminderRules(shared.policy, reminders),
    audit,
    answers: shared.answers,
    findings: createFindings(redis),
    wake: ticks.wake,
    checkups: [
      createRedisCheckup(redis),
      ovh.checkup,
      createKmipCheckup(ovh.okms, parts.probe),
      createIdentityCheckup(shared.policy, ovh.identities),
    ],
  }
  const outbox = createOutbox(shared.outboxStore, queues)
  const runner = createRunner({
    runs: shared.runs,
    jobs: definitions.jobs,
    outside,
    outbox,
    flows,
    approvals: shared.approvals,
    audit,
    policy: shared.policy,
    chance,
    log,
    ...metricsOf(parts),
    ...(parts.hooks ? { hooks: parts.hooks } : {}),
  })
  const answer = createAnswerer({
    reads: definitions.reads,
    asks: shared.asks,
    outside,
    log,
    ...metricsOf(parts),
  })
  const fire = createTicker({
    ticks: definitions.ticks,
    outside,
    outbox,
    wake: ticks.wake,
    beats: createBeats(redis),
    log,
    ...metricsOf(parts),
  })
  const common = { log, ...vigilanceOf(parts) }
  const workers = [
    await startFlowWorker(setting, flows, {
      ...common,
      turn: runner.turn,
      pokes: shared.runs.pokes,
      openRuns: shared.runs.open,
      clock,
    }),
    await startReadWorker(setting, { ...common, answer }),
    await startTickWorker(setting, ticks, { ...common, names: [...definitions.ticks.keys()], fire, clock }),
  ]
  audit.logHeads()
  return {
    async stop() {
      await closeAll(workers)
      await closeAll([flows, ticks, ...queues])
      await ovh.close()
      await audit.stop()
      redis.disconnect()
    },
  }
}

export async function startChat(parts: ChatParts): Promise<Half & { busy(): boolean }> {
  const { definitions, clock, log, chance } = parts
  const redis = connectRedis(parts.redisUrl, 'chat', log)
  // Senders and listeners block while they wait, which the impatient connection must not.
  const patient = connectRedis(parts.redisUrl, 'worker', log)
  const setting = settingOf(redis)
  const shared = storesOf(redis, parts)
  const flows = createFlowQueue(setting)
  const reads = await createReadQueue(setting, settingOf(patient), log)
  const queues = parts.platforms.map(platform => createOutboxQueue(setting, platform))
  const outbox = createOutbox(shared.outboxStore, queues)
  const dispatcher = createDispatcher({
    definitions,
    policy: shared.policy,
    inventory: createInventory(redis),
    asks: shared.asks,
    checkups: [
      ...(parts.checkups ?? []),
      createPolicyCheckup(shared.policy),
      ...parts.doors.flatMap(door => checkupOf(door, shared.policy)),
    ],
    reads,
    runs: shared.runs,
    flows,
    vault: shared.vault,
    deliveries: shared.deliveries,
    approvals: shared.approvals,
    answers: shared.answers,
    audit: shared.audit,
    outbox,
    clock,
    chance,
    log,
    ...metricsOf(parts),
  })
  const deadMan = startDeadMan({
    beats: createBeats(redis),
    findings: createFindings(redis),
    reminderRules: createReminderRules(shared.policy, createReminders(redis)),
    outbox,
    log,
    ...parts.deadMan,
  })
  const alone = createAlone(redis, log)
  const senders: WorkerHandle[] = []
  for (const door of parts.doors) {
    const queue = queues.find(({ platform }) => platform === door.platform)
    if (!queue) throw new Error(`${door.platform} has a door and is no platform of the bot`)
    await door.start(dispatcher, alone)
    senders.push(
      await startSender(settingOf(patient), queue, {
        door,
        refused: createNotice(shared.runs, outbox),
        lanes: createOutboxStore(patient, parts.vigilance?.lockMs),
        log,
        ...metricsOf(parts),
        ...vigilanceOf(parts),
        ...(parts.afterSend ? { afterSend: parts.afterSend } : {}),
      }),
    )
  }
  return {
    busy: dispatcher.busy,
    async stop() {
      deadMan.stop()
      for (const door of parts.doors) await door.stop()
      await closeAll(senders)
      await closeAll([reads, flows, ...queues])
      await shared.audit.stop()
      redis.disconnect()
      patient.disconnect()
    },
  }
}

/** Makes the policy the one that every process judges by; `null`: none, so that nobody may do anything. */
export async function publishPolicy(redisUrl: string, policy: Policy | null, log: Log): Promise<void> {
  const redis = connectRedis(redisUrl, 'chat', log)
  try {
    const store = createPolicyStore<Policy>(redis)
    await (policy ? store.publish(policy) : store.withdraw())
  } finally {
    redis.disconnect()
  }
}

/** The queues of a bot, for those who watch or move all of them: the demo, the tests, the board. */
export function openQueues(redisUrl: string, platforms: readonly PlatformName[], log: Log) {
  const redis = connectRedis(redisUrl, 'worker', log)
  const setting = settingOf(redis)
  const outboxes = platforms.map(platform => createOutboxQueue(setting, platform))
  const flows = createFlowQueue(setting)
  const reads = createReadQueueView(setting)
  const ticks = createTickQueue(setting)
  return {
    queues: [flows.queue, reads, ticks.queue, ...outboxes.map(({ queue }) => queue)],
    async close() {
      await closeAll([flows, reads, ticks, ...outboxes])
      redis.disconnect()
    },
  }
}

/** What operators look at, over a connection of its own that gives up soon: a probe shall learn that Redis is gone. */
export function openOperatorView(
  redisUrl: string,
  platforms: readonly PlatformName[],
  log: Log,
): OperatorView & { close(): Promise<void> } {
  const redis = connectRedis(redisUrl, 'chat', log)
  const setting = settingOf(redis)
  const outboxes = platforms.map(platform => createOutboxQueue(setting, platform))
  const flows = createFlowQueue(setting)
  const reads = createReadQueueView(setting)
  const ticks = createTickQueue(setting)
  const queues = [flows.queue, reads, ticks.queue, ...outboxes.map(({ queue }) => queue)]
  const runs = createRunStore(redis)
  const lanes = createOutboxStore(redis)
  return {
    queues,
    ping: () => answered(redis.ping()),
    policy: createPolicyStore<Policy>(redis),
    beats: createBeats(redis),
    openRuns: async () => (await runs.open()).length,
    queueJobs: () =>
      Promise.all(
        queues.map(async queue => ({
          queue: queue.name,
          jobs: await queue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
        })),
      ),
    waitingLanes: () =>
      Promise.all(platforms.map(async platform => ({ platform, lanes: await lanes.waiting(platform) }))),
    async close() {
      await closeAll([flows, reads, ticks, ...outboxes])
      redis.disconnect()
    },
  }
}

function checkupOf(door: ChatDoor, policy: PolicySource<Policy>): Checkup[] {
  const { platform, examine } = door
  if (!examine) return []
  return [{ name: platform, examine: async () => examine(channelsNamed(await policy.current(), platform)) }]
}

const settingOf = (redis: RedisConnection): QueueSetting => ({ connection: redis, prefix: QUEUE_PREFIX })

const metricsOf = ({ metrics }: CommonParts) => (metrics ? { metrics } : {})

const vigilanceOf = ({ vigilance }: CommonParts) => (vigilance ? { vigilance } : {})

function storesOf(redis: RedisConnection, parts: CommonParts) {
  const { secretKeys, clock } = parts
  const vault = createVault(redis, secretKeys)
  const audit = createAudit(redis, parts)
  return {
    vault,
    audit,
    runs: createRunStore(redis),
    asks: createAskStore(redis),
    deliveries: auditedDeliveries(createDeliveries(redis, vault, clock), audit),
    approvals: createApprovals(redis),
    answers: createAnswers(redis),
    outboxStore: createOutboxStore(redis),
    policy: createPolicyStore<Policy>(redis),
  }
}

async function closeAll(all: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(all.map(one => one.close()))
}
