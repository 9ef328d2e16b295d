/** One allowance for all processes: a burst at once, then one after another, in the order of asking. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { keys } from '../../../src/store/keys.js'
import { createRateLimiter } from '../../../src/store/rate-limiter.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

let server: TestRedis
let redis: RedisConnection

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
})
afterAll(() => server.stop())
beforeEach(() => redis.flushall())

const level = async () => Number(await redis.hget(keys.ovhRate, 'level'))

/** Takes `count` at once and answers after how many milliseconds each was given. */
async function take(count: number, limiters: { take(): Promise<void> }[]): Promise<number[]> {
  const began = performance.now()
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      await limiters[i % limiters.length]!.take()
      return performance.now() - began
    }),
  )
}

describe('the allowance', () => {
  it('gives the burst at once and the rest at its pace, to all processes together', async () => {
    const rate = { perSecond: 50, burst: 5 }
    const fleet = [createRateLimiter(redis, rate), createRateLimiter(server.connect(), rate)]

    const waited = (await take(10, fleet)).sort((a, b) => a - b)

    // The sixth may go 20 ms after the first, the tenth 100 ms; a busy machine is only slower.
    const early = waited.filter((ms, i) => ms < (i - 4) * 20 - 5)
    expect(early).toEqual([])
  })

  it('gives a burst without waiting', async () => {
    const limiter = createRateLimiter(redis, { perSecond: 0.001, burst: 30 })

    await take(30, [limiter])

    expect(Math.round(await level())).toBe(0)
  })

  it('fills up again, and never above the burst', async () => {
    const limiter = createRateLimiter(redis, { perSecond: 1, burst: 3 })
    await redis.hset(keys.ovhRate, { level: '-2', at: String(Date.now() - 3_600_000) })

    await limiter.take()

    expect(await level()).toBe(2)
  })

  it('is not taken by a call that has been given up', async () => {
    const limiter = createRateLimiter(redis, { perSecond: 1, burst: 1 })
    await limiter.take()
    const before = await level()

    const giveUp = new AbortController()
    const waiting = limiter.take(giveUp.signal)
    await expect.poll(level).toBeLessThan(before - 0.5)
    giveUp.abort()

    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    await expect.poll(level).toBeGreaterThan(before - 0.5)
    await expect(limiter.take(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('does not shrink when the clock of Redis goes back', async () => {
    const limiter = createRateLimiter(redis, { perSecond: 1, burst: 3 })
    await redis.hset(keys.ovhRate, { level: '3', at: String(Date.now() + 3_600_000) })

    await limiter.take()

    expect(await level()).toBe(2)
  })
})
