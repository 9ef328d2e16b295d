/**
 * Messages on their way: what each shall show, and per conversation (lane) the order in which they go out.
 * Implements both sides of ports/outbox.ts. Leases and pacing count Redis's own time, since they are about live processes.
 */
import type { PlatformName } from '../core/actor.js'
import type { MessageRef, Target } from '../core/ports/chat.js'
import type { OutboxLanes, OutboxRecords, PendingMessage } from '../core/ports/outbox.js'
import type { Reply } from '../core/reply.js'
import { keys } from './keys.js'
import { answered, type RedisConnection, script } from './redis.js'

const KEEP_MESSAGE_SECONDS = 90 * 86_400
const KEEP_LANE_SECONDS = 86_400
/** A sender that is silent for so long is taken for dead. */
const LEASE_MS = 30_000
/** How long "a sender has been called for this lane" is believed; the sweep calls again after that. */
const CALLED_MS = 30_000

const NOW = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)\n`

/**
 * KEYS message, lane, laneState, lanes; ARGV messageKey, lane, target, want, keepMessage, keepLane, calledMs, which ('once': only
 * where there is none, 'instead': only where there is one). Answers 1 when the caller shall call a sender. What is shown as wished
 * already is left alone.
 */
const PUT = `${NOW}
if ARGV[8] == 'once' and redis.call('HEXISTS', KEYS[1], 'target') == 1 then return 0 end
if ARGV[8] == 'instead' and (redis.call('HGET', KEYS[1], 'want') or 'null') == 'null' then return 0 end
local at = redis.call('HMGET', KEYS[1], 'want', 'target', 'version', 'sent')
local asSent = at[3] and at[3] == at[4] and not redis.call('ZSCORE', KEYS[2], ARGV[1])
if asSent and at[1] == ARGV[4] and (ARGV[3] == '' or at[2] == ARGV[3]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'want', ARGV[4])
redis.call('HSETNX', KEYS[1], 'wantedAt', now)
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'target', ARGV[3], 'lane', ARGV[2]) end
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], 'NX', redis.call('HINCRBY', KEYS[3], 'seq', 1), ARGV[1])
redis.call('EXPIRE', KEYS[3], ARGV[6])
redis.call('SADD', KEYS[4], ARGV[2])
local called = tonumber(redis.call('HGET', KEYS[3], 'calledUntil') or '0')
if called > now then return 0 end
redis.call('HSET', KEYS[3], 'calledUntil', now + ARGV[7])
return 1`

/** KEYS lane, laneState, lanes; ARGV calledMs, lane, keepLane. Answers 1 when nobody has been called to what lies there. */
const RECALL = `${NOW}
if redis.call('ZCARD', KEYS[1]) == 0 then
  redis.call('SREM', KEYS[3], ARGV[2])
  return 0
end
local called = tonumber(redis.call('HGET', KEYS[2], 'calledUntil') or '0')
if called > now then return 0 end
redis.call('HSET', KEYS[2], 'calledUntil', now + ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1`

/** KEYS lane, laneState, lanes; ARGV token, leaseMs, calledMs, lane, keepLane. Answers the head's key, or a state. */
const NEXT = `${NOW}
local at = redis.call('HMGET', KEYS[2], 'token', 'leaseUntil', 'restUntil')
if at[1] and at[1] ~= ARGV[1] and tonumber(at[2]) > now then return {'busy'} end
local head = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
if not head then
  redis.call('HDEL', KEYS[2], 'token', 'leaseUntil', 'calledUntil')
  redis.call('SREM', KEYS[3], ARGV[4])
  return {'empty'}
end
redis.call('EXPIRE', KEYS[2], ARGV[5])
if at[3] and tonumber(at[3]) > now then
  redis.call('HDEL', KEYS[2], 'token', 'leaseUntil')
  redis.call('HSET', KEYS[2], 'calledUntil', tonumber(at[3]) + ARGV[3])
  return {'rest', tostring(tonumber(at[3]) - now)}
end
redis.call('HSET', KEYS[2], 'token', ARGV[1], 'leaseUntil', now + ARGV[2], 'calledUntil', now + ARGV[3])
return {'message', head, tostring(now)}`

/**
 * KEYS message, lane, laneState; ARGV token, messageKey. Notes the intent; answers the message as it was before, or `lost`
 * (another sender has the lane now), or `gone` (a message that expired: it leaves the lane).
 */
const BEGIN = `
if redis.call('HGET', KEYS[3], 'token') ~= ARGV[1] then return 'lost' end
local fields = redis.call('HGETALL', KEYS[1])
if redis.call('HEXISTS', KEYS[1], 'target') == 0 then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[2])
  return 'gone'
