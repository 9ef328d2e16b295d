/** Where runs rest: written once per start key, changed by the last one who claimed them alone. */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newRunId, realChance } from '../../../src/core/ports/chance.js'
import type { RunStore } from '../../../src/core/ports/runs.js'
import type { NewRun, StepRecord } from '../../../src/core/run.js'
import { createAskStore } from '../../../src/store/asks.js'
import { keys } from '../../../src/store/keys.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { createRunStore } from '../../../src/store/runs.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

let server: TestRedis
let redis: RedisConnection
let runs: RunStore

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
  runs = createRunStore(redis)
})
afterAll(() => server.stop())
beforeEach(() => redis.flushall())

function runOf(more: Partial<NewRun> = {}): NewRun {
  return {
    runId: newRunId(realChance),
    job: 'issue-credential',
    version: 2,
    input: { name: 'reader', days: 30, csr: null },
    requester: { platform: 'slack', id: 'U00ANA', name: 'Ana', person: 'ana', groups: ['group:S00OPS'] },
    conversation: { platform: 'slack', id: 'C00OPS', name: 'ops', kind: 'thread', parent: 'C00OPS' },
    privately: true,
    createdAtMs: 1_800_000_000_000,
    startKey: null,
    ...more,
  }
}

function stepOf(title: string, more: Partial<StepRecord> = {}): StepRecord {
  return {
    title,
    position: 0,
    state: 'done',
    result: { id: 'a' },
    note: null,
    startedAtMs: 1,
    endedAtMs: 2,
    looks: 0,
    tries: 0,
    retryAtMs: null,
    failure: null,
    ...more,
  }
}

describe('a new run', () => {
  it('reads as it was written, queued, and open', async () => {
    const run = runOf()

    expect(await runs.create(run)).toBe(run.runId)

    const { startKey: _, ...kept } = run
    expect(await runs.read(run.runId)).toEqual({
      ...kept,
      requires: null,
      askedAtMs: run.createdAtMs,
      state: 'queued',
      abandoned: null,
      triedAgain: null,
      endedAtMs: null,
      failure: null,
      ending: null,
      steps: [],
    })
    expect(await runs.open()).toEqual([run.runId])
    expect(await redis.ttl(keys.run(run.runId))).toBe(-1)
  })

  it('marks its interaction as dealt with in the same script', async () => {
    await runs.create(runOf({ startKey: 'slack:trigger-9/1', interactionId: 'slack:trigger-9' }))

    expect(await createAskStore(redis).firstSight('slack:trigger-9')).toBe(false)
    expect(await redis.ttl(keys.seen('slack:trigger-9'))).toBeGreaterThan(3500)
  })

  it('is written once per start key, however often and at once it is asked for', async () => {
    const wishes = Array.from({ length: 30 }, () => runOf({ startKey: 'slack:trigger-1/1' }))

    const ids = await Promise.all(wishes.map(wish => runs.create(wish)))

    expect(new Set(ids).size).toBe(1)
    expect(await runs.open()).toEqual([ids[0]])
    expect(await redis.keys(keys.run('*'))).toHaveLength(1)
  })

  it('has its start key known for as long as it can be read itself', async () => {
    const run = runOf({ startKey: '7F3K9Q2M/revoke' })
    await runs.create(run)

    expect(await redis.ttl(keys.start('7F3K9Q2M/revoke'))).toBeGreaterThan(89 * 86_400)
  })

  it('never takes the place of another with the same id', async () => {
    const first = runOf()
    await runs.create(first)

    const second = runs.create(runOf({ runId: first.runId, job: 'other', startKey: 'x' }))

    await expect(second).rejects.toMatchObject({ code: 'state.conflict' })
    expect((await runs.read(first.runId))?.job).toBe('issue-credential')
    expect(await redis.exists(keys.start('x'))).toBe(0)
  })

  it('may have no input at all', async () => {
    const run = runOf({ input: undefined })
    await runs.create(run)

    expect((await runs.claim(run.runId))?.input).toBeNull()
  })

  it('keeps any input as JSON does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async input => {
        const run = runOf({ input })
        await runs.create(run)
        expect((await runs.read(run.runId))?.input).toEqual(JSON.parse(JSON.stringify(input)))
      }),
      { numRuns: 50 },
    )
  })
})

