/** Runs on real BullMQ: none is lost, none runs twice at once, and a waiting one holds no worker. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { TurnHooks } from '../../../src/bot/run-steps.js'
import { createRunner } from '../../../src/bot/runner.js'
import { BotError } from '../../../src/core/errors.js'
import { defineJob, type Job, type Outside } from '../../../src/core/job.js'
import { noAudit } from '../../../src/core/ports/audit.js'
import { newRunId, realChance } from '../../../src/core/ports/chance.js'
import { realClock } from '../../../src/core/ports/clock.js'
import { silentLog } from '../../../src/core/ports/log.js'
import type { Outbox } from '../../../src/core/ports/outbox.js'
import type { RunStore } from '../../../src/core/ports/runs.js'
import type { Ending } from '../../../src/core/run.js'
import type { QueueSetting } from '../../../src/queue/connection.js'
import {
  createFlowQueue,
  type FlowQueueHandle,
  type FlowWorkerParts,
  startFlowWorker,
  type TurnOutcome,
  type WorkerHandle,
} from '../../../src/queue/flows.js'
import { createApprovals } from '../../../src/store/approvals.js'
import { QUEUE_PREFIX } from '../../../src/store/keys.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { createRunStore } from '../../../src/store/runs.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

/** A dead worker is noticed within two seconds. */
const VIGILANCE = { lockMs: 1000, stalledMs: 300 }
const HOUR = 3_600_000

let server: TestRedis
let redis: RedisConnection
let setting: QueueSetting
let runs: RunStore
let flows: FlowQueueHandle
let workers: WorkerHandle[]

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
  setting = { connection: redis, prefix: QUEUE_PREFIX }
  runs = createRunStore(redis)
})
afterAll(() => server.stop())
beforeEach(async () => {
  await redis.flushall()
  flows = createFlowQueue(setting)
  workers = []
})
afterEach(async () => {
  // In peace: what goes on after a forced end would reach into the next test.
  await Promise.all(workers.map(worker => worker.close()))
  await flows.close()
})

const settles = { timeout: 8000, interval: 20 }
const done: Ending = { outcome: 'done', lines: [] }
const nowhere: Outbox = {
  async put() {},
  async putOnce() {},
  async rewrite() {},
  async adopt() {},
  async remove() {},
}

async function start(parts: Partial<FlowWorkerParts> & Pick<FlowWorkerParts, 'turn'>): Promise<WorkerHandle> {
  const worker = await startFlowWorker(setting, flows, {
    pokes: runs.pokes,
    openRuns: runs.open,
    clock: realClock,
    log: silentLog,
    vigilance: VIGILANCE,
    ...parts,
  })
  workers.push(worker)
  return worker
}

/** A worker that runs real jobs step by step. */
function startRunning(job: Job<never>, hooks: TurnHooks = {}, parts: Partial<FlowWorkerParts> = {}) {
  const runner = createRunner({
    runs,
    jobs: new Map([[job.name, job]]),
    outside: { clock: realClock } as Outside,
    outbox: nowhere,
    flows,
    approvals: createApprovals(redis),
    audit: noAudit,
    policy: { current: async () => null },
    chance: realChance,
    log: silentLog,
    hooks,
  })
  return start({ turn: runner.turn, ...parts })
}

const jobOf = (run: Job<null>['run']) =>
  defineJob({ name: 'story', input: z.null(), title: () => 'Story', run }) as Job<never>

function newRun(more: { job?: string; version?: number } = {}): Promise<string> {
  return runs.create({
    runId: newRunId(realChance),
    job: 'story',
    version: 1,
    input: null,
    requester: { platform: 'console', id: 'ana', name: 'Ana' },
    conversation: { platform: 'console', id: 'ops', name: 'ops', kind: 'channel' },
    privately: false,
    createdAtMs: Date.now(),
    startKey: null,
    ...more,
  })
}

const parked = (wakeInMs: number, pokes = 0): TurnOutcome => ({
  kind: 'parked',
  wakeAtMs: Date.now() + wakeInMs,
  waitsFor: 'person',
  pokes,
})
const ended: TurnOutcome = { kind: 'ended', pokes: 0 }
const stateOf = async (runId: string) => (await runs.read(runId))?.state

function gate() {
  let open!: () => void
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}

