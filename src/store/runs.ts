/** Runs and their steps: one hash per run, written by fenced scripts. Implements ports/runs.ts. */
import { BotError } from '../core/errors.js'
import type { RunStore } from '../core/ports/runs.js'
import type { NewRun, RunRecord, StepRecord } from '../core/run.js'
import { DEALT_WITH, KEEP_SEEN_SECONDS } from './asks.js'
import { keys } from './keys.js'
import { answered, type RedisConnection, script } from './redis.js'

/** Ended runs stay readable for as long as anybody asks about them. */
const KEEP_ENDED_SECONDS = 90 * 86_400
/** A platform repeats an interaction for minutes at most, but a flow that waits for days may start its next run again after a crash. */
const KEEP_START_KEY_SECONDS = KEEP_ENDED_SECONDS

const STEP = 's:'

/** KEYS run, open, start, seen; ARGV startKey?, startTtl, seen?, seenTtl, runId, createdAt, field, value, … Nothing when another run has the id. */
const CREATE = `
if ARGV[3] ~= '' then redis.call('SET', KEYS[4], ARGV[3], 'EX', ARGV[4]) end
if ARGV[1] ~= '' then
  local existing = redis.call('GET', KEYS[3])
  if existing then return existing end
end
if redis.call('EXISTS', KEYS[1]) == 1 then return nil end
if ARGV[1] ~= '' then redis.call('SET', KEYS[3], ARGV[5], 'EX', ARGV[2]) end
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[5])
return ARGV[5]`

/** KEYS run, open; ARGV runId */
const CLAIM = `
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return nil
end
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
return redis.call('HGETALL', KEYS[1])`

/**
 * KEYS run, open, failed; ARGV epoch, endedAtMs or '', ttl, runId, field, value, … What failed is listed for as long as it is kept.
 * Answers nothing when another has claimed the run, else who gave it up, as JSON.
 */
const CHANGE = `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return nil end
if #ARGV > 4 then redis.call('HSET', KEYS[1], unpack(ARGV, 5)) end
if ARGV[2] ~= '' then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('ZREM', KEYS[2], ARGV[4])
  local at = redis.call('HMGET', KEYS[1], 'state', 'abandoned')
  if at[1] == '"failed"' and (not at[2] or at[2] == 'null') then
    redis.call('ZADD', KEYS[3], ARGV[2], ARGV[4])
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', tonumber(ARGV[2]) - 1000 * tonumber(ARGV[3]))
  end
end
return redis.call('HGET', KEYS[1], 'abandoned') or 'null'`

/** KEYS run, open, failed; ARGV runId, endedAtMs, field, value, … Fences off whoever may still believe to have it. */
const REOPEN = `
local at = redis.call('HMGET', KEYS[1], 'state', 'endedAtMs')
if at[1] ~= '"failed"' or at[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('PERSIST', KEYS[1])
redis.call('ZADD', KEYS[2], redis.call('HGET', KEYS[1], 'createdAtMs'), ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1`

/** KEYS run, failed; ARGV runId, endedAtMs, field, value, … */
const DEAL = `
local at = redis.call('HMGET', KEYS[1], 'state', 'endedAtMs')
if at[2] ~= ARGV[2] or at[1] == '"succeeded"' or at[1] == '"stopped"' then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`

