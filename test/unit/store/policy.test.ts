/** The published policy: the same for all processes, read anew only when it changed. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPolicyStore } from '../../../src/store/policy.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

interface Policy {
  version: string
  roles: string[]
}

let server: TestRedis
let redis: RedisConnection

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
})
afterAll(() => server.stop())
beforeEach(() => redis.flushall())

describe('the policy', () => {
  it('is none until somebody publishes one', async () => {
    expect(await createPolicyStore<Policy>(redis).current()).toBeNull()
  })

  it('is the newest one in every process at once', async () => {
    const publisher = createPolicyStore<Policy>(redis)
    const reader = createPolicyStore<Policy>(server.connect())
    await publisher.publish({ version: 'one', roles: ['operator'] })
    expect(await reader.current()).toEqual({ version: 'one', roles: ['operator'] })

    await publisher.publish({ version: 'two', roles: [] })

    expect(await reader.current()).toEqual({ version: 'two', roles: [] })
    expect(await publisher.current()).toEqual({ version: 'two', roles: [] })
  })

  it('is none again in every process once it is withdrawn', async () => {
    const publisher = createPolicyStore<Policy>(redis)
    const reader = createPolicyStore<Policy>(server.connect())
    await publisher.publish({ version: 'one', roles: ['operator'] })
    expect(await reader.current()).not.toBeNull()

    await publisher.withdraw()

    expect(await reader.current()).toBeNull()
    expect(await publisher.current()).toBeNull()
  })

  it('is kept while its version stays the same', async () => {
    const store = createPolicyStore<Policy>(redis)
    await store.publish({ version: 'one', roles: [] })

    expect(await store.current()).toBe(await store.current())
  })
})
