/** How entries of the ledger rest, and the one script that changes them: what is known and when it is looked at change together. */
import type { Followed } from '../core/ports/ledger.js'
import { keys } from './keys.js'
import { answered, type RedisConnection, script } from './redis.js'

/** Later than any expiry: what has nothing to be looked at stays in the order, so that new rules find it. */
export const NEVER_MS = 9e15
/** How long a list that was read before cannot bring back what was forgotten since. */
const FORGOTTEN_SECONDS = 86_400

/** Must not be there, and not forgotten lately. */
export const NEW = 'new'
/** Must not be there. */
export const ABSENT = ''

export interface Change {
  credentialId: string
  /** How it must stand now: as written, `ABSENT` or `NEW`. */
  before: string
  /** How it stands then; `null`: forgotten. */
  after: Followed | null
  lookAtMs: number
}

/** What is to be said about it, noted in the same breath. */
export interface Note {
  number: number
  text: string
  /** Kept readable for so long; 0: only until it is said. */
  keepSeconds: number
}

/**
 * KEYS ledger, reminders, forgotten, unsaid, digest; ARGV forgottenSeconds, noteNumber or '', noteText, keepSeconds, then per entry
 * id, before, after, lookAt. All of it or nothing.
 */
const CHANGE = `
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ARGV[1])
for i = 5, #ARGV, 4 do
  local at = redis.call('HGET', KEYS[1], ARGV[i])
  if ARGV[i + 1] == '${NEW}' then
    if at or redis.call('ZSCORE', KEYS[3], ARGV[i]) then return 0 end
  elseif (at or '') ~= ARGV[i + 1] then return 0 end
end
for i = 5, #ARGV, 4 do
  if ARGV[i + 2] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
    redis.call('ZREM', KEYS[2], ARGV[i])
    redis.call('ZADD', KEYS[3], now, ARGV[i])
  else
    if ARGV[i + 1] ~= ARGV[i + 2] then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
    redis.call('ZADD', KEYS[2], ARGV[i + 3], ARGV[i])
  end
end
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[4], ARGV[2], ARGV[3])
  if tonumber(ARGV[4]) > 0 then redis.call('SET', KEYS[5], ARGV[3], 'EX', ARGV[4]) end
end
return 1`

export type ChangeEntries = (changes: readonly Change[], note?: Note) => Promise<boolean>

/** `false`: at least one entry stands otherwise, and nothing was changed. */
export function createChange(redis: RedisConnection): ChangeEntries {
  const change = script(redis, 'okmsLedgerChange', CHANGE)
  return async (changes, note) => {
    const done = await change(
      [keys.ledger, keys.reminders, keys.forgotten, keys.unsaid, keys.digest(note?.number ?? 0)],
      [
        FORGOTTEN_SECONDS,
        note?.number ?? '',
        note?.text ?? '',
        note?.keepSeconds ?? 0,
        ...changes.flatMap(({ credentialId, before, after, lookAtMs }) => [
          credentialId,
          before,
          after === null ? '' : encodeEntry(after),
          lookAtMs,
        ]),
      ],
    )
    return done === 1
  }
}

export async function readEntries(
  redis: RedisConnection,
  credentialIds: readonly string[],
): Promise<(string | null)[]> {
  if (credentialIds.length === 0) return []
  return answered(redis.hmget(keys.ledger, ...credentialIds))
}

/** The id is the field's name; what is empty takes no room. */
export function encodeEntry({ credentialId: _, reminded, ...rest }: Followed): string {
  const { toldMs, cards, snoozed, stale } = reminded
  return JSON.stringify({
    ...rest,
    ...(toldMs === null ? {} : { toldMs }),
    ...(cards.length === 0 ? {} : { cards }),
    ...(snoozed === null ? {} : { snoozed }),
    ...(stale ? { stale } : {}),
  })
}

export function decodeEntry(credentialId: string, written: string): Followed {
  const { toldMs = null, cards = [], snoozed = null, stale = false, ...rest } = JSON.parse(written)
  return { credentialId, ...rest, reminded: { toldMs, cards, snoozed, stale } }
}
