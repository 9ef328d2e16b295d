/** The queue `flows`: one BullMQ job per run. A waiting run is a delayed job, which holds no worker and survives a restart. */
import { DelayedError, ErrorCode, type Job, type Queue } from 'bullmq'
import { storeUnavailable } from '../core/errors.js'
import type { Clock } from '../core/ports/clock.js'
import type { Log } from '../core/ports/log.js'
import type { FlowQueue } from '../core/ports/queue.js'
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

export const FLOWS = 'flows'

interface FlowData extends Due {
  runId?: string
  /** The wishes for a new look that the turn before had seen. */
  pokes?: number
}

/** A bare run id may be all digits, which BullMQ refuses as a job id. */
const jobIdOf = (runId: string) => `run-${runId}`

export interface FlowQueueHandle extends FlowQueue {
  readonly queue: Queue
  close(): Promise<void>
}

export function createFlowQueue(setting: QueueSetting): FlowQueueHandle {
  const queue = openQueue<FlowData>(FLOWS, setting)
  const add = async (runId: string) => {
    await reached(queue.add('run', { runId }, { ...ENGINE_RETRY, jobId: jobIdOf(runId) }))
  }
  return {
    queue,
    add,
    async wake(runId) {
      const job = await reached(queue.getJob(jobIdOf(runId)))
      if (!job) return add(runId)
      await promote(job)
    },
    close: () => queue.close(),
  }
}

async function promote(job: Job): Promise<void> {
  try {
    await job.promote()
  } catch (error) {
    // Not delayed: it is waiting or active, and then the poke that was counted before is seen at its end.
    if ((error as { code?: unknown }).code !== ErrorCode.JobNotInState) throw storeUnavailable(error)
  }
}

/** How a turn of a run ended, as the engine needs to know it. */
export type TurnOutcome =
  | { kind: 'ended'; pokes: number }
  | { kind: 'lost'; pokes: number }
  | { kind: 'parked'; wakeAtMs: number; waitsFor: 'vendor' | 'person' | 'time'; pokes: number }

export interface FlowWorkerParts {
  /** `leaving`: whether to stop before the next step, because this worker wants to go. */
  turn(runId: string, leaving: () => boolean): Promise<TurnOutcome>
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
const LOST_REST_MS = 1000

export interface WorkerHandle {
  /** Stops taking work and waits for what is in hand; with `force` it goes at once, as if it had died. */
  close(force?: boolean): Promise<void>
}

export async function startFlowWorker(
  setting: QueueSetting,
  flows: FlowQueueHandle,
  parts: FlowWorkerParts,
): Promise<WorkerHandle> {
  let closing = false
  const leaving = () => closing
  const worker = openWorker<FlowData>(
    FLOWS,
    setting,
    { concurrency: parts.concurrency ?? 10, vigilance: parts.vigilance },
    async (job, token) => {
      const { runId } = job.data
      if (runId === undefined) return sweep(flows, parts)
      const outcome = await parts.turn(runId, leaving)
      if (outcome.kind === 'ended') return
      if (outcome.kind === 'lost') {
        // Whoever has the run now may be a worker that stalled and woke up. If the job is still ours, it stays to be taken again.
        await putAside(job, token, LOST_REST_MS).catch(() => {})
        throw new DelayedError()
      }
      const { wakeAtMs, waitsFor, pokes } = outcome
      await putAside(job, token, wakeAtMs - parts.clock.now(), { runId, dueAt: wakeAtMs, waitsFor, pokes })
      // Somebody may have asked for a look after this turn had looked and before the job could be woken.
      if ((await parts.pokes(runId)) !== pokes) await promote(job)
      throw new DelayedError()
    },
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
  return {
    close(force) {
      closing = true
      return worker.close(force)
    },
  }
}

/** A process may have died between writing a run and queueing it, or between counting a wish for a look and waking the run. */
async function sweep(flows: FlowQueueHandle, parts: FlowWorkerParts): Promise<void> {
  const queue: Queue<FlowData> = flows.queue
  for (const runId of await parts.openRuns()) {
    const job = await queue.getJob(jobIdOf(runId))
    if (!job) await flows.add(runId)
    else if (job.data.pokes !== undefined && job.data.pokes !== (await parts.pokes(runId))) {
      await flows.wake(runId)
    }
  }
}