/** KEYS run. A run that never was stays so. */
const POKE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], 'pokes', 1)`

export function createRunStore(redis: RedisConnection): RunStore {
  const create = script(redis, 'okmsRunCreate', CREATE)
  const claim = script(redis, 'okmsRunClaim', CLAIM)
  const change = script(redis, 'okmsRunChange', CHANGE)
  const poke = script(redis, 'okmsRunPoke', POKE)
  const reopen = script(redis, 'okmsRunReopen', REOPEN)
  const deal = script(redis, 'okmsRunDeal', DEAL)

  return {
    async create(run) {
      const startKey = run.startKey ?? ''
      const { runId: id, interactionId } = run
      const runId = await create(
        [keys.run(id), keys.openRuns, keys.start(startKey), keys.seen(interactionId ?? '')],
        [
          startKey,
          KEEP_START_KEY_SECONDS,
          interactionId === undefined ? '' : DEALT_WITH,
          KEEP_SEEN_SECONDS,
          id,
          run.createdAtMs,
          ...newFields(run),
        ],
      )
      if (typeof runId === 'string') return runId
      throw new BotError('state.conflict', `There is a run ${run.runId} already.`, { hint: 'Try again.' })
    },

    async claim(runId) {
      const flat = (await claim([keys.run(runId), keys.openRuns], [runId])) as string[] | null
      if (!flat) return null
      const fields = Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1]!]])))
      return { ...decode(fields), epoch: Number(fields.epoch), pokes: Number(fields.pokes ?? 0) }
    },

    async change(runId, epoch, { step, ...rest }) {
      const fields = fieldsOf(rest)
      if (step) fields.push(STEP + step.title, encode(step))
      const written = await change(
        [keys.run(runId), keys.openRuns, keys.failedRuns],
        [epoch, rest.endedAtMs ?? '', KEEP_ENDED_SECONDS, runId, ...fields],
      )
      if (typeof written !== 'string') return 'lost'
      const abandoned = JSON.parse(written) as RunRecord['abandoned']
      return abandoned === null ? 'written' : { abandonedBy: abandoned.by }
    },

    async read(runId) {
      const fields = await answered(redis.hgetall(keys.run(runId)))
      return Object.keys(fields).length === 0 ? null : decode(fields)
    },

    poke: async runId => Number(await poke([keys.run(runId)], [])),
    pokes: async runId => Number((await answered(redis.hget(keys.run(runId), 'pokes'))) ?? 0),
    open: () => answered(redis.zrange(keys.openRuns, '0', '-1')),
    failed: () => answered(redis.zrange(keys.failedRuns, '0', '-1', 'REV')),

    async reopen({ runId, endedAtMs }, steps) {
      const fields = fieldsOf({ state: 'queued', failure: null, endedAtMs: null, abandoned: null })
      for (const step of steps) fields.push(STEP + step.title, encode(step))
      const at = [keys.run(runId), keys.openRuns, keys.failedRuns]
      return (await reopen(at, [runId, encode(endedAtMs), ...fields])) === 1
    },

    async deal({ runId, endedAtMs }, dealt) {
      const at = [keys.run(runId), keys.failedRuns]
      return (await deal(at, [runId, encode(endedAtMs), ...fieldsOf(dealt)])) === 1
    },
  }
}

function newFields(run: NewRun): string[] {
  const { startKey: _, interactionId: __, ...kept } = run
  return fieldsOf({ ...kept, state: 'queued', failure: null, ending: null, endedAtMs: null })
}

const fieldsOf = (values: object): string[] =>
  Object.entries(values).flatMap(([name, value]) => [name, encode(value)])

/** `undefined` has no JSON, and Redis would keep it as an empty string that nobody can read back. */
const encode = (value: unknown): string => JSON.stringify(value) ?? 'null'

function decode(fields: Record<string, string>): RunRecord {
  const value = (name: string) => JSON.parse(fields[name] ?? 'null') as unknown
  const steps = Object.keys(fields)
    .filter(name => name.startsWith(STEP))
    .map(name => value(name) as StepRecord)
    .sort((a, b) => a.position - b.position)
  return {
    runId: value('runId') as string,
    job: value('job') as string,
    version: value('version') as number,
    input: value('input'),
    requester: value('requester') as RunRecord['requester'],
    conversation: value('conversation') as RunRecord['conversation'],
    privately: value('privately') as boolean,
    requires: value('requires') as RunRecord['requires'],
    state: value('state') as RunRecord['state'],
    createdAtMs: value('createdAtMs') as number,
    askedAtMs: (value('askedAtMs') ?? value('createdAtMs')) as number,
    endedAtMs: value('endedAtMs') as number | null,
    failure: value('failure') as RunRecord['failure'],
    ending: value('ending') as RunRecord['ending'],
    abandoned: value('abandoned') as RunRecord['abandoned'],
    triedAgain: value('triedAgain') as RunRecord['triedAgain'],
    steps,
  }
}