end
redis.call('HSET', KEYS[1], 'intent', ARGV[1])
return fields`

/** What was wished for while the last version was on its way goes to the end of the lane. */
const AGAIN_IF_NEWER = `
redis.call('ZREM', KEYS[2], ARGV[2])
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[3] then
  redis.call('ZADD', KEYS[2], redis.call('HINCRBY', KEYS[3], 'seq', 1), ARGV[2])
end`

/** KEYS message, lane, laneState; ARGV token, messageKey, version, ref or '' (it is nowhere now), paceMs */
const SENT = `${NOW}
if redis.call('HGET', KEYS[3], 'token') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'intent', 'failures', 'failingSince', 'gaveUp', 'wantedAt')
redis.call('HSET', KEYS[1], 'sent', ARGV[3])
if ARGV[4] == '' then redis.call('HDEL', KEYS[1], 'ref') else redis.call('HSET', KEYS[1], 'ref', ARGV[4]) end
${AGAIN_IF_NEWER}
if tonumber(ARGV[5]) > 0 then redis.call('HSET', KEYS[3], 'restUntil', now + ARGV[5]) end
return 1`

/** KEYS message, lane, laneState; ARGV token, messageKey, version, final ('1' or ''), inDoubt ('1' or ''), restMs, calledMs */
const FAILED = `${NOW}
if redis.call('HGET', KEYS[3], 'token') ~= ARGV[1] then return 0 end
if ARGV[5] == '' then redis.call('HDEL', KEYS[1], 'intent') end
if ARGV[4] == '1' then
  redis.call('HDEL', KEYS[1], 'failures', 'failingSince', 'wantedAt')
  redis.call('HSET', KEYS[1], 'gaveUp', now)
  ${AGAIN_IF_NEWER}
else
  redis.call('HINCRBY', KEYS[1], 'failures', 1)
  redis.call('HSETNX', KEYS[1], 'failingSince', now)
  redis.call('HSET', KEYS[3], 'restUntil', now + ARGV[6], 'calledUntil', now + ARGV[6] + ARGV[7])