describe('a claim', () => {
  it('fences off whoever had it before', async () => {
    const run = runOf()
    await runs.create(run)
    const first = await runs.claim(run.runId)
    const second = await runs.claim(run.runId)

    expect(await runs.change(run.runId, first!.epoch, { state: 'running' })).toBe('lost')
    expect(await runs.change(run.runId, second!.epoch, { state: 'waiting' })).toBe('written')
    expect((await runs.read(run.runId))?.state).toBe('waiting')
  })

  it('gives each of many a number of its own, and the last one the run', async () => {
    const run = runOf()
    await runs.create(run)

    const claims = await Promise.all(Array.from({ length: 20 }, () => runs.claim(run.runId)))
    const written = await Promise.all(
      claims.map(claim => runs.change(run.runId, claim!.epoch, { state: 'running' })),
    )

    expect(new Set(claims.map(claim => claim!.epoch)).size).toBe(20)
    expect(written.filter(one => one === 'written')).toHaveLength(1)
  })

  it('of a run that is not there finds nothing and writes nothing', async () => {
    const runId = newRunId(realChance)
    await redis.zadd(keys.openRuns, 1, runId)

    expect(await runs.claim(runId)).toBeNull()
    expect(await runs.read(runId)).toBeNull()
    expect(await runs.change(runId, 1, { state: 'running' })).toBe('lost')
    expect(await runs.poke(runId)).toBe(0)
    expect(await redis.exists(keys.run(runId))).toBe(0)
    expect(await runs.open()).toEqual([])
  })
})

describe('changes', () => {
  it('keep steps in the order in which they began', async () => {
    const run = runOf()
    await runs.create(run)
    const { epoch } = (await runs.claim(run.runId))!
    const titles = ['Wait', 'Ask', 'Check: 100%', 's:odd', '__proto__']
    for (const [position, title] of [...titles.entries()].reverse()) {
      await runs.change(run.runId, epoch, { step: stepOf(title, { position }) })
    }

    const read = await runs.claim(run.runId)

    expect(read?.steps.map(({ title }) => title)).toEqual(titles)
    expect(read?.steps[0]).toEqual(stepOf('Wait'))
  })

  it('write everything of one change together, nulls included', async () => {
    const run = runOf()
    await runs.create(run)
    const { epoch } = (await runs.claim(run.runId))!
    const failure = { code: 'ovh.denied', message: 'You may not.' } as const

    await runs.change(run.runId, epoch, {
      state: 'undoing',
      failure,
      step: stepOf('Ask', { state: 'failed', result: null, failure }),
    })
    await runs.change(run.runId, epoch, {})

    expect(await runs.read(run.runId)).toMatchObject({
      state: 'undoing',
      failure,
      steps: [{ state: 'failed', result: null, failure }],
    })
  })

  it('end a run: no longer open, readable for 90 days', async () => {
    const run = runOf()
    await runs.create(run)
    const { epoch } = (await runs.claim(run.runId))!

    await runs.change(run.runId, epoch, {
      state: 'succeeded',
      ending: { outcome: 'done', lines: ['Here.'] },
      endedAtMs: 5,
    })

    expect(await runs.open()).toEqual([])
    expect(await redis.ttl(keys.run(run.runId))).toBeGreaterThan(89 * 86_400)
    expect((await runs.claim(run.runId))?.ending).toEqual({ outcome: 'done', lines: ['Here.'] })
    expect(await redis.ttl(keys.run(run.runId))).toBeGreaterThan(89 * 86_400)
  })

  it('lists open runs oldest first', async () => {
    const ids = ['00000001', '00000002', '00000003']
    for (const [i, runId] of ids.entries()) await runs.create(runOf({ runId, createdAtMs: 100 - i }))

    expect(await runs.open()).toEqual(['00000003', '00000002', '00000001'])
  })
})

