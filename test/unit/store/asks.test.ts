/** Questions on their way, and interactions seen before. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AskStore, createAskStore } from '../../../src/store/asks.js'
import { keys } from '../../../src/store/keys.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

let server: TestRedis
let redis: RedisConnection
let asks: AskStore

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
  asks = createAskStore(redis)
})
afterAll(() => server.stop())

describe('a question', () => {
  const ask = {
    read: 'list-okms',
    input: { status: 'READY' },
    requester: { platform: 'console', id: 'ana', name: 'Ana' },
    conversation: { platform: 'console', id: 'ops', name: 'ops', kind: 'channel' },
  } as const

  it('reads as it was put, for ten minutes', async () => {
    await asks.put('7F3K9Q2M', ask)

    expect(await asks.read('7F3K9Q2M')).toEqual(ask)
    expect(await redis.ttl(keys.ask('7F3K9Q2M'))).toBeGreaterThan(590)
    expect(await asks.read('3VX8P0ZC')).toBeNull()
  })
})

describe('an interaction', () => {
  it('is met for the first time once, however many processes meet it', async () => {
    const others = createAskStore(server.connect())

    const met = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? asks : others).firstSight('slack:trigger-1')),
    )

    expect(met.filter(Boolean)).toHaveLength(1)
    expect(await asks.firstSight('slack:trigger-2')).toBe(true)
    expect(await redis.ttl(keys.seen('slack:trigger-1'))).toBeGreaterThan(3500)
  })
})