end
return 1`

const RELEASE = `
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('HDEL', KEYS[1], 'token', 'leaseUntil') end
return 1`

export function laneOf(target: Target): string {
  return target.to === 'person'
    ? `${target.actor.platform}:dm:${target.actor.id}`
    : `${target.conversation.platform}:${target.conversation.id}`
}

/** A lane's name begins with its platform. */
const platformOf = (lane: string) => lane.slice(0, lane.indexOf(':')) as PlatformName

/** @param leaseMs how long a sender may be silent before another takes its lane */
export function createOutboxStore(
  redis: RedisConnection,
  leaseMs: number = LEASE_MS,
): OutboxRecords & OutboxLanes {
  const put = script(redis, 'okmsOutboxPut', PUT)
  const recall = script(redis, 'okmsOutboxRecall', RECALL)
  const next = script(redis, 'okmsOutboxNext', NEXT)
  const begin = script(redis, 'okmsOutboxBegin', BEGIN)
  const sent = script(redis, 'okmsOutboxSent', SENT)
  const failed = script(redis, 'okmsOutboxFailed', FAILED)
  const release = script(redis, 'okmsOutboxRelease', RELEASE)

  async function putWanted(
    key: string,
    lane: string,
    target: Target | null,
    reply: Reply | null,
    which: 'once' | 'instead' | '' = '',
  ) {
    const call = await put(
      [keys.message(key), keys.lane(lane), keys.laneState(lane), keys.lanes(platformOf(lane))],
      [
        key,
        lane,
        target === null ? '' : JSON.stringify(target),
        JSON.stringify(reply),
        KEEP_MESSAGE_SECONDS,
        KEEP_LANE_SECONDS,
        CALLED_MS,
        which,
      ],
    )
    return call === 1 ? lane : null
  }

  async function nextOf(lane: string, token: string): ReturnType<OutboxLanes['next']> {
    const [state, head, at] = (await next(
      [keys.lane(lane), keys.laneState(lane), keys.lanes(platformOf(lane))],
      [token, leaseMs, CALLED_MS, lane, KEEP_LANE_SECONDS],
    )) as [string, string, string]
    if (state === 'empty' || state === 'busy') return state
    if (state === 'rest') return { waitMs: Number(head) }
    const found = (await begin([keys.message(head), keys.lane(lane), keys.laneState(lane)], [token, head])) as
      | string[]
      | string
    if (found === 'lost') return 'busy'
    if (typeof found === 'string') return nextOf(lane, token)
    const fields = Object.fromEntries(found.flatMap((name, i) => (i % 2 ? [] : [[name, found[i + 1]!]])))
    const message = decode(head, fields, Number(at))
    return message.target.to === 'thread' ? { ...message, under: await refOf(message.target.under) } : message
  }

  async function refOf(key: string): Promise<MessageRef | null> {
    const ref = await answered(redis.hget(keys.message(key), 'ref'))
    return ref === null ? null : (JSON.parse(ref) as MessageRef)
  }

  return {
    want: (key, target, reply) => putWanted(key, laneOf(target), target, reply),
    wantOnce: (key, target, reply) => putWanted(key, laneOf(target), target, reply, 'once'),

    async wantInstead(key, reply) {
      const lane = await answered(redis.hget(keys.message(key), 'lane'))
      return lane === null ? null : putWanted(key, lane, null, reply, 'instead')
    },

    async unwant(key) {
      const lane = await answered(redis.hget(keys.message(key), 'lane'))
      return lane === null ? null : putWanted(key, lane, null, null)
    },

    async adopt(key, target, ref) {
      await answered(
        redis
          .multi()
          // It is shown now, whatever was wished before.
          .hdel(keys.message(key), 'want')
          .hset(keys.message(key), {
            target: JSON.stringify(target),
            lane: laneOf(target),
            ref: JSON.stringify(ref),
            version: 1,
            sent: 1,
          })
          .expire(keys.message(key), KEEP_MESSAGE_SECONDS)
          .exec(),
      )
    },

    next: nextOf,

    async sent(lane, token, { key, version }, ref, paceMs) {
      await sent(
        [keys.message(key), keys.lane(lane), keys.laneState(lane)],
        [token, key, version, ref === null ? '' : JSON.stringify(ref), paceMs],
      )
    },

    async failed(lane, token, { key, version }, { final, inDoubt, restMs }) {
      await failed(
        [keys.message(key), keys.lane(lane), keys.laneState(lane)],
        [token, key, version, final ? '1' : '', inDoubt ? '1' : '', restMs, CALLED_MS],
      )
    },

    async release(lane, token) {
      await release([keys.laneState(lane)], [token])
    },

    async recall(platform) {
      const lanes = await answered(redis.smembers(keys.lanes(platform)))
      const called = await Promise.all(
        lanes.map(lane =>
          recall(
            [keys.lane(lane), keys.laneState(lane), keys.lanes(platform)],
            [CALLED_MS, lane, KEEP_LANE_SECONDS],
          ),
        ),
      )
      return lanes.filter((_, i) => called[i] === 1)
    },

    waiting: platform => answered(redis.scard(keys.lanes(platform))),
  }
}

function decode(key: string, fields: Record<string, string>, now: number): PendingMessage {
  return {
    key,
    target: JSON.parse(fields.target!) as Target,
    reply: JSON.parse(fields.want ?? 'null') as Reply | null,
    version: Number(fields.version),
    waitedMs: now - Number(fields.wantedAt ?? now),
    ref: fields.ref === undefined ? null : (JSON.parse(fields.ref) as MessageRef),
    under: null,
    inDoubt: fields.intent !== undefined,
    failures: Number(fields.failures ?? 0),
    failingForMs: fields.failingSince === undefined ? 0 : now - Number(fields.failingSince),
  }
}
