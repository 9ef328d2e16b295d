/** Questions and answers: refusals cross as they are, and nobody waits for a worker or a Redis that is not there. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BotError } from '../../../src/core/errors.js'
import { silentLog } from '../../../src/core/ports/log.js'
import type { QueueSetting } from '../../../src/queue/connection.js'
import type { WorkerHandle } from '../../../src/queue/flows.js'
import {
  createReadQueue,
  type ReadQueueHandle,
  type ReadWorkerParts,
  startReadWorker,
} from '../../../src/queue/reads.js'
import { QUEUE_PREFIX } from '../../../src/store/keys.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

let server: TestRedis
let redis: RedisConnection
let setting: QueueSetting
let reads: ReadQueueHandle
let workers: WorkerHandle[]

const settingOf = (connection: RedisConnection): QueueSetting => ({ connection, prefix: QUEUE_PREFIX })

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
  setting = settingOf(redis)
})
afterAll(() => server.stop())
beforeEach(async () => {
  workers = []
  await redis.flushall()
  reads = await createReadQueue(settingOf(server.connect('chat')), setting, silentLog)
})
afterEach(async () => {
  await Promise.all(workers.map(worker => worker.close()))
  await reads.close()
})

async function start(answer: ReadWorkerParts['answer']): Promise<void> {
  workers.push(await startReadWorker(setting, { answer, log: silentLog }))
}

describe('a question', () => {
  it('is answered, by whichever worker', async () => {
    await Promise.all([start(async id => ({ id })), start(async id => ({ id }))])

    const answers = await Promise.all(['A1', 'B2', 'C3'].map(id => reads.ask(id, 5000)))

    expect(answers).toEqual([{ id: 'A1' }, { id: 'B2' }, { id: 'C3' }])
  })

  it('may be answered with nothing', async () => {
    await start(async () => undefined)

    expect(await reads.ask('A1', 5000)).toBeNull()
  })

  it('is refused with what the worker said', async () => {
    await start(async () => {
      throw new BotError('input.not-found', 'There is no OKMS "x".', {
        hint: '/okms list shows them.',
        details: { asked: 'x' },
      })
    })

    await expect(reads.ask('A1', 5000)).rejects.toMatchObject({
      code: 'input.not-found',
      message: 'There is no OKMS "x".',
      hint: '/okms list shows them.',
      details: { asked: 'x' },
    })
  })

  it('is a bug without its words when nobody foresaw what the worker threw', async () => {
    await start(async () => {
      throw new TypeError('token abc is undefined')
    })

    const error = await reads.ask('A1', 5000).catch(thrown => thrown)

    expect(error).toMatchObject({ code: 'bug', message: 'Something broke here.' })
    expect(JSON.stringify(await reads.queue.getJobs())).not.toContain('token abc')
  })

  it('is given up when no worker answers in time', async () => {
    await expect(reads.ask('A1', 100)).rejects.toMatchObject({
      code: 'store.unavailable',
      message: /No worker/,
    })
  })

  it('is one of many at once without a warning', async () => {
    const warnings: Error[] = []
    const hear = (warning: Error) => warnings.push(warning)
    process.on('warning', hear)
    await start(async id => id)

    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => reads.ask(`A${i}`, 5000)))
    await sleep(0)
    process.off('warning', hear)

    expect(answers).toHaveLength(60)
    expect(warnings).toEqual([])
  })

  it('is answered even when the event of its answer went by unheard', async () => {
    const deaf = await createReadQueue(setting, { ...setting, prefix: '{elsewhere}' }, silentLog)
    await start(async id => ({ id }))

    expect(await deaf.ask('A1', 5000)).toEqual({ id: 'A1' })

    await deaf.close()
  })
})

describe('connections', () => {
  it('are all gone when queue and worker are closed', async () => {
    const clients = async () =>
      String(await redis.call('CLIENT', 'LIST'))
        .split('\n')
        .filter(Boolean).length
    const before = await clients()
    const queue = await createReadQueue(setting, setting, silentLog)
    const worker = await startReadWorker(setting, { answer: async id => id, log: silentLog })
    await queue.ask('A1', 5000)
    expect(await clients()).toBeGreaterThan(before)

    await Promise.all([worker.close(), queue.close()])

    await expect.poll(clients, { timeout: 5000 }).toBe(before)
  })
})

describe('when Redis goes away', () => {
  it('whoever waits is told within moments, and nothing else breaks', async () => {
    const own = await startTestRedis()
    const unhandled: unknown[] = []
    const hear = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', hear)
    const asked = await createReadQueue(settingOf(own.connect('chat')), settingOf(own.connect()), silentLog)
    const waiting = asked.ask('A1', 60_000).catch(error => error)
    await expect.poll(() => asked.queue.getWaitingCount()).toBe(1)
    const began = performance.now()

    own.server.kill()

    expect(await waiting).toMatchObject({ code: 'store.unavailable' })
    expect(performance.now() - began).toBeLessThan(3000)
    await expect(asked.ask('B2', 60_000)).rejects.toMatchObject({ code: 'store.unavailable' })
    await sleep(0)
    process.off('unhandledRejection', hear)
    expect(unhandled).toEqual([])
    await own.stop()
  })
})
