/** One process at a time: who has the turn, and who takes over. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Turn } from '../../../src/core/ports/alone.js'
import { silentLog } from '../../../src/core/ports/log.js'
import { createAlone } from '../../../src/store/alone.js'
import { keys } from '../../../src/store/keys.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

const SILENT_MS = 300

let server: TestRedis
let redis: RedisConnection
let turns: Turn[] = []
/** Who works at the moment, and whether ever two did. */
let working: string[] = []
let most = 0

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
})
afterAll(() => server?.stop())
afterEach(async () => {
  await Promise.all(turns.map(turn => turn.leave()))
  turns = []
  working = []
  most = 0
  await redis.flushall()
})

async function process(name: string, connection = redis): Promise<Turn> {
  const turn = await createAlone(connection, silentLog, SILENT_MS).take('gateway', {
    async begin() {
      working.push(name)
      most = Math.max(most, working.length)
    },
    async end() {
      working = working.filter(one => one !== name)
    },
  })
  turns.push(turn)
  return turn
}

it('begins in one of many, and in the next when that one leaves', async () => {
  const all = await Promise.all(['a', 'b', 'c', 'd'].map(name => process(name)))
  expect(all.filter(turn => turn.isOurs())).toHaveLength(1)

  for (let left = 0; left < 3; left++) {
    const holder = all.find(turn => turn.isOurs())!
    await holder.leave()
    expect(working).toEqual([])
    await expect.poll(() => all.filter(turn => turn.isOurs()).length, { timeout: 2000 }).toBe(1)
  }

  expect(most).toBe(1)
})

it('keeps its turn for as long as it lives', async () => {
  await process('a')
  await process('b')

  await sleep(4 * SILENT_MS)

  expect(working).toEqual(['a'])
})

it('passes the turn on when its process falls silent', async () => {
  const dying = server.connect()
  await process('a', dying)
  const second = await process('b')
  expect(second.isOurs()).toBe(false)

  dying.disconnect()

  await expect.poll(() => second.isOurs(), { timeout: 4 * SILENT_MS }).toBe(true)
})

it('ends its work when it learns that another has the turn', async () => {
  const turn = await process('a')

  await redis.set(keys.turn('gateway'), 'somebody else', 'PX', SILENT_MS)

  await expect.poll(() => turn.isOurs(), { timeout: 2000 }).toBe(false)
  expect(working).toEqual([])
  await expect.poll(() => turn.isOurs(), { timeout: 2000 }).toBe(true)
  expect(working).toEqual(['a'])
})

it('takes its turn anew when Redis has forgotten it', async () => {
  const turn = await process('a')

  await redis.del(keys.turn('gateway'))

  await expect.poll(() => redis.exists(keys.turn('gateway')), { timeout: 2000 }).toBe(1)
  expect(turn.isOurs()).toBe(true)
  expect(working).toEqual(['a'])
})

it('lets another have the turn when its work cannot begin once its turn comes', async () => {
  const first = await process('a')
  const broken = await createAlone(redis, silentLog, SILENT_MS).take('gateway', {
    begin: () => Promise.reject(new Error('refused')),
    end: async () => {},
  })
  turns.push(broken)
  const third = await process('c')

  await first.leave()

  await expect.poll(() => third.isOurs(), { timeout: 10 * SILENT_MS }).toBe(true)
  expect(broken.isOurs()).toBe(false)
})

it('lets another have the turn when its work cannot begin', async () => {
  const take = createAlone(redis, silentLog, SILENT_MS).take('gateway', {
    begin: () => Promise.reject(new Error('a wrong token')),
    end: async () => {},
  })

  await expect(take).rejects.toThrow('a wrong token')

  expect((await process('b')).isOurs()).toBe(true)
})
