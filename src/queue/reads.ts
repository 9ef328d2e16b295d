/** The queue `reads`: questions that a worker answers within seconds. The answer is the job's return value: plain JSON, no secrets. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Queue, QueueEvents } from 'bullmq'
import { BotError, type ErrorRecord } from '../core/errors.js'
import type { Log } from '../core/ports/log.js'
import type { ReadQueue } from '../core/ports/queue.js'
import { type Due, openQueue, openWorker, type QueueSetting, reached, type Vigilance } from './connection.js'
import type { WorkerHandle } from './flows.js'

export const READS = 'reads'

interface AskData extends Due {
  askId: string
}

type Answer = { ok: unknown } | { failed: ErrorRecord }

/** Answers are read at once; what is older belonged to a process that has gone. */
const KEEP_ANSWERS = { age: 60, count: 1000 }
/** Between two looks whether an answer is there whose event was missed, and whether Redis still is. */
const LOOK_EVERY_MS = 500

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
  const queue = openQueue<AskData>(READS, setting)
  const events = new QueueEvents(READS, listening)
  const waiting = new Map<string, (answer: Answer) => void>()
  events.on('error', error => log.warn('answers of reads', { reason: error.message }))
  events.on('completed', ({ jobId, returnvalue }) => waiting.get(jobId)?.(returnvalue as unknown as Answer))
  await events.waitUntilReady()

  /** What BullMQ's own waiting cannot do: it neither notices that Redis goes away nor survives it. */
  async function answerTo(jobId: string, told: Promise<Answer>, giveUpAtMs: number): Promise<Answer> {
    for (let leftMs = 1; leftMs > 0; ) {
      leftMs = giveUpAtMs - Date.now()
      const nap = sleep(Math.min(LOOK_EVERY_MS, Math.max(0, leftMs)), null, { ref: false })
      const answer = await Promise.race([told, nap])
      if (answer) return answer
      const job = await reached(queue.getJob(jobId))
      if (!job || job.failedReason !== undefined) break
      if (job.finishedOn !== undefined) return job.returnvalue as Answer
    }
    throw new BotError('store.unavailable', 'No worker answered in time.', {
      hint: 'Whoever runs the bot can check that a worker is up.',
    })
  }

  return {
    queue,
    async ask(askId, timeoutMs) {
      const jobId = `ask-${askId}`
      const told = new Promise<Answer>(resolve => waiting.set(jobId, resolve))
      try {
        const keep = { removeOnComplete: KEEP_ANSWERS, removeOnFail: KEEP_ANSWERS }
        await reached(queue.add('read', { askId }, { jobId, ...keep }))
        const answer = await answerTo(jobId, told, Date.now() + timeoutMs)
        if ('failed' in answer) throw BotError.fromRecord(answer.failed)
        return answer.ok
      } finally {
        waiting.delete(jobId)
      }
    },
    async close() {
      await events.close()
      await queue.close()
    },
  }
}

/** The queue alone, for those who only look at it. */
export const createReadQueueView = (setting: QueueSetting): Queue => openQueue(READS, setting)

export interface ReadWorkerParts {
  /** Answers, or throws what the person shall be told. */
  answer(askId: string, signal: AbortSignal): Promise<unknown>
  log: Log
  concurrency?: number
  vigilance?: Vigilance
}

export async function startReadWorker(setting: QueueSetting, parts: ReadWorkerParts): Promise<WorkerHandle> {
  const worker = openWorker<AskData, Answer>(
    READS,
    setting,
    { concurrency: parts.concurrency ?? 20, vigilance: parts.vigilance },
    async (job, _token, signal) => {
      try {
        return { ok: (await parts.answer(job.data.askId, signal)) ?? null }
      } catch (error) {
        return { failed: BotError.from(error).toRecord() }
      }
    },
  )
  worker.on('error', error => parts.log.warn('read worker', { reason: error.message }))
  await worker.waitUntilReady()
  return { close: force => worker.close(force) }
}
