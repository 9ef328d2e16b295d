/** When each tick succeeded last, in Redis's own time. Implements ports/beats.ts. */
import type { Beats } from '../core/ports/beats.js'
import { keys } from './keys.js'
import { type RedisConnection, script } from './redis.js'

const NOW = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)\n`
/** KEYS beats; ARGV tick */
const NOTE = `${NOW}return redis.call('HSET', KEYS[1], ARGV[1], now)`
/** KEYS beats. Answers the time, then tick and instant by turns. */
const READ = `${NOW}
local all = redis.call('HGETALL', KEYS[1])
table.insert(all, 1, tostring(now))
return all`

export function createBeats(redis: RedisConnection): Beats {
  const note = script(redis, 'okmsBeatNote', NOTE)
  const read = script(redis, 'okmsBeatRead', READ)
  return {
    async note(tick) {
      await note([keys.beats], [tick])
    },
    async read() {
      const [now, ...flat] = (await read([keys.beats], [])) as string[]
      const pairs = flat.flatMap((tick, i) => (i % 2 ? [] : [[tick, Number(flat[i + 1])] as const]))
      return { nowMs: Number(now), lastAtMs: new Map(pairs) }
    },
  }
}
