/**
 * The queues `outbox-<platform>`: a job calls a sender to a lane (one conversation); what to send rests in the store, so that
 * edits collapse and a message is never in job data. Consumed by chat processes.
 */
import { randomUUID } from 'node:crypto'
import { DelayedError, Queue, Worker } from 'bullmq'
import type { PlatformName } from '../core/actor.js'
import { BotError } from '../core/errors.js'
import type { ChatDoor, MessageRef } from '../core/ports/chat.js'
import type { Log } from '../core/ports/log.js'
import type { Outbox, OutboxLanes, OutboxRecords, PendingMessage } from '../core/ports/outbox.js'
import {
  CALM,
  type Due,
  ENGINE_RETRY,
  type QueueSetting,
  type Vigilance,
  workerOptions,
} from './connection.js'
import type { WorkerHandle } from './flows.js'

interface LaneData extends Due {
  lane?: string
}

export const outboxQueueName = (platform: PlatformName) => `outbox-${platform}`

/** A message that cannot be sent for a day is given up: by then its card has long been told elsewhere. */
const GIVE_UP_AFTER_MS = 86_400_000
const LONGEST_REST_MS = 5 * 60_000
/** Another sender holds the lane: come back when its lease may have ended. */
const BUSY_REST_MS = 5_000
const SWEEP_EVERY_MS = 60_000

export interface OutboxQueueHandle {
  readonly platform: PlatformName
  readonly queue: Queue
  /** Has a sender come to the lane. */
  call(lane: string): Promise<void>
  close(): Promise<void>
}

export function createOutboxQueue(setting: QueueSetting, platform: PlatformName): OutboxQueueHandle {
  const queue = new Queue<LaneData>(outboxQueueName(platform), setting)
  return {
    platform,
    queue,
    async call(lane) {
      await queue.add('lane', { lane }, ENGINE_RETRY)
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
    remove: async key => call(await records.unwant(key)),
    adopt: (key, target, ref) => records.adopt(key, target, ref),
  }
}

export interface SenderParts {
  door: ChatDoor
  lanes: OutboxLanes
  log: Log
  /** Between sending and noting; where a test kills the sender. */
  afterSend?(key: string): Promise<void>
  vigilance?: Vigilance
}

export async function startSender(
  setting: QueueSetting,
  queue: OutboxQueueHandle,
  parts: SenderParts,
): Promise<WorkerHandle> {
  const { lanes, door, log } = parts
  const sweep = async () => {
    for (const lane of await lanes.waiting(door.platform)) await queue.call(lane)
  }
  const worker = new Worker<LaneData>(
    outboxQueueName(door.platform),
    async (job, token) => {
      const { lane } = job.data
      if (lane === undefined) return sweep()
      const restMs = await emptyLane(lane, parts)
      if (restMs === 0) return
      await job.updateData({ lane, dueAt: 0, waitsFor: 'vendor' })
      await job.moveToDelayed(Date.now() + restMs, token)
      throw new DelayedError()
    },
    workerOptions(setting, 10, parts.vigilance ?? CALM),
  )
  worker.on('error', error => log.warn('sender', { platform: door.platform, reason: error.message }))
  await worker.waitUntilReady()
  await sweep()
  await queue.queue.upsertJobScheduler(
    'sweep',
    { every: SWEEP_EVERY_MS },
    { name: 'sweep', data: {}, opts: { removeOnComplete: true, removeOnFail: true } },
  )
  return { close: () => worker.close() }
}

/** Sends what a lane holds, one message after another. Answers how long to rest before going on; 0: the lane is empty. */
async function emptyLane(lane: string, { lanes, door, log, afterSend }: SenderParts): Promise<number> {
  const token = randomUUID()
  for (;;) {
    const message = await lanes.next(lane, token)
    if (message === 'empty') return 0
    if (message === 'busy') return BUSY_REST_MS
    if ('waitMs' in message) return message.waitMs
    try {
      const ref = await send(message, door)
      await afterSend?.(message.key)
      await lanes.sent(lane, token, message, ref, door.paceMs)
    } catch (thrown) {
      const error = BotError.from(thrown)
      const final = !error.retryable || message.failingForMs > GIVE_UP_AFTER_MS
      const restMs = error.retryAfterMs ?? Math.min(LONGEST_REST_MS, 1000 * 2 ** message.failures)
      log.warn(final ? 'message given up' : 'message not sent yet', {
        key: message.key,
        code: error.code,
        reason: error.message,
        ...error.details,
      })
      await lanes.failed(lane, token, message, final, restMs)
      if (!final) {
        await lanes.release(lane, token)
        return restMs
      }
    }
  }
}

/** Brings the platform to what the message shall show. Answers where it is now; `null`: nowhere. */
async function send(message: PendingMessage, door: ChatDoor): Promise<MessageRef | null> {
  let { ref } = message
  let possibleRepeat = false
  if (ref === null && message.inDoubt) {
    const found = await door.find(message.key, message.target, message.under ?? undefined)
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
  if (ref === null) return door.post(outgoing)
  await door.edit(ref, outgoing)
  return ref
}
