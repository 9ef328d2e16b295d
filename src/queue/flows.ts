/** The queue `flows`: one BullMQ job per run. A waiting run is a delayed job, which holds no worker and survives a restart. */
import { DelayedError, Queue, Worker } from 'bullmq'
import type { Clock } from '../core/ports/clock.js'
import type { Log } from '../core/ports/log.js'
import type { FlowQueue } from '../core/ports/queue.js'
import {
  CALM,
  type Due,
  ENGINE_RETRY,
  type QueueSetting,
  type Vigilance,
  workerOptions,
} from './connection.js'

export const FLOWS = 'flows'

interface FlowData extends Due {
  runId?: string
}

/** A bare run id may be all digits, which BullMQ refuses as a job id. */
const jobIdOf = (runId: string) => `run-${runId}`

export interface FlowQueueHandle extends FlowQueue {
  readonly queue: Queue
  close(): Promise<void>
}

export function createFlowQueue(setting: QueueSetting): FlowQueueHandle {
  const queue = new Queue<FlowData>(FLOWS, setting)
  const add = async (runId: string) => {
    await queue.add('run', { runId }, { ...ENGINE_RETRY, jobId: jobIdOf(runId) })
  }
  return {
    queue,
    add,
    async wake(runId) {
      const job = await queue.getJob(jobIdOf(runId))
      if (!job) return add(runId)
      // Not delayed: it is waiting or active, and then the poke that was counted before this call is seen at its end.
      await job.promote().catch(() => {})
    },
    close: () => queue.close(),
  }
}

/** How a turn of a run ended, as the engine needs to know it. */
export type TurnOutcome =
  | { kind: 'ended' | 'lost'; pokes: number }
  | { kind: 'parked'; wakeAtMs: number; waitsFor: 'vendor' | 'person' | 'time'; pokes: number }

export interface FlowWorkerParts {
  turn(runId: string): Promise<TurnOutcome>
  /** Wishes for a new look so far. */
  pokes(runId: string): Promise<number>
  /** Runs that have not ended, for the sweep. */
  openRuns(): Promise<string[]>
  clock: Clock
  log: Log
  concurrency?: number
  vigilance?: Vigilance
}

const SWEEP = 'sweep'
const SWEEP_EVERY_MS = 60_000

export interface WorkerHandle {
  /** Stops taking work and waits for what is in hand. */
  close(): Promise<void>
}

export async function startFlowWorker(
  setting: QueueSetting,
  flows: FlowQueueHandle,
  parts: FlowWorkerParts,
): Promise<WorkerHandle> {
  const worker = new Worker<FlowData>(
    FLOWS,
    async (job, token) => {
      const { runId } = job.data
      if (runId === undefined) return sweep(flows, parts)
      const outcome = await parts.turn(runId)
      if (outcome.kind !== 'parked') return
      const delayMs = Math.max(0, outcome.wakeAtMs - parts.clock.now())
      await job.updateData({ runId, dueAt: outcome.wakeAtMs, waitsFor: outcome.waitsFor })
      await job.moveToDelayed(Date.now() + delayMs, token)
      // Somebody may have asked for a look after this turn had looked and before the job could be woken.
      if ((await parts.pokes(runId)) !== outcome.pokes) await flows.wake(runId)
      throw new DelayedError()
    },
    workerOptions(setting, parts.concurrency ?? 10, parts.vigilance ?? CALM),
  )
  worker.on('error', error => parts.log.warn('flow worker', { reason: error.message }))
  worker.on('failed', (job, error) =>
    parts.log.error('turn broke', { runId: job?.data.runId, reason: error.message }),
  )
  await worker.waitUntilReady()
  await sweep(flows, parts)
  await flows.queue.upsertJobScheduler(
    SWEEP,
    { every: SWEEP_EVERY_MS },
    { name: SWEEP, data: {}, opts: { removeOnComplete: true, removeOnFail: true } },
  )
  return { close: () => worker.close() }
}

/** A run whose process died between writing it and queueing it has no job: give it one. */
async function sweep(flows: FlowQueueHandle, parts: FlowWorkerParts): Promise<void> {
  for (const runId of await parts.openRuns()) await flows.add(runId)
}
