/** What operators do about runs, where a process dies in between, or things have changed since. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { createOperations } from '../../../src/bot/operate.js'
import { parsePolicy } from '../../../src/bot/policy.js'
import { newRun } from '../../../src/bot/runner.js'
import { defineJob, type Job } from '../../../src/core/job.js'
import type { Permission } from '../../../src/core/permission.js'
import { realChance } from '../../../src/core/ports/chance.js'
import { movableClock } from '../../../src/core/ports/clock.js'
import type { RunStore } from '../../../src/core/ports/runs.js'
import type { StepRecord } from '../../../src/core/run.js'
import { createApprovals } from '../../../src/store/approvals.js'
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
afterAll(() => server?.stop())
beforeEach(() => redis.flushall())

const ana = { platform: 'console', id: 'ana', name: 'ana' } as const
const bo = { platform: 'console', id: 'bo', name: 'bo' } as const
const ops = { platform: 'console', id: 'ops', name: '#ops', kind: 'channel' } as const
const POLICY = `
people:
  ana: { console: ana }
  bo: { console: bo }
roles:
  operator: { people: [ana, bo] }
grants:
  - { allow: [read, cloud:attach, operate], to: [operator], in: ["*"] }
`
const policyOf = (text: string) => {
  const parsed = parsePolicy(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  return parsed.policy
}

const greet = defineJob({
  name: 'greet',
  input: z.object({ whom: z.string() }),
  title: ({ whom }) => `Greet ${whom}`,
  run: async () => ({ outcome: 'done', lines: [] }),
}) as unknown as Job<never>

function operations(more: { store?: RunStore; policy?: string; job?: Job<never> } = {}) {
  const queued: string[] = []
  const able = createOperations(policyOf(more.policy ?? POLICY), bo, {
    runs: more.store ?? runs,
    jobs: new Map([['greet', more.job ?? greet]]),
    flows: { add: async runId => void queued.push(runId), wake: async () => {} },
    approvals: createApprovals(redis),
    deliveries: { status: async () => null },
    outbox: {
      put: async () => {},
      putOnce: async () => {},
      rewrite: async () => {},
      remove: async () => {},
      adopt: async () => {},
    },
    clock: movableClock(),
    chance: realChance,
    poke: async () => {},
    heard: () => {},
  })
  return { ...able, queued }
}

const stepIn = (state: StepRecord['state']): StepRecord => ({
  title: 'Say it',
  position: 0,
  state,
  result: 'hello',
  note: null,
  startedAtMs: 1,
  endedAtMs: 2,
  looks: 7,
  tries: 8,
  retryAtMs: null,
  failure: null,
})

/** A run of ana's that failed, with one step in this state. */
async function failedWith(
  state: StepRecord['state'],
  requires: Permission | null = 'cloud:attach',
): Promise<string> {
  const runId = await runs.create({
    ...newRun(realChance, ana, greet, { whom: 'dee' }),
    conversation: ops,
    privately: false,
    requires,
    createdAtMs: 1,
    startKey: null,
  })
  const { epoch } = (await runs.claim(runId))!
  const step = stepIn(state)
  const failure = { code: 'ovh.denied' as const, message: 'You may not.' }
  await runs.change(runId, epoch, { state: 'failed', failure, endedAtMs: 2, step })
  return runId
}

it('begins one run anew, though the process died before that was noted', async () => {
  const runId = await failedWith('undone')
  const dying: RunStore = { ...runs, deal: () => Promise.reject(new Error('the process is gone')) }
  const before = operations({ store: dying })
  await expect(before.retry(runId)).rejects.toThrow('the process is gone')

  const after = operations()
  await after.retry(runId)

  expect(after.queued).toEqual(before.queued)
  expect(await runs.open()).toEqual(after.queued)
  expect(await runs.read(after.queued[0]!)).toMatchObject({
    requester: ana,
    input: { whom: 'dee' },
    steps: [],
  })
})

it('leaves a run that was opened anew to the sweep, when the process died before it was queued', async () => {
  const runId = await failedWith('failed')
  const { retry, queued } = operations({
    store: {
      ...runs,
      async reopen(...all) {
        await runs.reopen(...all)
        throw new Error('gone')
      },
    },
  })

  await expect(retry(runId)).rejects.toThrow('gone')

  expect(queued).toEqual([])
  expect(await runs.open()).toEqual([runId])
  await expect(operations().retry(runId)).rejects.toThrow('is under way')
})

it('gives the step that failed all its tries and all its time again, and keeps what was kept', async () => {
  const failed = await failedWith('failed')
  const kept = await failedWith('kept-for-good')
  const { retry } = operations()

  await retry(failed)
  await retry(kept)

  expect((await runs.read(failed))?.steps[0]).toMatchObject({ state: 'waiting', looks: 0, tries: 0 })
  expect((await runs.read(kept))?.steps[0]).toMatchObject({ state: 'done', result: 'hello' })
})

it.each([
  [null, '[ana, bo]', '[bo]'],
  ['cloud:attach', 'cloud:attach, ', ''],
] as const)('does nothing for somebody who may not ask for it any more (%s)', async (requires, is, was) => {
  const runId = await failedWith('undone', requires)

  await expect(operations({ policy: POLICY.replace(is, was) }).retry(runId)).rejects.toThrow(
    'ana asked for it, and may not do that any more.',
  )
  expect(await runs.open()).toEqual([])
})

it.each([
  ['of a day before', 25, 'may not do that any more'],
  ['of the day', 23, null],
] as const)('believes roles by group %s', async (_, hoursAgo, refused) => {
  const policy = POLICY.replace('people: [ana, bo]', 'people: [bo], discord: ["role:900000000000000010"]')
  const runId = await failedWith('undone')
  const askedAtMs = Date.now() - hoursAgo * 3_600_000
  const requester = { platform: 'discord', id: '1', name: 'ana', groups: ['role:900000000000000010'] }
  await redis.hset(keys.run(runId), {
    requester: JSON.stringify(requester),
    createdAtMs: Date.now(),
    askedAtMs,
  })
  const { retry, queued } = operations({ policy })

  const tried = retry(runId)

  if (refused) await expect(tried).rejects.toThrow(refused)
  else {
    await tried
    // Begun anew, it is as old as the first.
    expect(await runs.read(queued[0]!)).toMatchObject({ requester, askedAtMs })
  }
})

it('leaves a run of another version to that version', async () => {
  const runId = await failedWith('failed')

  await expect(operations({ job: { ...greet, version: 2 } }).retry(runId)).rejects.toThrow(
    'from another version of the bot',
  )
})
