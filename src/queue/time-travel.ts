/**
 * Waiting for quiet, and moving the clock, for the demo and for tests. BullMQ keeps its own time, so moving ours means walking from
 * one due instant to the next, promoting what is due and letting it happen, as if the time had passed with the bot running.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Queue } from 'bullmq'
import type { Clock } from '../core/ports/clock.js'
import type { Due } from './connection.js'
import type { TickData } from './ticks.js'

export interface TimeTravel {
  /** Waits for active work, due timers, the outbox and vendor waits (30 s each at most); never for people or time. */
  settle(): Promise<void>
  /**
   * Lets everything happen that is due until `untilMs`, at its own instant. What is done again and again without being due is done
   * less often the longer the way: two dozen times in all, and once before the first step.
   */
  advance(untilMs: number): Promise<void>
}

const VENDOR_PATIENCE_MS = 30_000
/** A job may be between two states when we look; quiet counts only when seen twice. */
const LOOK_AGAIN_MS = 25
const LONGEST_WALK = 100_000
/** How often a tick that knows nothing due is fired on one way. */
const LOOKS_ON_THE_WAY = 24

/** The instant at which the way stops for a job, in milliseconds of the clock port. */
function stopFor({ data }: Job<TickData>, strideMs: number): number {
  if (data.firedAtMs === undefined || data.everyMs === undefined) return data.dueAt!
  return Math.min(data.nextAtMs ?? Infinity, data.firedAtMs + Math.max(data.everyMs, strideMs))
}

export interface TimeTravelParts {
  queues: readonly Queue<TickData>[]
  clock: Clock
  /** Moves every clock there is. */
  moveTo(atMs: number): Promise<void>
  /** Work in this process that no queue knows of: commands being answered. */
  busy(): boolean
}

export function createTimeTravel({ queues, clock, moveTo, busy }: TimeTravelParts): TimeTravel {
  async function delayedJobs(): Promise<Job<TickData>[]> {
    const all = await Promise.all(queues.map(queue => queue.getDelayed()))
    // Schedules are housekeeping; they have no due instant of ours.
    return all.flat().filter(job => job?.data?.dueAt !== undefined)
  }

  /** A lane that a platform told to rest does so in real time. */
  const restsByEngine = (job: Job<Due>) => job.data.dueAt === 0
  const restless = (job: Job<Due>) => job.data.waitsFor === 'vendor' || job.data.dueAt! <= clock.now()

  /** @param patience milliseconds to wait for each vendor wait; 0: they are left alone unless due */
  async function isQuiet(firstSeen: Map<string, number>, patience: number): Promise<boolean> {
    if (busy()) return false
    const counts = await Promise.all(
      queues.map(queue => queue.getJobCounts('active', 'waiting', 'prioritized')),
    )
    if (counts.some(count => Object.values(count).some(number => number > 0))) return false
    const now = Date.now()
    for (const job of await delayedJobs()) {
      if (!restless(job)) continue
      const key = `${job.queueName}/${job.id}`
      if (!firstSeen.has(key)) firstSeen.set(key, now)
      const isDue = job.data.dueAt! <= clock.now()
      // Our clock may have been moved near its instant and run past it since: BullMQ, which keeps its own, would let it rest on.
      if (isDue && !restsByEngine(job)) await promote([job])
      if (now - firstSeen.get(key)! < (isDue ? VENDOR_PATIENCE_MS : patience)) return false
    }
    return true
  }

  async function settle(patience = VENDOR_PATIENCE_MS): Promise<void> {
    const firstSeen = new Map<string, number>()
    for (let quiet = 0; quiet < 2; ) {
      quiet = (await isQuiet(firstSeen, patience)) ? quiet + 1 : 0
      if (quiet < 2) await sleep(LOOK_AGAIN_MS)
    }
  }

  async function promote(jobs: readonly Job[]): Promise<void> {
    // It may have been woken in the meantime; then it is on its way already.
    for (const job of jobs) await job.promote().catch(() => {})
  }

  return {
    settle: () => settle(),
    async advance(untilMs) {
      // Vendor waits are walked through like everything else that has its time.
      await settle(0)
      const strideMs = (untilMs - clock.now()) / LOOKS_ON_THE_WAY
      // What a tick knows to be due may be older than what happened since.
      await promote((await delayedJobs()).filter(({ data }) => data.tick !== undefined))
      await settle(0)
      for (let walked = 0; walked < LONGEST_WALK; walked++) {
        const jobs = await delayedJobs()
        const next = Math.min(...jobs.map(job => stopFor(job, strideMs)))
        if (next > untilMs) break
        await moveTo(next)
        await promote(jobs.filter(job => stopFor(job, strideMs) <= clock.now()))
        await settle(0)
      }
      await moveTo(untilMs)
      await promote((await delayedJobs()).filter(({ data }) => data.dueAt! <= clock.now()))
      // What is still to come is nearer now than BullMQ believes.
      for (const job of await delayedJobs()) {
        await job.changeDelay(Math.max(0, job.data.dueAt! - clock.now())).catch(() => {})
      }
      await settle(0)
    },
  }
}
