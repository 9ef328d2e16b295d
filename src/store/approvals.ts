/** Requests and votes: one hash per run, decided by scripts. Implements ports/approvals.ts. */

import { personOf } from '../core/actor.js'
import type {
  Approvals,
  NewRequest,
  RequestState,
  RequestStatus,
  Vote,
  VoteOutcome,
} from '../core/ports/approvals.js'
import { keys } from './keys.js'
import { answered, type RedisConnection, script } from './redis.js'

const KEEP_SECONDS = 90 * 86_400

/** KEYS request, pending, votes; ARGV runId, planHash, requester, request, askedAtMs, ttl. Votes for a plan that was replaced go. */
const OPEN = `
if redis.call('HGET', KEYS[1], 'planHash') == ARGV[2] then return 0 end
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('HSET', KEYS[1], 'state', 'pending', 'planHash', ARGV[2], 'requester', ARGV[3], 'request', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1])
return 1`

/** KEYS request, pending, votes; ARGV runId, person, vote, need, ttl. Votes are a hash by person, so nobody counts twice. */
const APPROVE = `
local at = redis.call('HMGET', KEYS[1], 'state', 'requester')
if not at[1] then return {'unknown'} end
if at[1] ~= 'pending' then return {'over', at[1]} end
if at[2] == ARGV[2] then return {'own'} end
if redis.call('HSETNX', KEYS[3], ARGV[2], ARGV[3]) == 0 then return {'again'} end
redis.call('EXPIRE', KEYS[3], ARGV[5])
local votes = redis.call('HLEN', KEYS[3])
if votes < tonumber(ARGV[4]) then return {'counted', tostring(votes)} end
redis.call('HSET', KEYS[1], 'state', 'approved')
redis.call('ZREM', KEYS[2], ARGV[1])
return {'approved', tostring(votes)}`

/** KEYS request, pending; ARGV runId, person, endedBy, state ('denied' or 'withdrawn'), '1' where the requester need not be asked */
const END = `
local at = redis.call('HMGET', KEYS[1], 'state', 'requester')
if not at[1] then return 'unknown' end
if at[1] ~= 'pending' then return at[1] end
local isRequester = at[2] == ARGV[2]
if ARGV[4] == 'denied' and isRequester then return 'own' end
if ARGV[4] == 'withdrawn' and not isRequester and ARGV[5] == '' then return 'not-yours' end
redis.call('HSET', KEYS[1], 'state', ARGV[4], 'endedBy', ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[1])
return ARGV[4]`

/** KEYS request, pending; ARGV runId */
const EXPIRE = `
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'pending' then return state == 'expired' and 1 or 0 end
redis.call('HSET', KEYS[1], 'state', 'expired')
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`

export function createApprovals(redis: RedisConnection): Approvals {
  const open = script(redis, 'okmsRequestOpen', OPEN)
  const approve = script(redis, 'okmsRequestApprove', APPROVE)
  const end = script(redis, 'okmsRequestEnd', END)
  const expire = script(redis, 'okmsRequestExpire', EXPIRE)

  const endWith = async (runId: string, vote: Vote, state: 'denied' | 'withdrawn', anyway = '') =>
    (await end(
      [keys.request(runId), keys.pendingRequests],
      [runId, vote.person, JSON.stringify(vote), state, anyway],
    )) as never

  return {
    async open(request) {
      const askedAtMs = Date.parse(request.askedAt)
      await open(
        [keys.request(request.runId), keys.pendingRequests, keys.votes(request.runId)],
        [
          request.runId,
          request.planHash,
          personOf(request.requester),
          JSON.stringify(request),
          askedAtMs,
          KEEP_SECONDS,
        ],
      )
    },

    async status(runId) {
      const [fields, votes] = await Promise.all([
        answered(redis.hgetall(keys.request(runId))),
        answered(redis.hvals(keys.votes(runId))),
      ])
      return fields.request === undefined ? null : decode(fields, votes)
    },

    async approve(runId, vote, need) {
      const [kind, more] = (await approve(
        [keys.request(runId), keys.pendingRequests, keys.votes(runId)],
        [runId, vote.person, JSON.stringify(vote), need, KEEP_SECONDS],
      )) as [VoteOutcome['kind'], string]
      if (kind === 'counted' || kind === 'approved') return { kind, votes: Number(more) }
      return kind === 'over' ? { kind, state: more as RequestState } : { kind }
    },

    deny: (runId, vote) => endWith(runId, vote, 'denied'),
    withdraw: (runId, vote) => endWith(runId, vote, 'withdrawn'),
    giveUp: (runId, vote) => endWith(runId, vote, 'withdrawn', '1'),
    expire: async runId => (await expire([keys.request(runId), keys.pendingRequests], [runId])) === 1,
    pending: () => answered(redis.zrange(keys.pendingRequests, '0', '-1')),
  }
}

function decode(fields: Record<string, string>, votes: readonly string[]): RequestStatus {
  const cast = votes.map(vote => JSON.parse(vote) as Vote)
  return {
    ...(JSON.parse(fields.request!) as NewRequest),
    state: fields.state as RequestState,
    votes: cast.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    endedBy: JSON.parse(fields.endedBy ?? 'null') as Vote | null,
  }
}
