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

    // The sixth waits 20 ms, the tenth 100 ms; a busy machine may only be slower.
    expect(waited[9]).toBeGreaterThan(95)
    expect(waited[6]! - waited[4]!).toBeGreaterThan(15)
    expect(waited[4]).toBeLessThan(waited[9]! - 60)
  })

  it('fills up again, and never above the burst', async () => {
    const limiter = createRateLimiter(redis, { perSecond: 1000, burst: 3 })
    await take(3, [limiter])
    await new Promise(resolve => setTimeout(resolve, 20))

    await take(4, [limiter])

    expect(Number(await redis.hget(keys.ovhRate, 'level'))).toBeLessThan(0)
  })

  it('is not taken by a call that has been given up', async () => {
    const limiter = createRateLimiter(redis, { perSecond: 1, burst: 1 })
    const level = async () => Number(await redis.hget(keys.ovhRate, 'level'))
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

    expect(Number(await redis.hget(keys.ovhRate, 'level'))).toBe(2)
  })
})
