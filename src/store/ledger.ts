/** What the bot knows of credentials beyond what OVHcloud says. Implements ports/ledger.ts. */
import type { Comparison, Followed, KeyServerEntry, Ledger } from '../core/ports/ledger.js'
import { keys } from './keys.js'
import { ABSENT, createChange, decodeEntry, readEntries } from './ledger-entries.js'
import { answered, type RedisConnection } from './redis.js'

const PAGE = 500
/** A changed entry is looked at when the reminders come by. */
const NOW = 0

/** @param changed hears of entries that the reminders should see now rather than in a minute */
export function createLedger(redis: RedisConnection, changed: () => Promise<void> = async () => {}): Ledger {
  const change = createChange(redis)

  /** Tries until nobody was faster; `how` sees the entry as it is, and answers `undefined` to leave it. */
  async function rewrite(
    credentialId: string,
    how: (entry: Followed | null) => Followed | null | undefined,
  ): Promise<Followed | null | undefined> {
    for (;;) {
      const [written = null] = await readEntries(redis, [credentialId])
      const after = how(written === null ? null : decodeEntry(credentialId, written))
      if (after === undefined) return undefined
      const before = written ?? ABSENT
      if (await change([{ credentialId, before, after, lookAtMs: NOW }])) return after
    }
  }

  const ledger: Ledger = {
    async remember(entry) {
      await rewrite(entry.credentialId, before => ({
        ...entry,
        ...(entry.solution === undefined && before?.solution ? { solution: before.solution } : {}),
        reminded: before?.reminded ?? { toldMs: null, cards: [], snoozed: null, stale: false },
      }))
    },

    async find(credentialIds) {
      const found = await readEntries(redis, credentialIds)
      return new Map(
        found.flatMap((written, i) => {
          const id = credentialIds[i]!
          return written === null ? [] : [[id, decodeEntry(id, written)] as const]
        }),
      )
    },

    async *pages() {
      let cursor = '0'
      do {
        const [next, flat] = await answered(redis.hscan(keys.ledger, cursor, 'COUNT', PAGE))
        cursor = next
        yield flat.flatMap((id, i) => (i % 2 ? [] : [decodeEntry(id, flat[i + 1]!)]))
      } while (cursor !== '0')
    },

    async change(credentialId, how) {
      const after = await rewrite(credentialId, entry => (entry && how(entry)) ?? undefined)
      return after ?? null
    },

    async solve(credentialId, solution) {
      const solved = await ledger.change(credentialId, entry => ({
        ...entry,
        solution,
        reminded: { ...entry.reminded, stale: entry.reminded.cards.length > 0 },
      }))
      if (solved) await changed()
    },

    async forget(credentialId) {
      await rewrite(credentialId, () => null)
    },

    async syncs() {
      const all = await answered(redis.hgetall(keys.syncs))
      return new Map(Object.entries(all).map(([okmsId, text]) => [okmsId, JSON.parse(text) as Comparison]))
    },
    async noteSync(okmsId, comparison) {
      await answered(redis.hset(keys.syncs, okmsId, JSON.stringify(comparison)))
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
  return ledger
}