describe('a run', () => {
  it('runs once, however often it is queued', async () => {
    let turns = 0
    const runId = await newRun()
    await Promise.all(Array.from({ length: 10 }, () => flows.add(runId)))

    await startRunning(
      jobOf(async ({ step }) => {
        await step('One', async () => {
          turns++
          await sleep(50)
        })
        return done
      }),
    )
    await flows.add(runId)

    await expect.poll(() => stateOf(runId), settles).toBe('succeeded')
    await flows.add(runId)
    await expect
      .poll(() => flows.queue.getJobCounts('active', 'waiting', 'delayed'), settles)
      .toMatchObject({
        active: 0,
        waiting: 0,
      })
    expect(turns).toBe(1)
  })

  it('holds no worker while it waits, and goes on at its time', async () => {
    const [waiting, other] = [await newRun(), await newRun({ job: 'story' })]
    const began = Date.now()
    const seen: string[] = []
    const job = jobOf(async ({ step, runId }) => {
      if (runId === other) return done
      await step.until('Wait', { every: '400ms', atMost: '1m', waitsFor: 'vendor' }, async ({ looks }) => {
        seen.push(`look ${looks}: ${await stateOf(other)}`)
        return looks === 1 ? true : undefined
      })
      return done
    })
    await flows.add(waiting)

    await startRunning(job, {}, { concurrency: 1 })
    await expect.poll(() => stateOf(waiting), settles).toBe('waiting')
    await flows.add(other)

    await expect.poll(() => stateOf(waiting), settles).toBe('succeeded')
    expect(seen).toEqual(['look 0: queued', 'look 1: succeeded'])
    expect(Date.now() - began).toBeGreaterThanOrEqual(400)
  })

  it('has nothing in its job but ids and when it is due', async () => {
    const runId = await newRun()
    await flows.add(runId)
    await start({ turn: async () => parked(HOUR) })
    await expect.poll(() => flows.queue.getDelayedCount(), settles).toBeGreaterThan(0)

    const job = await flows.queue.getJob(`run-${runId}`)

    expect(job?.data).toEqual({ runId, dueAt: expect.any(Number), waitsFor: 'person', pokes: 0 })
  })

  it('of a version that this worker does not know is left for another', async () => {
    const runId = await newRun({ version: 2 })
    await flows.add(runId)

    await startRunning(jobOf(async () => done))

    await expect.poll(() => flows.queue.getDelayedCount(), settles).toBeGreaterThan(0)
    expect(await stateOf(runId)).toBe('queued')
  })

  it('goes on when its turn broke in the engine', async () => {
    const runId = await newRun()
    let turns = 0
    await flows.add(runId)

    await start({
      async turn() {
        if (turns++ === 0) throw new BotError('store.unavailable', 'Redis is gone.')
        return ended
      },
    })

    await expect.poll(() => turns, settles).toBe(2)
  })
})

describe('waking', () => {
  it('ends a wait at once', async () => {
    const runId = await newRun()
    let turns = 0
    await flows.add(runId)
    await start({ turn: async () => (turns++ === 0 ? parked(HOUR) : ended) })
    await expect.poll(async () => (await flows.queue.getJob(`run-${runId}`))?.isDelayed(), settles).toBe(true)

    await runs.poke(runId)
    await flows.wake(runId)

    // The worker may look once more: it sees the wish by itself too.
    await expect.poll(() => turns, settles).toBeGreaterThan(1)
  })

  it('is not lost when it comes in the middle of a turn', async () => {
    const runId = await newRun()
    const [looked, poked] = [gate(), gate()]
    const turns: number[] = []
    await flows.add(runId)
    await start({
      async turn() {
        const pokes = await runs.pokes(runId)
        turns.push(pokes)
        if (turns.length > 1) return ended
        looked.open()
        await poked.opened
        return parked(HOUR, pokes)
      },
    })
    await looked.opened

    await runs.poke(runId)
    await flows.wake(runId)
    poked.open()

    await expect.poll(() => turns, settles).toEqual([0, 1])
  })

  it('is never lost, whenever it comes', async () => {
    const runId = await newRun()
    const seen: number[] = []
    await flows.add(runId)
    await start({
      async turn() {
        const pokes = await runs.pokes(runId)
        seen.push(pokes)
        await sleep(Math.random() * 4)
        return parked(HOUR, pokes)
      },
    })

    for (let i = 1; i <= 60; i++) {
      await sleep(Math.random() * 8)
      await runs.poke(runId)
      await flows.wake(runId)
    }

    await expect.poll(() => seen.at(-1), settles).toBe(60)
  })

  it('does not let the next turn lose its lock', async () => {
    const runId = await newRun()
    const [looked, poked] = [gate(), gate()]
    let turns = 0
    let underWay = 0
    let most = 0
    await flows.add(runId)
    const worker = {
      async turn(): Promise<TurnOutcome> {
        most = Math.max(most, ++underWay)
        turns++
        if (turns === 1) {
          looked.open()
          await poked.opened
        } else await sleep(2200)
        underWay--
        return turns === 1 ? parked(HOUR) : { kind: 'ended', pokes: 1 }
      },
    }
    await start(worker)
    await looked.opened
    await runs.poke(runId)
    await flows.wake(runId)
    poked.open()

    await expect.poll(async () => flows.queue.getJob(`run-${runId}`), settles).toBeUndefined()
    expect({ turns, most }).toEqual({ turns: 2, most: 1 })
  })

  it('gives a run without a job one', async () => {
    const runId = await newRun()
    let turns = 0
    const turn = async () => {
      turns++
      return ended
    }
    await start({ turn, openRuns: async () => [] })

    await flows.wake(runId)

    await expect.poll(() => turns, settles).toBe(1)
  })
})

