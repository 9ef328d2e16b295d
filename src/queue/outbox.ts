/**
 * The queues `outbox-<platform>`: a job calls a sender to a lane (one conversation); what to send rests in the store, so that
 * edits collapse and a message is never in job data. Consumed by chat processes.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DelayedError, type Queue } from 'bullmq'
import type { PlatformName } from '../core/actor.js'
import { BotError, type ErrorCode } from '../core/errors.js'
import type { ChatDoor, MessageRef } from '../core/ports/chat.js'
import type { Log } from '../core/ports/log.js'
import { type Metrics, noMetrics } from '../core/ports/metrics.js'
import type { Outbox, OutboxLanes, OutboxRecords, PendingMessage, SendFailure } from '../core/ports/outbox.js'
import {
  type Due,
  ENGINE_RETRY,
  openQueue,
  openWorker,
  putAside,
  type QueueSetting,
  reached,
  type Vigilance,
} from './connection.js'
import type { WorkerHandle } from './flows.js'

interface LaneData extends Due {
  lane?: string
}

export const outboxQueueName = (platform: PlatformName) => `outbox-${platform}`

/** A message that cannot be sent for a day is given up: by then its card has long been told elsewhere. */
const GIVE_UP_AFTER_MS = 86_400_000
const LONGEST_REST_MS = 5 * 60_000
/** A platform that takes longer does not answer; well under the lease of a lane, so that no second sender comes in between. */
const SEND_WITHIN_MS = 20_000
/** Another sender holds the lane: look again soon, since it may have died. */
const BUSY_REST_MS = 1_000
const SWEEP_EVERY_MS = 60_000
const LANES_AT_ONCE = 10

export interface OutboxQueueHandle {
  readonly platform: PlatformName
  readonly queue: Queue
  /** Has a sender come to the lane. */
  call(lane: string): Promise<void>
  close(): Promise<void>
}

export function createOutboxQueue(setting: QueueSetting, platform: PlatformName): OutboxQueueHandle {
  const queue = openQueue<LaneData>(outboxQueueName(platform), setting)
  return {
    platform,
    queue,
    async call(lane) {
      await reached(queue.add('lane', { lane }, ENGINE_RETRY))
    },
    close: () => queue.close(),
  }
}

/** Writes wishes and calls senders. */
export function createOutbox(records: OutboxRecords, queues: readonly OutboxQueueHandle[]): Outbox {
  const call = async (lane: string | null) => {
    if (lane === null) return
    const queue = queues.find(candidate => lane.startsWith(`${candidate.platform}:`))
    // Without a queue of its own the wish rests until a chat process of that platform sweeps.
    await queue?.call(lane)
  }
  return {
    put: async (key, target, reply) => call(await records.want(key, target, reply)),
    putOnce: async (key, target, reply) => call(await records.wantOnce(key, target, reply)),
    rewrite: async (key, reply) => call(await records.wantInstead(key, reply)),
    remove: async key => call(await records.unwant(key)),
    adopt: (key, target, ref) => records.adopt(key, target, ref),
  }
}

export interface SenderParts {
  door: ChatDoor
  lanes: OutboxLanes
  log: Log
  metrics?: Metrics
  /** Between sending and noting; where a test kills the sender. */
  afterSend?(key: string): Promise<void>
  /** The platform will not show a message where it belongs, and never has: somebody else has to be told. */
  refused?(message: PendingMessage): Promise<void>
  vigilance?: Vigilance
  sendWithinMs?: number
}

export async function startSender(
  setting: QueueSetting,
  queue: OutboxQueueHandle,
  parts: SenderParts,
): Promise<WorkerHandle> {
  const { lanes, door, log } = parts
  const sweep = async () => {
    for (const lane of await lanes.recall(door.platform)) await queue.call(lane)
  }
  const worker = openWorker<LaneData>(
    outboxQueueName(door.platform),
    setting,
    { concurrency: LANES_AT_ONCE, vigilance: parts.vigilance },
    async (job, token) => {
      const { lane } = job.data
      if (lane === undefined) return sweep()
      const restMs = await emptyLane(lane, parts)
      if (restMs === 0) return
      await putAside(job, token, restMs, { lane, dueAt: 0, waitsFor: 'vendor' })
      throw new DelayedError()
    },
  )
  worker.on('error', error => log.warn('sender', { platform: door.platform, reason: error.message }))
  worker.on('failed', (job, error) =>
    log.error('sender broke', { lane: job?.data.lane, reason: error.message }),
  )
  await worker.waitUntilReady()
  await sweep()
  await queue.queue.upsertJobScheduler(
    'sweep',
    { every: SWEEP_EVERY_MS },
    { name: 'sweep', data: {}, opts: { removeOnComplete: true, removeOnFail: true } },
  )
  return { close: force => worker.close(force) }
}

