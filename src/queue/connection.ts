/** What every queue of ours shares: connection, resting, and how a job that broke in the engine itself is repeated. */
import { type ConnectionOptions, type Job, type JobsOptions, Queue, type WorkerOptions } from 'bullmq'
import { storeUnavailable } from '../core/errors.js'

export interface QueueSetting {
  /** A shared connection (ioredis instance); workers need one with `maxRetriesPerRequest: null`. */
  connection: ConnectionOptions
  /** With the braces that keep all keys in one slot. */
  prefix: string
}

/** What job data may hold: ids, and when it is due by the clock port. Never an input, never a secret. */
export interface Due {
  /** Milliseconds by ports/clock; what `advance` goes by. */
  dueAt?: number
  waitsFor?: 'vendor' | 'person' | 'time'
}

/** How soon a dead worker is noticed. BullMQ's defaults are 30 s each. */
export interface Vigilance {
  lockMs: number
  stalledMs: number
}

export const CALM: Vigilance = { lockMs: 30_000, stalledMs: 30_000 }

/**
 * Runs are repeated by our own steps; what BullMQ repeats is a turn that broke because Redis did. It never gives up: the
 * run's record, not the job, says when a run has ended.
 */
export const ENGINE_RETRY: JobsOptions = {
  attempts: 1_000_000,
  backoff: { type: 'custom' },
  removeOnComplete: true,
  removeOnFail: true,
  stackTraceLimit: 1,
}

/** Events wake those who wait for an answer, and hold it; BullMQ would keep ten thousand. */
const KEPT_EVENTS = 1000

export function openQueue<D>(name: string, setting: QueueSetting): Queue<D> {
  const queue = new Queue<D>(name, { ...setting, streams: { events: { maxLen: KEPT_EVENTS } } })
  // Its connection says by itself when Redis is gone; without a listener BullMQ would write to the console.
  queue.on('error', () => {})
  return queue
}

/** @throws BotError `store.unavailable` when the engine does not take the call */
export async function reached<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw storeUnavailable(error)
  }
}

/** BullMQ lets go of a job's lock a moment after it is put aside, and would forget the new lock of one taken up again at once. */
const SHORTEST_REST_MS = 25

/** Gives the worker back for a while. Past this the job is no longer ours: throw DelayedError. */
export async function putAside<D extends Due>(
  job: Job<D>,
  token: string | undefined,
  forMs: number,
  data?: D,
): Promise<void> {
  if (data) await job.updateData(data)
  await job.moveToDelayed(Date.now() + Math.max(SHORTEST_REST_MS, Math.ceil(forMs)), token)
}

export const workerOptions = (
  setting: QueueSetting,
  concurrency: number,
  vigilance: Vigilance,
): WorkerOptions => ({
  ...setting,
  concurrency,
  lockDuration: vigilance.lockMs,
  stalledInterval: vigilance.stalledMs,
  // A killed worker is normal here and each step is safe to repeat, so no number of deaths makes a run fail.
  maxStalledCount: 1_000_000,
  settings: { backoffStrategy: tries => Math.min(60_000, 500 * 2 ** tries) },
})
