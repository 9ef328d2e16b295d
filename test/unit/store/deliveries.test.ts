/** Private hand-over: who may collect what when, and what a lapse may take from whom. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newRunId, realChance } from '../../../src/core/ports/chance.js'
import { type MovableClock, movableClock } from '../../../src/core/ports/clock.js'
import type { CollectLease, Deliveries, DeliveryOffer } from '../../../src/core/ports/deliveries.js'
import type { Vault } from '../../../src/core/ports/vault.js'
import { lines } from '../../../src/core/reply.js'
import { Secret } from '../../../src/core/secret.js'
import { createDeliveries } from '../../../src/store/deliveries.js'
import { keys } from '../../../src/store/keys.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { createVault } from '../../../src/store/vault.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

const NOW = 1_800_000_000_000
const LEASE_MS = 2 * 60_000
const KEY = new Secret(randomBytes(32).toString('base64'))

let server: TestRedis
let redis: RedisConnection
let vault: Vault
let clock: MovableClock
let deliveries: Deliveries
let runId: string

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
  vault = createVault(redis, [KEY])
})
afterAll(() => server.stop())
beforeEach(() => {
  clock = movableClock({ now: () => NOW })
  deliveries = createDeliveries(redis, vault, clock)
  runId = newRunId(realChance)
})

function offerOf(key: string, more: Partial<DeliveryOffer> = {}): DeliveryOffer {
  return {
    runId,
    recipient: 'ana',
    files: [
      { name: 'reader.key.pem', content: new Secret(key), encoding: 'utf8' },
      { name: 'reader.p12', content: new Secret('AAEC'), encoding: 'base64' },
    ],
    passphrase: new Secret('correct horse'),
    reply: lines('Valid until then.'),
    collectBy: new Date(NOW + 3_600_000).toISOString(),
    ...more,
  }
}

const stateOf = async () => (await deliveries.status(runId))?.state
const lease = (answer: Awaited<ReturnType<Deliveries['collect']>>): CollectLease => {
  if (typeof answer === 'string') throw new Error(`refused: ${answer}`)
  return answer
}
const collect = async () => lease(await deliveries.collect(runId, 'ana'))

describe('collecting', () => {
  it('hands over what was offered, boxed', async () => {
    await deliveries.offer(offerOf('the key'))

    const { leaseId, receipt, files, passphrase, reply } = await collect()
    await deliveries.collected(runId, leaseId)

    expect(files.map(({ name, content, encoding }) => [name, content.reveal(), encoding])).toEqual([
      ['reader.key.pem', 'the key', 'utf8'],
      ['reader.p12', 'AAEC', 'base64'],
    ])
    expect(passphrase?.reveal()).toBe('correct horse')
    expect(reply).toEqual(lines('Valid until then.'))
    expect(JSON.stringify({ files, passphrase })).not.toContain('the key')
    expect(await deliveries.status(runId)).toEqual({
      state: 'collected',
      recipient: 'ana',
      collectBy: '2027-01-15T09:00:00.000Z',
      collectedAt: '2027-01-15T08:00:00.000Z',
      receipts: [receipt],
      isUnderWay: false,
    })
  })

  it('notes under which name it can be taken back before anything is handed over', async () => {
    await deliveries.offer(offerOf('the key'))

    const { receipt } = await collect()

    expect(await deliveries.status(runId)).toMatchObject({
      state: 'offered',
      receipts: [receipt],
      isUnderWay: true,
    })
  })

  it('keeps key and passphrase out of everything but the vault, and there sealed', async () => {
    await deliveries.offer(offerOf('canary-of-the-key'))
    const { leaseId } = await collect()
    await deliveries.collected(runId, leaseId)

    for (const key of await redis.keys('*')) {
      const dump = (await redis.dumpBuffer(key))!
      expect(dump.includes('canary-of-the-key'), key).toBe(false)
      expect(dump.includes('correct horse'), key).toBe(false)
    }
  })

  it('is refused to everybody else', async () => {
    await deliveries.offer(offerOf('the key'))

    expect(await deliveries.collect(runId, 'bo')).toBe('not-yours')
    expect(await deliveries.collect(newRunId(realChance), 'ana')).toBe('unknown')
    expect(await stateOf()).toBe('offered')
  })

  it('works again until it is saved, for the person whose client lost the message', async () => {
    await deliveries.offer(offerOf('the key'))
    const first = await collect()
    await deliveries.collected(runId, first.leaseId)
    clock.moveTo(NOW + 60_000)

    const again = await collect()
    await deliveries.collected(runId, again.leaseId)

    expect(again.files[0]?.content.reveal()).toBe('the key')
    expect(await deliveries.status(runId)).toMatchObject({
      state: 'collected',
      collectedAt: '2027-01-15T08:00:00.000Z',
      receipts: [first.receipt, again.receipt],
    })
  })

  it('is done by one at a time, however many clicks there are', async () => {
    await deliveries.offer(offerOf('the key'))

    const answers = await Promise.all(Array.from({ length: 50 }, () => deliveries.collect(runId, 'ana')))

    expect(answers.filter(answer => typeof answer !== 'string')).toHaveLength(1)
    expect(answers.filter(answer => answer === 'busy')).toHaveLength(49)
  })

  it('can be tried again when it did not work, or when whoever began has died', async () => {
    await deliveries.offer(offerOf('the key'))
    const first = await collect()
    await deliveries.notCollected(runId, first.leaseId)
    expect(await stateOf()).toBe('offered')

    const second = await collect()
    expect(await deliveries.collect(runId, 'ana')).toBe('busy')
    clock.moveTo(NOW + LEASE_MS)
    const third = await collect()

    expect(new Set([first.leaseId, second.leaseId, third.leaseId]).size).toBe(3)
  })

  it('does not let one that gave up end the lease of another', async () => {
    await deliveries.offer(offerOf('the key'))
    const slow = await collect()
    clock.moveTo(NOW + LEASE_MS)
    await collect()

    await deliveries.notCollected(runId, slow.leaseId)

    expect(await deliveries.collect(runId, 'ana')).toBe('busy')
  })

  it('counts what the platform confirmed late, when the offer still stands', async () => {
    await deliveries.offer(offerOf('the key'))
    const slow = await collect()
    clock.moveTo(NOW + LEASE_MS + 1)

    expect(await deliveries.collected(runId, slow.leaseId)).toBe('collected')
    expect(await deliveries.collected(runId, slow.leaseId)).toBe('collected')

    expect(await deliveries.lapse(runId)).toBe(false)
    expect(await deliveries.status(runId)).toMatchObject({ state: 'collected', receipts: [slow.receipt] })
  })

  it('leaves no lease behind when the files are gone or do not open', async () => {
    await deliveries.offer(offerOf('the key'))
    await redis.hset(keys.vault(runId), 'bundle', 'AAAA')
    await expect(deliveries.collect(runId, 'ana')).rejects.toMatchObject({ code: 'vault.unreadable' })
    await vault.erase(runId)

    expect(await deliveries.collect(runId, 'ana')).toBe('over')
    expect(await deliveries.lapse(runId)).toBe(true)
  })
})

describe('offering again', () => {
  it('replaces the files while nobody collected', async () => {
    await deliveries.offer(offerOf('one'))
    await deliveries.offer(offerOf('two', { collectBy: '2027-01-15T10:00:00.000Z' }))

    expect((await collect()).files[0]?.content.reveal()).toBe('two')
    expect((await deliveries.status(runId))?.collectBy).toBe('2027-01-15T10:00:00.000Z')
  })

  it('changes nothing once it is collected', async () => {
    await deliveries.offer(offerOf('one'))
    await deliveries.collected(runId, (await collect()).leaseId)

    await deliveries.offer(offerOf('two'))

    expect(await stateOf()).toBe('collected')
    expect((await collect()).files[0]?.content.reveal()).toBe('one')
  })

  it.each([
    ['lapse', 'lapsed'],
    ['revoke', 'revoked'],
    ['erase', 'over'],
  ] as const)('seals nothing again after %s', async (how, answer) => {
    await deliveries.offer(offerOf('one'))
    if (how === 'lapse') await deliveries.lapse(runId)
    if (how === 'revoke') await deliveries.revoke(runId, 'ana')
    await deliveries.erase(runId)

    await deliveries.offer(offerOf('two'))

    expect(await redis.exists(keys.vault(runId))).toBe(0)
    expect(await deliveries.collect(runId, 'ana')).toBe(answer)
  })

  it('seals nothing for good when it ends at the same moment', async () => {
    await deliveries.offer(offerOf('one'))
    const endsMeanwhile: Vault = {
      ...vault,
      async seal(at, secret) {
        await vault.seal(at, secret)
        await deliveries.revoke(runId, 'ana')
      },
    }

    await createDeliveries(redis, endsMeanwhile, clock).offer(offerOf('two'))

    expect(await stateOf()).toBe('revoked')
    expect(await redis.exists(keys.vault(runId))).toBe(0)
  })
})

describe('saying that it is saved', () => {
  it('waits for another set that is just arriving', async () => {
    await deliveries.offer(offerOf('one'))
    await deliveries.collected(runId, (await collect()).leaseId)
    const { leaseId } = await collect()

    expect(await deliveries.confirm(runId, 'ana')).toBe('busy')
    await deliveries.collected(runId, leaseId)
    expect(await deliveries.confirm(runId, 'ana')).toBe('confirmed')
  })
})

describe('lapsing', () => {
  it('ends an offer that nobody collected, as often as it is said', async () => {
    await deliveries.offer(offerOf('one'))

    expect(await deliveries.lapse(runId)).toBe(true)
    expect(await deliveries.lapse(runId)).toBe(true)
    expect(await stateOf()).toBe('lapsed')
    expect(await deliveries.collect(runId, 'ana')).toBe('lapsed')
  })

  it('loses to somebody who is just receiving it', async () => {
    await deliveries.offer(offerOf('one'))
    const { leaseId } = await collect()
    clock.moveTo(NOW + LEASE_MS - 1)

    expect(await deliveries.lapse(runId)).toBe(false)
    await deliveries.collected(runId, leaseId)
    expect(await stateOf()).toBe('collected')
    expect(await deliveries.lapse(runId)).toBe(false)
  })

  it('does not wait for somebody who died while receiving it', async () => {
    await deliveries.offer(offerOf('one'))
    await collect()
    clock.moveTo(NOW + LEASE_MS)

    expect(await deliveries.lapse(runId)).toBe(true)
  })

  it('wins over what is confirmed after it, which is told that it is late', async () => {
    await deliveries.offer(offerOf('one'))
    const { leaseId, receipt } = await collect()
    clock.moveTo(NOW + LEASE_MS)
    await deliveries.lapse(runId)

    expect(await deliveries.collected(runId, leaseId)).toBe('lapsed')

    expect(await deliveries.status(runId)).toMatchObject({ state: 'lapsed', receipts: [receipt] })
  })

  it('of what never was offered is none', async () => {
    expect(await deliveries.lapse(runId)).toBe(false)
    expect(await deliveries.status(runId)).toBeNull()
  })
})

describe('saying how it went', () => {
  type Way = 'offered' | 'collected' | 'confirmed' | 'lapsed' | 'revoked'
  async function bring(state: Way): Promise<void> {
    await deliveries.offer(offerOf('one'))
    if (state === 'lapsed') await deliveries.lapse(runId)
    if (state === 'revoked') await deliveries.revoke(runId, 'ana')
    if (state === 'collected' || state === 'confirmed') {
      await deliveries.collected(runId, (await collect()).leaseId)
    }
    if (state === 'confirmed') await deliveries.confirm(runId, 'ana')
  }

  it.each<[Way, string, Way]>([
    ['offered', 'not-collected', 'offered'],
    ['collected', 'confirmed', 'confirmed'],
    ['confirmed', 'over', 'confirmed'],
    ['lapsed', 'over', 'lapsed'],
    ['revoked', 'over', 'revoked'],
  ])('Saved it, when %s: %s', async (before, answer, after) => {
    await bring(before)

    expect(await deliveries.confirm(runId, 'bo')).toBe('not-yours')
    expect(await deliveries.confirm(runId, 'ana')).toBe(answer)
    expect(await stateOf()).toBe(after)
  })

  it.each<[Way, string, Way]>([
    ['offered', 'revoked', 'revoked'],
    ['collected', 'revoked', 'revoked'],
    ['confirmed', 'over', 'confirmed'],
    ['lapsed', 'over', 'lapsed'],
    ['revoked', 'over', 'revoked'],
  ])('Revoke now, when %s: %s', async (before, answer, after) => {
    await bring(before)

    expect(await deliveries.revoke(runId, 'bo')).toBe('not-yours')
    expect(await deliveries.revoke(runId, 'ana')).toBe(answer)
    expect(await stateOf()).toBe(after)
  })

  it.each<[Way, string]>([
    ['confirmed', 'over'],
    ['lapsed', 'lapsed'],
    ['revoked', 'revoked'],
  ])('Collect, when %s: %s', async (before, answer) => {
    await bring(before)

    expect(await deliveries.collect(runId, 'ana')).toBe(answer)
  })

  it('of what nobody knows is refused', async () => {
    expect(await deliveries.confirm(runId, 'ana')).toBe('unknown')
    expect(await deliveries.revoke(runId, 'ana')).toBe('unknown')
  })

  it('a revocation stands while somebody is receiving', async () => {
    await deliveries.offer(offerOf('one'))
    const { leaseId } = await collect()

    await deliveries.revoke(runId, 'ana')

    expect(await deliveries.collected(runId, leaseId)).toBe('revoked')
    expect(await stateOf()).toBe('revoked')
  })
})

describe('erasing', () => {
  it('takes the files and leaves the state to be read', async () => {
    await deliveries.offer(offerOf('one'))
    const { leaseId, receipt } = await collect()
    await deliveries.collected(runId, leaseId)

    await deliveries.erase(runId)

    expect(await redis.exists(keys.vault(runId))).toBe(0)
    expect(await deliveries.status(runId)).toMatchObject({ state: 'collected', receipts: [receipt] })
    expect(await deliveries.collect(runId, 'ana')).toBe('over')
    expect(await deliveries.revoke(runId, 'ana')).toBe('over')
    expect(await deliveries.collected(runId, leaseId)).toBe('over')
  })

  it('of what never was offered lets nobody offer it afterwards', async () => {
    await deliveries.erase(runId)

    await deliveries.offer(offerOf('one'))

    expect(await deliveries.status(runId)).toBeNull()
    expect(await redis.exists(keys.vault(runId))).toBe(0)
    expect(await redis.ttl(keys.delivery(runId))).toBeGreaterThan(0)
  })
})