describe('the sweep', () => {
  it('takes up a run whose process died before queueing it', async () => {
    const runId = await newRun()

    await startRunning(jobOf(async () => done))

    await expect.poll(() => stateOf(runId), settles).toBe('succeeded')
  })

  it('wakes a run whose process died before waking it', async () => {
    const runId = await newRun()
    let turns = 0
    const turn = async () => {
      turns++
      return parked(HOUR, await runs.pokes(runId))
    }
    await flows.add(runId)
    await start({ turn })
    await expect.poll(async () => (await flows.queue.getJob(`run-${runId}`))?.isDelayed(), settles).toBe(true)
    await runs.poke(runId)

    await start({ turn })

    await expect.poll(() => turns, settles).toBeGreaterThan(1)
  })

  it('leaves runs alone that wait as they should', async () => {
    const runId = await newRun()
    let turns = 0
    const turn = async () => {
      turns++
      return parked(HOUR)
    }
    await flows.add(runId)
    await start({ turn })
    await expect.poll(async () => (await flows.queue.getJob(`run-${runId}`))?.isDelayed(), settles).toBe(true)

    await start({ turn })
    await start({ turn })

    expect(turns).toBe(1)
    expect(await flows.queue.getJobCountByTypes('waiting', 'active')).toBe(0)
  })
})

describe('a worker that dies', () => {
  it('is followed by another that goes on where it was', async () => {
    const acts: string[] = []
    const died = gate()
    const job = jobOf(async ({ step }) => {
      await step('One', () => void acts.push('one'))
      await step('Two', ({ again }) => void acts.push(again ? 'two, looking first' : 'two'), {
        looksFirst: true,
      })
      await step('Three', () => void acts.push('three'))
      return done
    })
    const runId = await newRun()
    await flows.add(runId)
    const dying = await startRunning(job, {
      async beforeRemember(title) {
        if (title !== 'Two') return
        died.open()
        await new Promise(() => {})
      },
    })
    await died.opened
    await dying.close(true)

    await startRunning(job)

    await expect.poll(() => stateOf(runId), settles).toBe('succeeded')
    expect(acts).toEqual(['one', 'two', 'two, looking first', 'three'])
    await expect.poll(() => flows.queue.getJob(`run-${runId}`), settles).toBeUndefined()
  })

  it('and only seemed to loses the run, which goes on all the same', async () => {
    const runId = await newRun()
    let turns = 0
    await flows.add(runId)

    await start({ turn: async () => (turns++ === 0 ? { kind: 'lost', pokes: 0 } : ended) })

    await expect.poll(() => turns, settles).toBe(2)
    await expect.poll(() => flows.queue.getJob(`run-${runId}`), settles).toBeUndefined()
  })
})

describe('a worker that is told to go', () => {
  it('finishes the step in hand and leaves the next to another', async () => {
    const acts: string[] = []
    const [began, goOn] = [gate(), gate()]
    const story = (who: string) =>
      jobOf(async ({ step }) => {
        await step('One', async () => {
          acts.push(`one by ${who}`)
          began.open()
          await goOn.opened
        })
        await step('Two', () => void acts.push(`two by ${who}`))
        return done
      })
    const runId = await newRun()
    await flows.add(runId)
    const first = await startRunning(story('first'))
    await began.opened

    const closed = first.close()
    goOn.open()
    await closed
    expect(await stateOf(runId)).toBe('running')
    await startRunning(story('second'))

    await expect.poll(() => stateOf(runId), settles).toBe('succeeded')
    expect(acts).toEqual(['one by first', 'two by second'])
  })
})

describe('many runs and workers', () => {
  it('each run ends once, each step acts once', async () => {
    const acts = new Map<string, number>()
    const job = jobOf(async ({ step, runId }) => {
      for (const title of ['One', 'Two', 'Three']) {
        await step(title, () => void acts.set(`${runId} ${title}`, (acts.get(`${runId} ${title}`) ?? 0) + 1))
      }
      await step.until('Wait', { every: '30ms', atMost: '1m', waitsFor: 'vendor' }, async ({ looks }) =>
        looks > 0 ? true : undefined,
      )
      return done
    })
    const ids = await Promise.all(Array.from({ length: 40 }, () => newRun()))

    await Promise.all([startRunning(job), startRunning(job), startRunning(job)])
    await Promise.all(ids.map(id => flows.add(id)))

    await expect.poll(() => runs.open(), settles).toEqual([])
    expect(acts.size).toBe(120)
    expect([...acts.values()].every(times => times === 1)).toBe(true)
  })
})

describe('connections', () => {
  it('are all gone when everything is closed', async () => {
    const clients = async () =>
      String(await redis.call('CLIENT', 'LIST'))
        .split('\n')
        .filter(Boolean).length
    const before = await clients()
    const [one, two] = [
      await startRunning(jobOf(async () => done)),
      await startRunning(jobOf(async () => done)),
    ]
    expect(await clients()).toBeGreaterThan(before)

    await Promise.all([one.close(), two.close()])

    await expect.poll(clients, settles).toBe(before)
  })
})
