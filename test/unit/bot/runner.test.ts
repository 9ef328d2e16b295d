/** The runner: which definition a run is taken by, what its card says, what it leaves to another worker. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import type { Policy } from '../../../src/bot/policy-model.js'
import { createRunner, newRun } from '../../../src/bot/runner.js'
import { defineJob, type Job, type Outside } from '../../../src/core/job.js'
import { noAudit } from '../../../src/core/ports/audit.js'
import { realChance } from '../../../src/core/ports/chance.js'
import { movableClock } from '../../../src/core/ports/clock.js'
import { silentLog } from '../../../src/core/ports/log.js'
import type { Reply } from '../../../src/core/reply.js'
import { type RedisServer, startRedisServer } from '../../../src/demo/redis-server.js'
import { createApprovals } from '../../../src/store/approvals.js'
import { connectRedis, type RedisConnection } from '../../../src/store/redis.js'
import { createRunStore } from '../../../src/store/runs.js'

let server: RedisServer
let redis: RedisConnection
beforeAll(async () => {
  server = await startRedisServer()
  redis = connectRedis(server.url, 'worker', silentLog)
})
afterAll(async () => {
  redis?.disconnect()
  await server?.stop()
})

const clock = movableClock()
const ana = { platform: 'console', id: 'ana', name: 'ana' } as const
const ops = { platform: 'console', id: 'ops', name: '#ops', kind: 'channel' } as const

const version = (number: number, title: string, earlier: Job<never>[] = []) =>
  defineJob({
    name: 'greet',
    version: number,
    earlier,
    input: z.object({}),
    title: () => 'Greet',
    async run({ step }) {
      await step(title, () => title)
      return { outcome: 'done', lines: [title] }
    },
  }) as unknown as Job<never>

function botWith(...jobs: Job<never>[]) {
  const runs = createRunStore(redis)
  const cards = new Map<string, Reply>()
  const runner = createRunner({
    runs,
    jobs: new Map(jobs.map(job => [job.name, job])),
    outside: { clock } as unknown as Outside,
    outbox: {
      put: async (key, _target, reply) => void cards.set(key, reply),
      putOnce: async () => {},
      rewrite: async () => {},
      remove: async () => {},
      adopt: async () => {},
    },
    flows: { add: async () => {}, wake: async () => {} },
    approvals: createApprovals(redis),
    audit: noAudit,
    policy: { current: async (): Promise<Policy | null> => null },
    chance: realChance,
    log: silentLog,
  })
  const start = (job: Job<never>) =>
    runs.create({
      ...newRun(realChance, ana, job, {}),
      conversation: ops,
      privately: false,
      createdAtMs: clock.now(),
      startKey: null,
    })
  return { runs, runner, cards, start }
}

it('finishes a run on the version it began with, and starts new ones on the newest', async () => {
  const old = version(1, 'Say good day')
  const newest = version(2, 'Say hello', [old])
  const before = botWith(old)
  const begun = await before.start(old)
  const after = botWith(newest)

  await after.runner.turn(begun)
  const fresh = await after.start(newest)
  await after.runner.turn(fresh)

  expect((await after.runs.read(begun))?.steps.map(({ title }) => title)).toEqual(['Say good day'])
  expect((await after.runs.read(fresh))?.steps.map(({ title }) => title)).toEqual(['Say hello'])
})

it('leaves a run of a version or job that it does not know to another worker', async () => {
  const future = version(3, 'Say something new')
  const begun = await botWith(future).start(future)
  const { runner, runs } = botWith(version(2, 'Say hello'))

  const end = await runner.turn(begun)

  expect(end).toMatchObject({ kind: 'parked', waitsFor: 'time' })
  expect((await runs.read(begun))?.endedAtMs).toBeNull()
})

it('tells the card of an ended run again, for a worker that died before it could', async () => {
  const job = version(1, 'Say good day')
  const { runner, cards, start } = botWith(job)
  const runId = await start(job)
  await runner.turn(runId)
  cards.clear()

  const end = await runner.turn(runId)

  expect(end.kind).toBe('ended')
  expect(cards.get(`${runId}/card`)).toMatchObject({
    kind: 'card',
    ending: expect.arrayContaining(['Say good day']),
  })
})

it('tells a person of a bug by its reference alone', async () => {
  const job = defineJob({
    name: 'broken',
    input: z.object({}),
    title: () => 'Broken',
    async run({ step }) {
      await step('Break', () => {
        throw new TypeError('secret-looking details')
      })
      return { outcome: 'done', lines: [] }
    },
  }) as unknown as Job<never>
  const { runner, cards, start } = botWith(job)
  const runId = await start(job)

  await runner.turn(runId)

  const card = JSON.stringify(cards.get(`${runId}/card`))
  expect(card).toContain('Tell whoever runs the bot the reference')
  expect(card).not.toContain('secret-looking')
})
