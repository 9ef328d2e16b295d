/** The queue `reads`: questions that a worker answers within seconds. The answer is the job's return value: plain JSON, no secrets. */
import { Queue, QueueEvents, Worker } from 'bullmq'
import { BotError, type ErrorRecord } from '../core/errors.js'
import type { Log } from '../core/ports/log.js'
import type { ReadQueue } from '../core/ports/queue.js'
import { CALM, type QueueSetting, type Vigilance, workerOptions } from './connection.js'
import type { WorkerHandle } from './flows.js'

export const READS = 'reads'

type Answer = { ok: unknown } | { failed: ErrorRecord }

/** Answers are read at once; what is older belonged to a process that has gone. */
const KEEP_ANSWERS = { age: 60, count: 1000 }

export interface ReadQueueHandle extends ReadQueue {
  readonly queue: Queue
  close(): Promise<void>
}

/** @param listening a connection of its own that may block: answers arrive on it */
export async function createReadQueue(
  setting: QueueSetting,
  listening: QueueSetting,
  log: Log,
): Promise<ReadQueueHandle> {
  const queue = new Queue(READS, setting)
  const events = new QueueEvents(READS, listening)
  events.on('error', error => log.warn('answers of reads', { reason: error.message }))
  await events.waitUntilReady()
  return {
    queue,
    async ask(askId, timeoutMs) {
      const job = await queue.add(
        'read',
        { askId },
        { jobId: `ask-${askId}`, removeOnComplete: KEEP_ANSWERS, removeOnFail: KEEP_ANSWERS },
      )
      const answer = (await job.waitUntilFinished(events, timeoutMs).catch(error => {
        throw new BotError('store.unavailable', 'No worker answered in time.', {
          hint: 'Whoever runs the bot can check that a worker is up.',
          details: { reason: String(error).slice(0, 200) },
          cause: error,
        })
      })) as Answer
      if ('failed' in answer) throw BotError.fromRecord(answer.failed)
      return answer.ok
    },
    async close() {
      await events.close()
      await queue.close()
    },
  }
}

/** The queue alone, for those who only look at it. */
export const createReadQueueView = (setting: QueueSetting): Queue => new Queue(READS, setting)

export interface ReadWorkerParts {
  /** Answers, or throws what the person shall be told. */
  answer(askId: string, signal: AbortSignal): Promise<unknown>
  log: Log
  concurrency?: number
  vigilance?: Vigilance
}

export async function startReadWorker(setting: QueueSetting, parts: ReadWorkerParts): Promise<WorkerHandle> {
  const worker = new Worker<{ askId: string }, Answer>(
    READS,
    async (job, _token, signal) => {
      try {
        return { ok: (await parts.answer(job.data.askId, signal ?? new AbortController().signal)) ?? null }
      } catch (error) {
        return { failed: BotError.from(error).toRecord() }
      }
    },
    workerOptions(setting, parts.concurrency ?? 20, parts.vigilance ?? CALM),
  )
  worker.on('error', error => parts.log.warn('read worker', { reason: error.message }))
  await worker.waitUntilReady()
  return { close: () => worker.close() }
}
