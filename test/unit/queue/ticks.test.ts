/** Ticks on real BullMQ: each fires once per fleet, none is lost with its worker, and a moved clock meets them on its way. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { createTicker, type Fired } from '../../../src/bot/ticker.js'
import { BotError } from '../../../src/core/errors.js'
import type { Outside } from '../../../src/core/job.js'
import { noBeats } from '../../../src/core/ports/beats.js'
import { type MovableClock, movableClock } from '../../../src/core/ports/clock.js'
import { silentLog } from '../../../src/core/ports/log.js'
import { defineTick, type Tick } from '../../../src/core/tick.js'
import type { QueueSetting } from '../../../src/queue/connection.js'
import type { WorkerHandle } from '../../../src/queue/flows.js'
import { createTickQueue, startTickWorker, type TickQueueHandle } from '../../../src/queue/ticks.js'
import { createTimeTravel } from '../../../src/queue/time-travel.js'
import { QUEUE_PREFIX } from '../../../src/store/keys.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

const VIGILANCE = { lockMs: 1000, stalledMs: 300 }
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Wishes in a row. */
const ROW = 600
const settles = { timeout: 8000, interval: 20 }

let server: TestRedis
let setting: QueueSetting
let ticks: TickQueueHandle
let clock: MovableClock
let workers: WorkerHandle[]
/** When each tick was fired, by the clock. */
let fired: { tick: string; atMs: number }[]

beforeAll(async () => {
  server = await startTestRedis()
  setting = { connection: server.connect(), prefix: QUEUE_PREFIX }
})
afterAll(() => server.stop())
beforeEach(async () => {
  await server.connect().flushall()
  ticks = createTickQueue(setting)
  clock = movableClock()
  workers = []
  fired = []
})
afterEach(async () => {
  await Promise.all(workers.map(worker => worker.close()))
  await ticks.close()
})

const firings = (tick: string) => fired.filter(one => one.tick === tick)

function tick(name: string, every: string, run: Tick['run'] = async () => undefined): Tick {
  return defineTick({
    name,
    every,
    run(context) {
      fired.push({ tick: name, atMs: clock.now() })
      return run(context)
    },
  })
}

async function start(
  definitions: readonly Tick[],
  change?: (tick: string, answer: Fired | null) => Promise<Fired | null>,
): Promise<WorkerHandle> {
  const byName = new Map(definitions.map(one => [one.name, one]))
  const fire = createTicker({
    ticks: byName,
    outside: { clock } as unknown as Outside,
    outbox: { async put() {}, async putOnce() {}, async rewrite() {}, async adopt() {}, async remove() {} },
    wake: ticks.wake,
    beats: noBeats,
    log: silentLog,
  })
  const worker = await startTickWorker(setting, ticks, {
    names: [...byName.keys()],
    fire: async (name, signal) => {
      const answer = await fire(name, signal)
      return change ? change(name, answer) : answer
    },
    clock,
    log: silentLog,
    vigilance: VIGILANCE,
  })
  workers.push(worker)
  return worker
}

const travel = () =>
  createTimeTravel({
    queues: [ticks.queue],
    clock,
    moveTo: async atMs => clock.moveTo(atMs),
    busy: () => false,
  })

it('fires at the start and then at its time, once for all workers', async () => {
  const often = tick('often', '1s')
  await start([often])
  await start([often])
  await vi.waitFor(() => expect(firings('often').length).toBeGreaterThanOrEqual(3), settles)
  const gaps = firings('often').map(({ atMs }, i, all) => atMs - (all[i - 1]?.atMs ?? -Infinity))
  expect(Math.min(...gaps)).toBeGreaterThan(900)
})

it('goes on after a firing that failed', async () => {
  const failing = tick('failing', '1s', async () => {
    throw new BotError('ovh.unreachable', 'OVHcloud is away.')
  })
  await start([failing])
  await vi.waitFor(() => expect(firings('failing').length).toBeGreaterThanOrEqual(2), settles)
})

it('loses no wish, not even one that comes while it is being put aside', async () => {
  // Each firing leads to one wish, a few turns of the event loop later each time: one that is lost ends the row.
  const elsewhere = createTickQueue({ ...setting, connection: server.connect() })
  let wishing: Promise<void> = Promise.resolve()
  const wishLater = async (turns: number) => {
    for (let i = 0; i < turns; i++) await new Promise(resolve => setImmediate(resolve))
    await elsewhere.wake('wished')
  }
  await start([tick('wished', '1h')], async (_, answer) => {
    const count = firings('wished').length
    if (count <= ROW) wishing = wishLater(count % 60)
    return answer
  })
  await vi.waitFor(() => expect(firings('wished').length).toBeGreaterThan(ROW), settles)
  await wishing
  await elsewhere.close()
})

it('is fired by another worker when one dies with it in hand', async () => {
  const once = tick('once', '1h')
  const dying = await start([once], () => new Promise(() => {}))
  await vi.waitFor(() => expect(firings('once')).toHaveLength(1), settles)
  await dying.close(true)
  workers.length = 0
  await start([once])
  await vi.waitFor(() => expect(firings('once')).toHaveLength(2), settles)
})

it('is fired out of turn when woken, also while it is being fired', async () => {
  let release = () => {}
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  const slow = tick('slow', '1h', async () => {
    await released
    return undefined
  })
  await start([slow])
  await vi.waitFor(() => expect(firings('slow')).toHaveLength(1), settles)
  await ticks.wake('slow')
  release()
  await vi.waitFor(() => expect(firings('slow')).toHaveLength(2), settles)
  await travel().settle()
  await ticks.wake('slow')
  await vi.waitFor(() => expect(firings('slow')).toHaveLength(3), settles)
})

it('a moved clock stops where a tick knows something to be due', async () => {
  const startedAt = clock.now()
  const due = [startedAt + 2 * DAY, startedAt + 9 * DAY]
  const knowing = tick('knowing', '1m', async () => ({
    nextAtMs: due.find(atMs => atMs > clock.now()) ?? null,
  }))
  await start([knowing])
  await travel().settle()
  await travel().advance(startedAt + 16 * DAY)
  for (const atMs of due) {
    expect(firings('knowing').some(one => one.atMs >= atMs && one.atMs < atMs + HOUR)).toBe(true)
  }
})

it('a long way is not walked in the smallest steps, a short one is', async () => {
  const regular = tick('regular', '15m')
  await start([regular])
  await travel().settle()
  await travel().advance(clock.now() + 90 * DAY)
  expect(firings('regular').length).toBeGreaterThan(20)
  expect(firings('regular').length).toBeLessThan(30)
  const before = firings('regular').length
  await travel().advance(clock.now() + HOUR)
  expect(firings('regular').length - before).toBeGreaterThanOrEqual(4)
})

it('leaves a tick of another version of the bot alone', async () => {
  await start([tick('known', '1h'), tick('newer', '1h')])
  await vi.waitFor(() => expect(fired).toHaveLength(2), settles)
  await workers.pop()!.close()
  await start([tick('known', '1h')])
  await ticks.wake('newer')
  await ticks.wake('known')
  await vi.waitFor(() => expect(firings('known')).toHaveLength(2), settles)
  expect(firings('newer')).toHaveLength(1)
  expect(await ticks.queue.getJob('tick-newer')).toBeDefined()
})
