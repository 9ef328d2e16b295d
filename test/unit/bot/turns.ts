/** Turns of one run on the real store, as workers would take them; and workers that die in the middle. */
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { z } from 'zod'
import { Turn, type TurnEnd, type TurnHooks } from '../../../src/bot/run-steps.js'
import { BotError } from '../../../src/core/errors.js'
import { defineJob, type Job, type RememberedSteps, type RetryPolicy } from '../../../src/core/job.js'
import { newRunId, realChance } from '../../../src/core/ports/chance.js'
import { type MovableClock, movableClock } from '../../../src/core/ports/clock.js'
import type { RunStore } from '../../../src/core/ports/runs.js'
import type { Ending, RunRecord } from '../../../src/core/run.js'
import { createRunStore } from '../../../src/store/runs.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

export const done = (...lines: string[]): Ending => ({ outcome: 'done', lines })

export type Story = (step: RememberedSteps) => Promise<Ending>

export interface Around {
  hooks?: TurnHooks
  retry?: RetryPolicy
  random?: () => number
  store?: RunStore
  leaving?: () => boolean
  failures?: string[]
}

/** A store of the test file's own, and one run in it, new for each test. Its clock moves when the test says so. */
export function turnBench() {
  let redis: TestRedis
  let runs: RunStore
  let clock: MovableClock
  let runId: string

  beforeAll(async () => {
    redis = await startTestRedis()
    runs = createRunStore(redis.connect())
  })
  afterAll(() => redis.stop())
  beforeEach(restart)

  /** Begins with another run, at the same instant. */
  async function restart(): Promise<void> {
    clock = movableClock({ now: () => 1_800_000_000_000 })
    runId = await runs.create({
      runId: newRunId(realChance),
      job: 'story',
      version: 1,
      input: null,
      requester: { platform: 'console', id: 'ana', name: 'Ana' },
      conversation: { platform: 'console', id: 'ops', name: 'ops', kind: 'channel' },
      privately: false,
      createdAtMs: clock.now(),
      startKey: null,
    })
  }

  /** One turn of the run, as a worker would take it. */
  async function turn(story: Story, around: Around = {}): Promise<TurnEnd> {
    const run = await runs.claim(runId)
    const retry = around.retry ?? { attempts: 3, firstDelay: '2s', longestDelay: '5m' }
    const job = defineJob({
      name: 'story',
      input: z.null(),
      title: () => 'Story',
      retry,
      run: async () => done(),
    })
    const taken = new Turn(run!, job as Job<never>, {
      runs: around.store ?? runs,
      clock,
      random: around.random ?? (() => 0.5),
      hooks: around.hooks ?? {},
      changed: async () => {},
      failed: (_, title, error) => void around.failures?.push(`${title}: ${error.message}`),
      ...(around.leaving ? { leaving: around.leaving } : {}),
    })
    return taken.take(() => story(Object.assign(taken.step, { until: taken.until })))
  }

  /** Turn after turn, the clock moving to each instant at which the run wants to be woken. Answers how many it took. */
  async function untilEnd(story: Story, around: Around = {}): Promise<number> {
    for (let turns = 1; ; turns++) {
      const end = await turn(story, around)
      if (end.kind !== 'parked') return turns
      clock.moveTo(end.wakeAtMs)
    }
  }

  const read = async (): Promise<RunRecord> => (await runs.read(runId))!
  const states = async () => (await read()).steps.map(step => `${step.title}: ${step.state}`)
  const stateOf = async (title: string) => (await read()).steps.find(step => step.title === title)?.state

  return {
    restart,
    turn,
    untilEnd,
    read,
    states,
    stateOf,
    get clock() {
      return clock
    },
    get runs() {
      return runs
    },
  }
}

/** A hook that kills the worker between doing `title` and remembering it, once. */
export function diesAt(title: string): TurnHooks & { died: Promise<void>; wakeUp(): void } {
  let died!: () => void
  let wakeUp!: () => void
  let alive = true
  const asleep = new Promise<void>(resolve => {
    wakeUp = resolve
  })
  return {
    died: new Promise(resolve => {
      died = resolve
    }),
    /** The worker was only stalled. */
    wakeUp: () => wakeUp(),
    async beforeRemember(met) {
      if (met !== title || !alive) return
      alive = false
      died()
      await asleep
    },
  }
}

export const later = (retryAfterMs?: number) =>
  new BotError(
    'ovh.unreachable',
    'OVHcloud does not answer.',
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
