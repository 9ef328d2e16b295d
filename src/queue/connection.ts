/** What every queue of ours shares: names, connection, and how a job that broke in the engine itself is repeated. */
import type { ConnectionOptions, JobsOptions, WorkerOptions } from 'bullmq'

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