/** Sends what a lane holds, one message after another. Answers how long to rest before going on; 0: the lane is empty. */
async function emptyLane(lane: string, parts: SenderParts): Promise<number> {
  const { lanes, door, log, afterSend, sendWithinMs = SEND_WITHIN_MS, metrics = noMetrics } = parts
  const { platform } = door
  const token = randomUUID()
  for (;;) {
    const message = await lanes.next(lane, token)
    if (message === 'empty') return 0
    if (message === 'busy') return BUSY_REST_MS
    if ('waitMs' in message) return message.waitMs
    let ref: MessageRef | null
    try {
      ref = await inTime(send(message, door), sendWithinMs)
    } catch (thrown) {
      const error = BotError.from(thrown)
      const how = judge(error, message, log)
      if (how.final && error.code === 'chat.refused' && message.reply !== null && message.ref === null) {
        await parts.refused?.(message).catch(cause => log.warn('refusal not told', { reason: String(cause) }))
      }
      metrics.count('messages', { platform, outcome: how.final ? 'given-up' : 'retried' })
      await lanes.failed(lane, token, message, how)
      if (how.final) continue
      await lanes.release(lane, token)
      return how.restMs
    }
    metrics.count('messages', { platform, outcome: 'sent' })
    metrics.observe('message-wait', message.waitedMs / 1000, { platform })
    await afterSend?.(message.key)
    await lanes.sent(lane, token, message, ref, door.paceMs)
  }
}

async function inTime<T>(sending: Promise<T>, withinMs: number): Promise<T> {
  const late = new AbortController()
  try {
    return await Promise.race([
      sending,
      sleep(withinMs, undefined, { signal: late.signal }).then(() => {
        throw new BotError('chat.unreachable', `The chat platform did not answer in ${withinMs / 1000} s.`)
      }),
    ])
  } finally {
    late.abort()
  }
}

/** Errors after which the platform certainly has no message of ours. */
const CERTAINLY_NOT_SENT: readonly ErrorCode[] = ['chat.refused', 'chat.rate-limited']

function judge(
  error: BotError,
  { key, inDoubt, failures, failingForMs }: PendingMessage,
  log: Log,
): SendFailure {
  const final = !error.retryable || failingForMs > GIVE_UP_AFTER_MS
  log.warn(final ? 'message given up' : 'message not sent yet', {
    key,
    code: error.code,
    reason: error.message,
    ...(error.cause === undefined ? {} : { cause: String(error.cause) }),
    ...error.details,
  })
  return {
    final,
    inDoubt: inDoubt || !CERTAINLY_NOT_SENT.includes(error.code),
    restMs: error.retryAfterMs ?? Math.min(LONGEST_REST_MS, 1000 * 2 ** failures),
  }
}

/** Brings the platform to what the message shall show. Answers where it is now; `null`: nowhere. */
async function send(message: PendingMessage, door: ChatDoor): Promise<MessageRef | null> {
  let { ref } = message
  let possibleRepeat = false
  if (ref === null && message.inDoubt) {
    const found = await lookFor(message, door)
    if (found === 'unknown') possibleRepeat = true
    else ref = found
  }
  if (message.reply === null) {
    if (ref !== null) await door.remove(ref)
    return null
  }
  const outgoing = {
    key: message.key,
    target: message.target,
    reply: message.reply,
    possibleRepeat,
    ...(message.under ? { under: message.under } : {}),
  }
  // What somebody deleted, or what it hung under, is still to be known.
  if (ref !== null) {
    try {
      await door.edit(ref, outgoing)
      return ref
    } catch (thrown) {
      if (!isGone(thrown)) throw thrown
    }
  }
  try {
    return await door.post(outgoing)
  } catch (thrown) {
    const { under: _, target, ...rest } = { under: undefined, ...outgoing }
    if (!isGone(thrown) || target.to !== 'thread') throw thrown
    return door.post({ ...rest, target: { to: 'conversation', conversation: target.conversation } })
  }
}

const isGone = (thrown: unknown): boolean => BotError.from(thrown).code === 'chat.gone'

/** A platform that refuses to show its history cannot tell either. */
async function lookFor({ key, target, under }: PendingMessage, door: ChatDoor): ReturnType<ChatDoor['find']> {
  try {
    return await door.find(key, target, under ?? undefined)
  } catch (thrown) {
    if (BotError.from(thrown).code === 'chat.refused') return 'unknown'
    throw thrown
  }
}
