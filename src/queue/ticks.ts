/**
 * The queue `ticks`: one BullMQ job per tick, which is put aside until its time and never ends, so that each fires once per fleet
 * and a moved clock finds it by its due instant. A job scheduler sees every minute that none is missing.
 */
import { randomUUID } from 'node:crypto'
import { DelayedError, ErrorCode, type Queue } from 'bullmq'
import type { Clock } from '../core/ports/clock.js'
import type { Log } from '../core/ports/log.js'
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

export const TICKS = 'ticks'

export interface TickData extends Due {
  /** Absent: the job of the scheduler. */
  tick?: string
  firedAtMs?: number
  everyMs?: number
  /** The next instant at which the tick knows something to be due; `null`: nothing known. */
  nextAtMs?: number | null
}

export interface TickQueueHandle {
  readonly queue: Queue<TickData>
  /** Fires a tick now; one that is being fired is fired once more. */
  wake(tick: string): Promise<void>
  close(): Promise<void>
}

const jobIdOf = (tick: string) => `tick-${tick}`

export function createTickQueue(setting: QueueSetting): TickQueueHandle {
  const queue = openQueue<TickData>(TICKS, setting)
  return {
    queue,
    async wake(tick) {
      const job = await reached(queue.getJob(jobIdOf(tick)))
      if (!job) return
      // A field of its own, so that whoever fires it does not write over the wish while putting the job aside.
      await reached(job.updateProgress(randomUUID()))
      await promote(job)
    },
    close: () => queue.close(),
  }
}

async function promote(job: { promote(): Promise<void> }): Promise<void> {
  try {
    await job.promote()
  } catch (error) {
    // Not delayed: it is waiting or active, and whoever fires it looks for wishes at its end.
    if ((error as { code?: unknown }).code !== ErrorCode.JobNotInState) throw error
  }
}

export interface TickWorkerParts {
  names: readonly string[]
  /** Answers when it was fired and when it wants to be fired again, or `null` when this version does not know it. */
  fire(
    tick: string,
    signal: AbortSignal,
  ): Promise<{ firedAtMs: number; everyMs: number; nextAtMs: number | null } | null>
  clock: Clock
  log: Log
  vigilance?: Vigilance
}

const KEEPER = 'keeper'
const KEEPER_EVERY_MS = 60_000
/** A tick that waits for OVHcloud shall not hold up the reminders. */
const CONCURRENCY = 4
/** How long a tick of another version of the bot rests before another worker may see it. */
const UNKNOWN_REST_MS = 30_000

export async function startTickWorker(
  setting: QueueSetting,
  { queue }: TickQueueHandle,
  { names, fire, clock, log, vigilance }: TickWorkerParts,
): Promise<WorkerHandle> {
  const ensure = () =>
    Promise.all(
      names.map(tick =>
        queue.add('tick', { tick, dueAt: clock.now() }, { ...ENGINE_RETRY, jobId: jobIdOf(tick) }),
      ),
    )

  const worker = openWorker<TickData>(
    TICKS,
    setting,
    { concurrency: CONCURRENCY, vigilance },
    async (job, token, signal) => {
      const { tick } = job.data
      if (tick === undefined) {
        await ensure()
        return
      }
      const fired = await fire(tick, signal)
      if (!fired) {
        await putAside(job, token, UNKNOWN_REST_MS)
        throw new DelayedError()
      }
      const isWished = async () => (await queue.getJob(jobIdOf(tick)))?.progress !== job.progress
      const { firedAtMs, everyMs, nextAtMs } = fired
      const again = await isWished()
      const dueAt = again ? clock.now() : Math.min(nextAtMs ?? Infinity, firedAtMs + everyMs)
      await putAside(job, token, dueAt - clock.now(), { tick, dueAt, ...fired })
      // Somebody may have wished for it after we looked and before the job could be woken.
      if (!again && (await isWished())) await promote(job)
      throw new DelayedError()
    },
  )
  worker.on('error', error => log.warn('tick worker', { reason: error.message }))
  worker.on('failed', (job, error) =>
    log.error('tick broke', { tick: job?.data.tick, reason: error.message }),
  )
  await worker.waitUntilReady()
  await ensure()
  await queue.upsertJobScheduler(
    KEEPER,
    { every: KEEPER_EVERY_MS },
    { name: KEEPER, data: {}, opts: { removeOnComplete: true, removeOnFail: true } },
  )
  return worker
}
