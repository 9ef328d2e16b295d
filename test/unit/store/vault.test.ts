/** What lies sealed: opened by the right one alone, and nothing of it to be read in Redis. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newRunId, realChance } from '../../../src/core/ports/chance.js'
import type { VaultAddress } from '../../../src/core/ports/vault.js'
import { Secret } from '../../../src/core/secret.js'
import { keys } from '../../../src/store/keys.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { createVault } from '../../../src/store/vault.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

const newKey = () => new Secret(randomBytes(32).toString('base64'))
const KEY = newKey()

let server: TestRedis
let redis: RedisConnection
let at: VaultAddress

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
})
afterAll(() => server.stop())
beforeEach(() => {
  at = { runId: newRunId(realChance), recipient: 'ana', label: 'key' }
})

const box = async (address = at) => (await redis.hget(keys.vault(address.runId), address.label))!
const put = (address: VaultAddress, text: string) =>
  redis.hset(keys.vault(address.runId), address.label, text)

describe('a sealed secret', () => {
  it.each(['', 'ünïcode 🔑', '-----BEGIN PRIVATE KEY-----\n'.repeat(200)])(
    'opens as it was (%#)',
    async text => {
      const vault = createVault(redis, [KEY])

      await vault.seal(at, new Secret(text))

      expect((await vault.open(at))?.reveal()).toBe(text)
    },
  )

  it('is replaced by sealing again, and lies beside others of its run', async () => {
    const vault = createVault(redis, [KEY])
    await vault.seal(at, new Secret('one'))
    await vault.seal({ ...at, label: 'bundle' }, new Secret('other'))

    await vault.seal(at, new Secret('two'))

    expect((await vault.open(at))?.reveal()).toBe('two')
    expect((await vault.open({ ...at, label: 'bundle' }))?.reveal()).toBe('other')
  })

  it('is nowhere in clear, and never sealed the same way twice', async () => {
    const vault = createVault(redis, [KEY])
    const canary = `canary-${randomBytes(12).toString('hex')}`
    await vault.seal(at, new Secret(canary))
    const first = await box()
    await vault.seal(at, new Secret(canary))

    for (const form of [
      canary,
      Buffer.from(canary).toString('base64'),
      Buffer.from(canary).toString('hex'),
    ]) {
      expect(await box()).not.toContain(form)
      expect((await redis.dumpBuffer(keys.vault(at.runId)))?.includes(form)).toBe(false)
    }
    expect(Buffer.from(await box(), 'base64').includes(canary)).toBe(false)
    expect(await box()).not.toBe(first)
  })

  it('is erased with its run, and does not outlive two days by itself', async () => {
    const vault = createVault(redis, [KEY])
    await vault.seal(at, new Secret('one'))
    const ttl = await redis.ttl(keys.vault(at.runId))

    await vault.erase(at.runId)

    expect(ttl).toBeGreaterThan(86_400)
    expect(ttl).toBeLessThanOrEqual(2 * 86_400)
    expect(await vault.open(at)).toBeNull()
    expect(await redis.exists(keys.vault(at.runId))).toBe(0)
  })

  it('is nothing where nothing was sealed', async () => {
    expect(await createVault(redis, [KEY]).open(at)).toBeNull()
  })
})

describe('a box somebody moved or changed', () => {
  it.each<[string, (address: VaultAddress) => VaultAddress]>([
    ['another run', address => ({ ...address, runId: newRunId(realChance) })],
    ['another person', address => ({ ...address, recipient: 'bo' })],
    ['another label', address => ({ ...address, label: 'bundle' })],
    ['a blurred border', address => ({ ...address, recipient: 'an', label: 'akey' })],
  ])('does not open for %s', async (_, moved) => {
    const vault = createVault(redis, [KEY])
    await vault.seal(at, new Secret('one'))
    const there = moved(at)
    await put(there, await box())

    await expect(vault.open(there)).rejects.toMatchObject({ code: 'vault.unreadable' })
  })

  it('does not open with a bit changed anywhere, nor cut short', async () => {
    const vault = createVault(redis, [KEY])
    await vault.seal(at, new Secret('one secret'))
    const whole = Buffer.from(await box(), 'base64')
    const boxes = [
      ...Array.from(whole.keys(), i => Buffer.from(whole.map((byte, at) => (at === i ? byte ^ 1 : byte)))),
      ...Array.from(whole.keys(), length => whole.subarray(0, length)),
    ]

    for (const changed of boxes) {
      await put(at, changed.toString('base64'))
      await expect(vault.open(at)).rejects.toMatchObject({ code: 'vault.unreadable' })
    }
  })

  it('does not take a tag cut down to what can be guessed', async () => {
    const vault = createVault(redis, [KEY])
    await vault.seal(at, new Secret(''))
    const whole = Buffer.from(await box(), 'base64')

    await put(at, whole.subarray(0, 4 + 12 + 4).toString('base64'))

    await expect(vault.open(at)).rejects.toMatchObject({ code: 'vault.unreadable' })
  })

  it('says nothing of the secret or the key in its error', async () => {
    await createVault(redis, [KEY]).seal(at, new Secret('one secret'))

    const error = await createVault(redis, [newKey()])
      .open(at)
      .catch(thrown => thrown)

    expect(error).toMatchObject({ code: 'vault.unreadable', hint: expect.stringContaining('new,old') })
    expect(JSON.stringify(error.toRecord())).not.toContain(KEY.reveal())
  })
})

describe('rotation', () => {
  it('opens what the old key sealed and seals with the new one', async () => {
    const [newer, older] = [newKey(), newKey()]
    await createVault(redis, [older]).seal(at, new Secret('old'))
    const both = createVault(redis, [newer, older])
    expect((await both.open(at))?.reveal()).toBe('old')

    await both.seal(at, new Secret('new'))

    expect((await createVault(redis, [newer]).open(at))?.reveal()).toBe('new')
    await expect(createVault(redis, [older]).open(at)).rejects.toMatchObject({ code: 'vault.unreadable' })
  })
})
