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
local level = math.min(burst, tonumber(at[1] or ARGV[2]) + (now - tonumber(at[2] or now)) * rate) - 1
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 3600)
if level >= 0 then return 0 end
return math.ceil(-level / rate)`

export function createRateLimiter(redis: RedisConnection, { perSecond, burst }: Rate): RateLimiter {
  const take = script(redis, 'okmsRateTake', TAKE)
  return {
    async take(signal) {
      const waitMs = Number(await take([keys.ovhRate], [perSecond, burst]))
      if (waitMs > 0) await sleep(waitMs, undefined, signal ? { signal } : {})
    },
  }
}
