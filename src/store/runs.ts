/** Runs and their steps: one hash per run, written by fenced scripts. Implements ports/runs.ts. */

import type { RunStore } from '../core/ports/runs.js'
import type { NewRun, RunRecord, StepRecord } from '../core/run.js'
import { keys } from './keys.js'
import { answered, type RedisConnection, script } from './redis.js'

/** Ended runs stay readable for as long as anybody asks about them. */
const KEEP_ENDED_SECONDS = 90 * 86_400
/** A platform repeats an interaction for minutes at most; two days also cover a button pressed again by somebody impatient. */
const KEEP_START_KEY_SECONDS = 2 * 86_400

const STEP = 's:'

/** KEYS run, open, start; ARGV startKey?, startTtl, runId, createdAt, field, value, … */
const CREATE = `
if ARGV[1] ~= '' then
  local existing = redis.call('GET', KEYS[3])
  if existing then return existing end
  redis.call('SET', KEYS[3], ARGV[3], 'EX', ARGV[2])
end
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
return ARGV[3]`

const CLAIM = `
if redis.call('EXISTS', KEYS[1]) == 0 then return nil end
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
return redis.call('HGETALL', KEYS[1])`

/** KEYS run, open; ARGV epoch, ended ('1' or ''), ttl, runId, field, value, … */
const CHANGE = `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
if ARGV[2] == '1' then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('ZREM', KEYS[2], ARGV[4])
end
return 1`

export function createRunStore(redis: RedisConnection): RunStore {
  const create = script(redis, 'okmsRunCreate', CREATE)
  const claim = script(redis, 'okmsRunClaim', CLAIM)
  const change = script(redis, 'okmsRunChange', CHANGE)

  return {
    async create(run) {
      const startKey = run.startKey ?? ''
      return (await create(
        [keys.run(run.runId), keys.openRuns, keys.start(startKey)],
        [startKey, KEEP_START_KEY_SECONDS, run.runId, run.createdAtMs, ...newFields(run)],
      )) as string
    },

    async claim(runId) {
      const flat = (await claim([keys.run(runId)], [])) as string[] | null
      if (!flat) return null
      const fields = Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1]!]])))
      return { ...decode(fields), epoch: Number(fields.epoch), pokes: Number(fields.pokes ?? 0) }
    },

    async change(runId, epoch, { step, ...rest }) {
      const fields = Object.entries(rest).flatMap(([name, value]) => [name, JSON.stringify(value)])
      if (step) fields.push(STEP + step.title, JSON.stringify(step))
      const ended = rest.endedAtMs === undefined ? '' : '1'
      const written = await change(
        [keys.run(runId), keys.openRuns],
        [epoch, ended, KEEP_ENDED_SECONDS, runId, ...fields],
      )
      return written === 1
    },

    async read(runId) {
      const fields = await answered(redis.hgetall(keys.run(runId)))
      return Object.keys(fields).length === 0 ? null : decode(fields)
    },

    poke: runId => answered(redis.hincrby(keys.run(runId), 'pokes', 1)),
    pokes: async runId => Number((await answered(redis.hget(keys.run(runId), 'pokes'))) ?? 0),
    open: () => answered(redis.zrange(keys.openRuns, '0', '-1')),
  }
}

function newFields(run: NewRun): string[] {
  const { startKey: _, ...kept } = run
  const all = { ...kept, state: 'queued', failure: null, ending: null, endedAtMs: null }
  return Object.entries(all).flatMap(([name, value]) => [name, JSON.stringify(value)])
}

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
    state: value('state') as RunRecord['state'],
    createdAtMs: value('createdAtMs') as number,
    endedAtMs: value('endedAtMs') as number | null,
    failure: value('failure') as RunRecord['failure'],
    ending: value('ending') as RunRecord['ending'],
    steps,
  }
}
