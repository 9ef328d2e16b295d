/** Whether Redis keeps what the bot writes: new enough, on disk, and throwing nothing away. */

import type { Finding } from '../core/finding.js'
import type { Checkup } from '../core/ports/checkup.js'
import { answered, type RedisConnection } from './redis.js'

const APPEND_ONLY = 'CONFIG SET appendonly yes, and appendonly yes in redis.conf.'
const NO_EVICTION = 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.'

export function createRedisCheckup(redis: RedisConnection): Checkup {
  const info = async (section: string) => String(await answered(redis.call('INFO', section)))
  return {
    name: 'Redis',
    async examine() {
      const started = performance.now()
      const [server, persistence, memory] = await Promise.all([
        info('server'),
        info('persistence'),
        info('memory'),
      ])
      const tookMs = Math.round(performance.now() - started)
      const version = /redis_version:(\d+)\.(\d+)\S*/.exec(server)
      const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
      const isNew = major > 6 || (major === 6 && minor >= 2)
      const name = version?.[0].slice('redis_version:'.length) ?? 'of an unknown version'
      const isKept = /aof_enabled:1/.test(persistence)
      const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1] ?? 'unknown'
      return [
        judged(isNew, `Redis ${name}, answered in ${tookMs} ms`, 'Redis 6.2 or newer is needed.'),
        judged(
          isKept,
          isKept ? 'Redis writes everything to disk (append-only on)' : 'Redis forgets runs when it stops',
          APPEND_ONLY,
        ),
        judged(policy === 'noeviction', `Redis maxmemory-policy ${policy}`, NO_EVICTION),
      ]
    },
  }
}

const judged = (isGood: boolean, what: string, mend: string): Finding =>
  isGood ? { state: 'good', what } : { state: 'bad', what, mend }
