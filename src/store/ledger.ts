/** What the bot knows of credentials beyond what OVHcloud says. Implements ports/ledger.ts. */
import type { KeyServerEntry, Ledger, LedgerEntry } from '../core/ports/ledger.js'
import { keys } from './keys.js'
import { answered, type RedisConnection } from './redis.js'

export function createLedger(redis: RedisConnection): Ledger {
  return {
    async remember(entry) {
      await answered(redis.set(keys.credential(entry.credentialId), JSON.stringify(entry)))
    },

    async find(credentialIds) {
      if (credentialIds.length === 0) return new Map()
      const found = await answered(redis.mget(credentialIds.map(keys.credential)))
      return new Map(
        found.flatMap((entry, i) =>
          entry === null ? [] : [[credentialIds[i]!, JSON.parse(entry) as LedgerEntry] as const],
        ),
      )
    },

    async solve(credentialId, solution) {
      const key = keys.credential(credentialId)
      const found = await answered(redis.get(key))
      if (found === null) return
      const entry: LedgerEntry = { ...(JSON.parse(found) as LedgerEntry), solution }
      await answered(redis.set(key, JSON.stringify(entry)))
    },

    async forget(credentialId) {
      await answered(redis.del(keys.credential(credentialId)))
    },

    async rememberKeyServer(entry) {
      await answered(redis.hset(keys.keyServers(entry.cloud), String(entry.kmsId), JSON.stringify(entry)))
    },
    async keyServer(cloud, kmsId) {
      const found = await answered(redis.hget(keys.keyServers(cloud), String(kmsId)))
      return found === null ? null : (JSON.parse(found) as KeyServerEntry)
    },
    async forgetKeyServer(cloud, kmsId) {
      await answered(redis.hdel(keys.keyServers(cloud), String(kmsId)))
    },
  }
}
