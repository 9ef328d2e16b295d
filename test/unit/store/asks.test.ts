/** Questions on their way, and interactions seen before. */
import { setTimeout as sleep } from 'node:timers/promises'
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
  })

  it('stays dropped for an hour once it was dealt with', async () => {
    await asks.firstSight('slack:trigger-3')
    await asks.dealtWith('slack:trigger-3')
    await asks.stillInHand('slack:trigger-3')

    expect(await asks.firstSight('slack:trigger-3')).toBe(false)
    expect(await redis.ttl(keys.seen('slack:trigger-3'))).toBeGreaterThan(3500)
  })

  it('is taken in hand again when the process that had it died', async () => {
    const hasty = createAskStore(redis, 300)
    await hasty.firstSight('slack:trigger-4')

    for (let said = 0; said < 4; said++) {
      await sleep(150)
      await hasty.stillInHand('slack:trigger-4')
    }
    expect(await hasty.firstSight('slack:trigger-4')).toBe(false)
    await expect.poll(() => hasty.firstSight('slack:trigger-4')).toBe(true)
  })
})
