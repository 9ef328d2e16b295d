/** What durable runs cost beside plain BullMQ: accepting a command, and five steps beside five jobs that do nothing. */
import { randomBytes } from 'node:crypto'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { createDispatcher } from '../src/bot/dispatch.js'
import { parsePolicy } from '../src/bot/policy.js'
import type { Policy } from '../src/bot/policy-model.js'
import { createRunner } from '../src/bot/runner.js'
import type { Command } from '../src/core/command.js'
import { defineCommand } from '../src/core/command.js'
import { defineJob, type Job, type Outside } from '../src/core/job.js'
import { realChance } from '../src/core/ports/chance.js'
import type { Exchange } from '../src/core/ports/chat.js'
import { realClock } from '../src/core/ports/clock.js'
import { silentLog } from '../src/core/ports/log.js'
import { Secret } from '../src/core/secret.js'
import { createFlowQueue, startFlowWorker } from '../src/queue/flows.js'
import { createOutbox, createOutboxQueue } from '../src/queue/outbox.js'
import { createAnswers } from '../src/store/answers.js'
import { createApprovals } from '../src/store/approvals.js'
import { createAskStore } from '../src/store/asks.js'
import { createAudit } from '../src/store/audit.js'
import { createInventory } from '../src/store/inventory.js'
import { QUEUE_PREFIX } from '../src/store/keys.js'
import { createOutboxStore } from '../src/store/outbox.js'
import { createRunStore } from '../src/store/runs.js'
import { perSecond, type Row, sideBySide, timed } from './row.js'

const COMMANDS = 2000
const RUNS = 200
const IN_FLIGHT = 100
const ROUNDS = 5

const POLICY = `
people:
  ana: { console: ana }
roles:
  operator: { people: [ana] }
grants:
  - { allow: [read], to: [operator], in: ["*"] }
`

const fiveSteps = defineJob({
  name: 'five-steps',
  input: z.object({}),
  title: () => 'Five steps',
  async run({ step }) {
    for (let i = 1; i <= 5; i++) await step(`Step ${i}`, () => i)
    return { outcome: 'done', lines: ['Done.'] }
  },
})

const startFive: Command = defineCommand({
  name: 'five',
  summary: 'Five steps',
  options: {},
  requires: 'read',
  answers: 'publicly',
  examples: [],
  async run({ start, reply }) {
    await reply.follow(await start(fiveSteps, {}))
  },
})

const deaf: Exchange = {
  acknowledge: async () => {},
  answer: async () => {},
  deliver: async () => {},
  undeliver: async () => {},
}

export async function measureRuns(redisUrl: string): Promise<Row[]> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const setting = { connection: redis, prefix: QUEUE_PREFIX }
  const parsed = parsePolicy(POLICY)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  const policy = { current: async (): Promise<Policy> => parsed.policy }
  const runs = createRunStore(redis)
  const flows = createFlowQueue(setting)
  const outboxQueue = createOutboxQueue(setting, 'console')
  const outbox = createOutbox(createOutboxStore(redis), [outboxQueue])
  const approvals = createApprovals(redis)
  const audit = createAudit(redis, {
    auditKeys: [new Secret(randomBytes(32).toString('base64'))],
    clock: realClock,
    log: silentLog,
  })
  const jobs = new Map([[fiveSteps.name, fiveSteps as unknown as Job<never>]])
  const dispatcher = createDispatcher({
    definitions: { commands: [startFive], presses: new Map(), jobs, reads: new Map(), ticks: new Map() },
    policy,
    inventory: createInventory(redis),
    checkups: [],
    asks: createAskStore(redis),
    reads: { ask: async () => null },
    runs,
    flows,
    vault: { seal: async () => {}, open: async () => null, erase: async () => {} },
    deliveries: null as never,
    approvals,
    answers: createAnswers(redis),
    audit,
    outbox,
    clock: realClock,
    chance: realChance,
    log: silentLog,
  })
  const plain = new Queue('plain', setting)

  let said = 0
  const accept = () =>
    dispatcher.onInvocation(
      {
        id: String(++said),
        actor: { platform: 'console', id: 'ana', name: 'ana' },
        conversation: { platform: 'console', id: 'ops', name: '#ops', kind: 'channel' },
        said: { form: 'words', text: 'five' },
      },
      deaf,
    )
  const accepted = await sideBySide(
    ROUNDS,
    async () => {
      const ms = await timed(() => inFlight(COMMANDS, accept))
      await flows.queue.obliterate({ force: true })
      return ms
    },
    async () => {
      const ms = await timed(() => inFlight(COMMANDS, () => plain.add('job', { runId: 'x' })))
      await plain.obliterate({ force: true })
      return ms
    },
  )
  await redis.flushdb()

  const runner = createRunner({
    runs,
    jobs,
    outside: { clock: realClock } as unknown as Outside,
    outbox,
    flows,
    approvals,
    audit,
    policy,
    chance: realChance,
    log: silentLog,
  })
  const finished = await sideBySide(
    ROUNDS,
    async () => {
      const worker = await startFlowWorker(setting, flows, {
        turn: runner.turn,
        pokes: runs.pokes,
        openRuns: runs.open,
        clock: realClock,
        log: silentLog,
      })
      const ms = await timed(async () => {
        await inFlight(RUNS, accept)
        while ((await runs.open()).length > 0) await new Promise(resolve => setTimeout(resolve, 2))
      })
      await worker.close()
      await redis.flushdb()
      return ms
    },
    async () => {
      const worker = new Worker('plain', async () => {}, { ...setting, concurrency: 10 })
      await worker.waitUntilReady()
      const ms = await timed(async () => {
        let done = 0
        const all = new Promise<void>(resolve =>
          worker.on('completed', () => {
            if (++done === RUNS * 5) resolve()
          }),
        )
        await inFlight(RUNS * 5, () => plain.add('job', {}, { removeOnComplete: true }))
        await all
      })
      await worker.close()
      await redis.flushdb()
      return ms
    },
  )
  await Promise.all([plain.close(), flows.close(), outboxQueue.close()])
  redis.disconnect()

  const acceptedRatio = accepted.other / accepted.ours
  const finishedRatio = finished.ours / finished.other
  return [
    {
      what: `commands accepted, run persisted before the answer (${IN_FLIGHT} in flight)`,
      ours: `${Math.round(perSecond(COMMANDS, accepted.ours))}/s`,
      against: `\`queue.add\` alone: ${Math.round(perSecond(COMMANDS, accepted.other))}/s`,
      ratio: acceptedRatio,
      goal: '≥ 0.5 ×',
      reached: acceptedRatio >= 0.5,
      why: 'a command is five calls to Redis (met before?, the policy, the run, the queue, the audit trail) beside one; each keeps a promise.',
    },
    {
      what: `${RUNS} runs of five steps, no waiting, accepting them included`,
      ours: `${Math.round(finished.ours)} ms`,
      against: `${RUNS * 5} BullMQ jobs that do nothing: ${Math.round(finished.other)} ms`,
      ratio: finishedRatio,
      goal: '≤ 1.5 × the time',
      reached: finishedRatio <= 1.5,
      why: 'a run writes each result before it goes on, and its card and audit entry at the end: about fourteen calls to Redis, each as quick as the ten or so of five jobs.',
    },
  ]
}

async function inFlight(count: number, act: () => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < count) {
        next++
        await act()
      }
    }),
  )
}
