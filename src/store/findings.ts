/** Open findings of the watch in one hash. Implements ports/findings.ts. */
import type { Finding, Findings } from '../core/ports/findings.js'
import { keys } from './keys.js'
import { answered, type RedisConnection } from './redis.js'

export function createFindings(redis: RedisConnection): Findings {
  const find = async (id: string) => {
    const found = await answered(redis.hget(keys.findings, id))
    return found === null ? null : (JSON.parse(found) as Finding)
  }
  return {
    async all() {
      const found = await answered(redis.hgetall(keys.findings))
      return new Map(Object.entries(found).map(([id, text]) => [id, JSON.parse(text) as Finding]))
    },
    async open(finding) {
      await answered(redis.hsetnx(keys.findings, finding.id, JSON.stringify(finding)))
      return (await find(finding.id)) ?? finding
    },
    async close(id) {
      await answered(redis.hdel(keys.findings, id))
    },
  }
}
