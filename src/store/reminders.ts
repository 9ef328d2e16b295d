/** Credentials in the order in which they are looked at, and what was decided to be said. Implements ports/reminders.ts. */
import type { ChannelChoice, Reminders, Said, Saying, Seen } from '../core/ports/reminders.js'
import { keys } from './keys.js'
import { createChange, decodeEntry, NEVER_MS, NEW, readEntries } from './ledger-entries.js'
import { answered, type RedisConnection, script } from './redis.js'

/** As long as the outbox can still rewrite the message. */
const KEEP_DIGEST_SECONDS = 90 * 86_400

/** KEYS reminders, rules; ARGV rulesVersion. A weight of nothing puts every instant into the past. */
const LOOK_AT_ALL = `
redis.call('ZUNIONSTORE', KEYS[1], 1, KEYS[1], 'WEIGHTS', 0)
redis.call('SET', KEYS[2], ARGV[1])
return 1`

export function createReminders(redis: RedisConnection): Reminders {
  const change = createChange(redis)
  const lookAtAll = script(redis, 'okmsRemindersLookAtAll', LOOK_AT_ALL)

  async function see(ids: readonly string[]): Promise<Seen[]> {
    const written = await readEntries(redis, ids)
    return ids.flatMap((id, i): Seen[] => {
      const mark = written[i]
      return mark == null ? [] : [{ entry: decodeEntry(id, mark), mark }]
    })
  }

  return {
    see,
    due: async (nowMs, most) =>
      see(await answered(redis.zrangebyscore(keys.reminders, '-inf', nowMs, 'LIMIT', 0, most))),

    async nextAtMs() {
      const [, score] = await answered(redis.zrange(keys.reminders, '0', '0', 'WITHSCORES'))
      const atMs = score === undefined ? NEVER_MS : Number(score)
      return atMs >= NEVER_MS ? null : atMs
    },

    nextNumber: () => answered(redis.incr(keys.saidCount)),

    claim(looked, said) {
      const isDigest = said?.saying.kind === 'remind' && said.saying.digest
      return change(
        looked.map(({ seen, entry, lookAtMs }) => ({
          credentialId: entry.credentialId,
          before: seen?.mark ?? NEW,
          after: entry,
          lookAtMs: lookAtMs ?? NEVER_MS,
        })),
        said
          ? {
              number: said.number,
              text: JSON.stringify(said.saying),
              keepSeconds: isDigest ? KEEP_DIGEST_SECONDS : 0,
            }
          : undefined,
      )
    },

    async unsaid() {
      const all = await answered(redis.hgetall(keys.unsaid))
      return Object.entries(all)
        .map(([number, text]): Said => ({ number: Number(number), saying: JSON.parse(text) as Saying }))
        .sort((a, b) => a.number - b.number)
    },
    async said(number) {
      await answered(redis.hdel(keys.unsaid, String(number)))
    },

    async digest(number) {
      const text = await answered(redis.get(keys.digest(number)))
      return text === null ? null : (JSON.parse(text) as Extract<Saying, { kind: 'remind' }>)
    },

    rulesVersion: () => answered(redis.get(keys.reminderRules)),
    async lookAtAll(rulesVersion) {
      await lookAtAll([keys.reminders, keys.reminderRules], [rulesVersion])
    },

    async choices() {
      const all = await answered(redis.hgetall(keys.reminderChoices))
      return new Map(Object.entries(all).map(([place, text]) => [place, JSON.parse(text) as ChannelChoice]))
    },
    async choose(place, choice) {
      if (choice === null) await answered(redis.hdel(keys.reminderChoices, place))
      else await answered(redis.hset(keys.reminderChoices, place, JSON.stringify(choice)))
    },
  }
}
