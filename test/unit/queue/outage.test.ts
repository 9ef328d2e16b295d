/** A chat process whose Redis is gone or hangs: every call says so within moments, and all is well again when it is back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Target } from '../../../src/core/ports/chat.js'
import { lines } from '../../../src/core/reply.js'
import { createFlowQueue, type FlowQueueHandle } from '../../../src/queue/flows.js'
import { createOutbox, createOutboxQueue, type OutboxQueueHandle } from '../../../src/queue/outbox.js'
import { createAskStore } from '../../../src/store/asks.js'
import { QUEUE_PREFIX } from '../../../src/store/keys.js'
import { createOutboxStore } from '../../../src/store/outbox.js'
import { createPolicyStore } from '../../../src/store/policy.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { createRunStore } from '../../../src/store/runs.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

/** Redis calls of the chat side are capped at 1.5 s. */
const SOON_MS = 2500

let server: TestRedis
let redis: RedisConnection
let flows: FlowQueueHandle
let queue: OutboxQueueHandle

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect('chat')
  const setting = { connection: redis, prefix: QUEUE_PREFIX }
  flows = createFlowQueue(setting)
  queue = createOutboxQueue(setting, 'console')
  await Promise.all([flows.add('7F3K9Q2M'), queue.call('console:ops')])
})
afterAll(async () => {
  await Promise.all([flows.close(), queue.close()])
  await server.stop()
})

const ana = { platform: 'console', id: 'ana', name: 'Ana' } as const
const ops = { platform: 'console', id: 'ops', name: 'ops', kind: 'channel' } as const
const target: Target = { to: 'conversation', conversation: ops }
const run = {
  runId: '3VX8P0ZC',
  job: 'story',
  version: 1,
  input: null,
  requester: ana,
  conversation: ops,
  privately: false,
  createdAtMs: 0,
  startKey: null,
}

const calls = (): Promise<unknown>[] => [
  flows.add('7F3K9Q2M'),
  flows.wake('7F3K9Q2M'),
  queue.call('console:ops'),
  createOutbox(createOutboxStore(redis), [queue]).put('a', target, lines('a')),
  createRunStore(redis).create(run),
  createRunStore(redis).poke('7F3K9Q2M'),
  createAskStore(redis).firstSight('console:1'),
  createPolicyStore(redis).current(),
]

async function eachSaysSo(): Promise<void> {
  const began = performance.now()
  const ends = await Promise.allSettled(calls())
  const tookMs = performance.now() - began

  expect(ends.map(end => (end.status === 'rejected' ? end.reason.code : end.value))).toEqual(
    ends.map(() => 'store.unavailable'),
  )
  expect(tookMs).toBeLessThan(SOON_MS)
}

describe('a Redis', () => {
  it('that hangs is said not to be there, and works again when it goes on', async () => {
    process.kill(server.server.pid, 'SIGSTOP')
    try {
      await eachSaysSo()
    } finally {
      process.kill(server.server.pid, 'SIGCONT')
    }

    await expect.poll(() => flows.wake('7F3K9Q2M').then(() => 'woken'), { timeout: 5000 }).toBe('woken')
    await expect(createAskStore(redis).firstSight('console:2')).resolves.toBe(true)
  })

  it('that is gone is said not to be there', async () => {
    server.server.kill()

    await eachSaysSo()
    await eachSaysSo()
  })
})