describe('wishes for a new look', () => {
  it('are counted, and a claim says how many there were', async () => {
    const run = runOf()
    await runs.create(run)
    const before = await runs.claim(run.runId)

    await Promise.all([runs.poke(run.runId), runs.poke(run.runId)])

    expect(before?.pokes).toBe(0)
    expect(await runs.pokes(run.runId)).toBe(2)
    expect((await runs.claim(run.runId))?.pokes).toBe(2)
  })
})

describe('a run that failed', () => {
  const fail = async (more: Partial<NewRun> = {}, endedAtMs = 1_800_000_060_000) => {
    const { runId } = runOf()
    await runs.create({ ...runOf(more), runId })
    const { epoch } = (await runs.claim(runId))!
    const failure = { code: 'ovh.denied' as const, message: 'You may not.' }
    await runs.change(runId, epoch, { step: stepOf('One', { state: 'failed', failure }) })
    await runs.change(runId, epoch, { state: 'failed', failure, endedAtMs })
    return { runId, epoch, endedAtMs }
  }

  it('is listed, the newest first, for as long as it is kept', async () => {
    const day = 86_400_000
    const { runId: old } = await fail({}, 1_800_000_000_000)
    const { runId: newer } = await fail({}, 1_800_000_000_000 + 80 * day)
    expect(await runs.failed()).toEqual([newer, old])

    const { runId: newest } = await fail({}, 1_800_000_000_000 + 91 * day)

    expect(await runs.failed()).toEqual([newest, newer])
  })

  it('is opened anew once, and whoever had it is fenced off', async () => {
    const { runId, epoch, endedAtMs } = await fail()
    const goesOn = stepOf('One', { state: 'waiting' })

    const answers = await Promise.all([1, 2, 3].map(() => runs.reopen({ runId, endedAtMs }, [goesOn])))

    expect(answers.filter(Boolean)).toHaveLength(1)
    expect(await runs.read(runId)).toMatchObject({
      state: 'queued',
      failure: null,
      endedAtMs: null,
      steps: [{ title: 'One', state: 'waiting' }],
    })
    expect(await runs.open()).toEqual([runId])
    expect(await runs.failed()).toEqual([])
    expect(await redis.ttl(keys.run(runId))).toBe(-1)
    expect(await runs.change(runId, epoch, { state: 'running' })).toBe('lost')
  })

  it.each([{ abandoned: { by: 'Bo' } }, { triedAgain: { by: 'Bo', runId: '7F3K9Q2M' } }])(
    'is listed no more once it was dealt with (%o)',
    async dealt => {
      const { runId, endedAtMs } = await fail()

      expect(await runs.deal({ runId, endedAtMs: endedAtMs - 1 }, dealt)).toBe(false)
      expect(await runs.deal({ runId, endedAtMs }, dealt)).toBe(true)

      expect(await runs.failed()).toEqual([])
      expect(await runs.read(runId)).toMatchObject(dealt)
    },
  )

  it('is not listed when it failed because it was given up', async () => {
    const run = runOf()
    await runs.create(run)
    const { epoch } = (await runs.claim(run.runId))!
    await runs.deal({ runId: run.runId, endedAtMs: null }, { abandoned: { by: 'Bo' } })

    const written = await runs.change(run.runId, epoch, { state: 'failed', endedAtMs: 1_800_000_060_000 })

    expect(written).toEqual({ abandonedBy: 'Bo' })
    expect(await runs.failed()).toEqual([])
  })

  it('is all that can be dealt with, besides an open one', async () => {
    const run = runOf()
    await runs.create(run)
    const { epoch } = (await runs.claim(run.runId))!
    await runs.change(run.runId, epoch, { state: 'stopped', endedAtMs: 1_800_000_060_000 })

    const stopped = { runId: run.runId, endedAtMs: 1_800_000_060_000 }
    expect(await runs.deal(stopped, { abandoned: { by: 'Bo' } })).toBe(false)
    expect(await runs.deal({ runId: '00000000', endedAtMs: null }, { abandoned: { by: 'Bo' } })).toBe(false)
    expect(await runs.reopen(stopped, [])).toBe(false)
    expect(await runs.read(run.runId)).toMatchObject({ state: 'stopped', abandoned: null })
    expect(await redis.exists(keys.run('00000000'))).toBe(0)
  })
})
