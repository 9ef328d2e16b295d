/** What every queue of ours shares: connection, resting, and how a job that broke in the engine itself is repeated. */
import { type ConnectionOptions, type Job, type JobsOptions, Queue, Worker } from 'bullmq'
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

/** Gives the worker back for a while. Past this the job is no longer ours: throw DelayedError. */
export async function putAside<D extends Due>(
  job: Job<D>,
  token: string | undefined,
  forMs: number,
  data?: D,
): Promise<void> {
  if (data) await job.updateData(data)
  await job.moveToDelayed(Date.now() + Math.max(0, Math.ceil(forMs)), token)
}

const NEVER = new AbortController().signal

export interface Work {
  concurrency: number
  vigilance?: Vigilance | undefined
}

/**
 * A worker that keeps the lock of each job by its token. BullMQ's own keeping goes by job id, and forgets the lock of a job
 * that the same worker takes up again right after putting it aside: a woken run would then be run twice.
 */
export function openWorker<D extends Due, R = void>(
  name: string,
  setting: QueueSetting,
  { concurrency, vigilance: { lockMs, stalledMs } = CALM }: Work,
  act: (job: Job<D, R>, token: string, signal: AbortSignal) => Promise<R>,
): Worker<D, R> {
  let closed = false
  const worker = new Worker<D, R>(
    name,
    async (job, lock, signal) => {
      const token = lock ?? ''
      const keeping = setInterval(() => {
        if (!closed) void job.extendLock(token, lockMs).catch(() => {})
      }, lockMs / 3)
      try {
        return await act(job, token, signal ?? NEVER)
      } finally {
        clearInterval(keeping)
      }
    },
    {
      ...setting,
      concurrency,
      lockDuration: lockMs,
      skipLockRenewal: true,
      stalledInterval: stalledMs,
      // A killed worker is normal here and each step is safe to repeat, so no number of deaths makes a run fail.
      maxStalledCount: 1_000_000,
      settings: { backoffStrategy: tries => Math.min(60_000, 500 * 2 ** tries) },
    },
  )
  // By force, it ends with jobs in hand: as if it had died, for others to take up.
  worker.once('closed', () => {
    closed = true
  })
  return worker
}
