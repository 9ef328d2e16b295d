/** One token bucket for the OVHcloud calls of all workers together. Implements ports/rate-limiter.ts. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RateLimiter } from '../core/ports/rate-limiter.js'
import { keys } from './keys.js'
import { type RedisConnection, script } from './redis.js'

export interface Rate {
  perSecond: number
  burst: number
}

/**
 * KEYS bucket; ARGV perSecond, burst. Takes a token now, or books the next one: answers milliseconds to wait.
 * Booking ahead (the level may go below zero) keeps the order fair without polling.
 */
const TAKE = `
local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000
local rate = tonumber(ARGV[1]) / 1000
local burst = tonumber(ARGV[2])
local at = redis.call('HMGET', KEYS[1], 'level', 'at')
local passed = math.max(0, now - tonumber(at[2] or now))
local level = math.min(burst, tonumber(at[1] or ARGV[2]) + passed * rate) - 1
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 3600)
if level >= 0 then return 0 end
return math.ceil(-level / rate)`

/** KEYS bucket. Gives a booking back that nobody came for. */
const GIVE_BACK = `
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBYFLOAT', KEYS[1], 'level', 1) end
return 1`

export function createRateLimiter(redis: RedisConnection, { perSecond, burst }: Rate): RateLimiter {
  const take = script(redis, 'okmsRateTake', TAKE)
  const giveBack = script(redis, 'okmsRateGiveBack', GIVE_BACK)
  return {
    async take(signal) {
      signal?.throwIfAborted()
      const waitMs = Number(await take([keys.ovhRate], [perSecond, burst]))
      if (waitMs === 0) return
      try {
        await sleep(waitMs, undefined, signal ? { signal } : {})
      } catch (aborted) {
        await giveBack([keys.ovhRate], [])
        throw aborted
      }
    },
  }
}
