/** The chain of the audit trail on a real Redis: written by many at once, signed by changing keys, broken by hand. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../../src/core/ports/audit.js'
import { realClock } from '../../../src/core/ports/clock.js'
import type { Log } from '../../../src/core/ports/log.js'
import { silentLog } from '../../../src/core/ports/log.js'
import { Secret } from '../../../src/core/secret.js'
import { type AuditTrail, auditLinks, createAudit } from '../../../src/store/audit.js'
import { type AuditHead, type Link, verifyAudit } from '../../../src/store/audit-chain.js'
import { keys } from '../../../src/store/keys.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

const newKey = () => new Secret(randomBytes(32).toString('base64'))
const KEY = newKey()

let server: TestRedis
let redis: RedisConnection
beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
})
afterAll(() => server.stop())
beforeEach(() => redis.flushall())

const trailOn = (connection = redis, auditKeys = [KEY], log: Log = silentLog): AuditTrail =>
  createAudit(connection, { auditKeys, clock: realClock, log })

const event = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  kind: 'command',
  who: 'ana',
  from: 'console:ops',
  what: 'list',
  subjects: [],
  outcome: 'ok',
  policy: 'p1',
  queryId: null,
  reference: 'K3F9',
  ...more,
})

async function written(count: number, audit = trailOn()): Promise<Link[]> {
  for (let i = 1; i <= count; i++) audit.record(event({ what: `list ${i}` }))
  await audit.flush()
  return links()
}

async function links(): Promise<Link[]> {
  const all: Link[] = []
  for await (const link of auditLinks(redis)) all.push(link)
  return all
}

const verify = (auditKeys = [KEY], head?: AuditHead) => verifyAudit(auditLinks(redis), auditKeys, head)

/** What somebody with Redis alone can do: the stream anew, with other contents. Ids grow, so the order is the one given. */
async function rewrite(all: readonly Link[]): Promise<void> {
  await redis.del(keys.audit)
  for (const [i, { body, mac, keyId }] of all.entries()) {
    await redis.xadd(keys.audit, `${i + 1}-0`, 'body', body, 'mac', mac, 'keyId', keyId)
  }
}

describe('writing', () => {
  it('chains what two processes record at the same time, each entry once', async () => {
    const [one, other] = [trailOn(), trailOn(server.connect())]

    for (let i = 0; i < 200; i++) (i % 2 ? one : other).record(event({ what: `list ${i}` }))
    await Promise.all([one.flush(), other.flush()])

    expect(await verify()).toEqual({ good: true, count: 200 })
    const whats = (await links()).map(({ body }) => (JSON.parse(body) as AuditEvent).what)
    expect(new Set(whats).size).toBe(200)
  })

  it('chains entries that come one by one from two processes', async () => {
    const trails = [trailOn(), trailOn(server.connect())]

    await Promise.all(
      trails.map(async audit => {
        for (let i = 0; i < 100; i++) {
          audit.record(event())
          await audit.flush()
        }
      }),
    )

    expect(await verify()).toEqual({ good: true, count: 200 })
  })

  it('keeps the order in which one process recorded', async () => {
    const all = await written(250)

    expect(all.map(({ body }) => (JSON.parse(body) as AuditEvent).what)).toEqual(
      Array.from({ length: 250 }, (_, i) => `list ${i + 1}`),
    )
  })

  it('does not write twice what Redis took while its answer was lost', async () => {
    const connection = server.connect()
    const audit = trailOn(connection)
    audit.record(event({ what: 'first' }))
    await audit.flush()
    const held = connection as unknown as { okmsAuditAppend(...args: unknown[]): Promise<unknown> }
    const append = held.okmsAuditAppend.bind(connection)
    let lost = 0
    const losing = new Proxy(connection, {
      get: (target, name) =>
        name === 'okmsAuditAppend'
          ? async (...args: unknown[]) => {
              const answer = await append(...args)
              if (lost++ === 0) throw new Error('Command timed out')
              return answer
            }
          : Reflect.get(target, name, target),
    })
    const unlucky = trailOn(losing)

    unlucky.record(event({ what: 'second' }))
    unlucky.record(event({ what: 'third' }))
    await unlucky.flush()

    expect(await verify()).toEqual({ good: true, count: 3 })
    expect(lost).toBeGreaterThan(0)
  })

  it('tells the log what could not be written before the process left', async () => {
    const said: { text: string; details: unknown }[] = []
    const error = (text: string, details?: Record<string, unknown>) => void said.push({ text, details })
    const connection = server.connect('chat')
    await connection.ping()
    connection.disconnect()
    const audit = trailOn(connection, [KEY], { ...silentLog, error })

    audit.record(event({ what: 'never seen' }))
    await audit.stop()

    expect(said.map(({ text }) => text)).toContain('audit trail cannot be written')
    expect(said.at(-1)).toMatchObject({
      text: 'audit entry lost',
      details: { entry: { what: 'never seen' } },
    })
  })

  it('tells the log its head from time to time, for verifying against', async () => {
    let told: (head: Record<string, unknown> | undefined) => void
    const heard = new Promise<Record<string, unknown> | undefined>(resolve => {
      told = resolve
    })
    const info = (text: string, details?: Record<string, unknown>) => {
      if (text === 'audit head') told(details)
    }
    const audit = trailOn(redis, [KEY], { ...silentLog, info })
    await written(3, audit)

    audit.logHeads(10)
    const head = await heard
    await audit.stop()

    expect(head).toEqual(await audit.headLine())
    expect(await verify([KEY], head as unknown as AuditHead)).toEqual({ good: true, count: 3 })
  })

  it('says so when the trail is shorter than it was', async () => {
    const said: string[] = []
    const audit = trailOn(redis, [KEY], { ...silentLog, error: text => void said.push(text) })
    const all = await written(3, audit)

    await redis.xdel(keys.audit, all[2]!.id)
    audit.record(event())
    await audit.flush()

    expect(said).toEqual(['audit trail is shorter than it was'])
  })
})

describe('reading', () => {
  it('tells the life of a thing with the whole of its runs, newest first', async () => {
    const audit = trailOn()
    audit.record(event({ what: 'attach', subjects: ['pcc-192-0-2-10', '7F3K9Q2M'] }))
    audit.record(event({ kind: 'vote', who: 'bo', what: 'approve', subjects: ['7F3K9Q2M'] }))
    audit.record(event({ what: 'list' }))
    await audit.flush()
    const whats = async (subject?: string, limit = 10) =>
      (await audit.read({ ...(subject ? { subject } : {}), limit })).map(({ what }) => what)

    expect(await whats('PCC-192-0-2-10')).toEqual(['approve', 'attach'])
    expect(await whats('7F3K9Q2M')).toEqual(['approve', 'attach'])
    expect(await whats()).toEqual(['list', 'approve', 'attach'])
    expect(await whats(undefined, 1)).toEqual(['list'])
    expect(await whats('pcc-192-0-2-11')).toEqual([])
  })
})

describe('verifying', () => {
  it('finds an entry that was changed', async () => {
    const all = await written(5)
    const forged = { ...all[2]!, body: all[2]!.body.replace('"who":"ana"', '"who":"eve"') }

    await rewrite(all.with(2, forged))

    expect(await verify()).toMatchObject({
      good: false,
      count: 2,
      id: '3-0',
      why: expect.stringContaining('changed'),
    })
  })

  it.each([0, 2])('finds that entry %i was removed', async gone => {
    const all = await written(5)

    await redis.xdel(keys.audit, all[gone]!.id)

    expect(await verify()).toMatchObject({
      good: false,
      count: gone,
      id: all[gone + 1]!.id,
      why: expect.stringContaining('removed'),
    })
  })

  it('finds entries that were swapped, also with their numbers mended', async () => {
    const all = await written(5)
    await rewrite([all[0]!, all[2]!, all[1]!, all[3]!, all[4]!])
    expect(await verify()).toMatchObject({ good: false, id: '2-0', why: expect.stringContaining('swapped') })

    const numbered = (link: Link, n: number) => ({ ...link, body: link.body.replace(/"n":\d+/, `"n":${n}`) })
    await rewrite([all[0]!, numbered(all[2]!, 2), numbered(all[1]!, 3), all[3]!, all[4]!])
    expect(await verify()).toMatchObject({ good: false, id: '2-0' })
  })

  it('finds an entry that was put in, and one that is none', async () => {
    const all = await written(3)
    await rewrite([...all, all[2]!])
    expect(await verify()).toMatchObject({ good: false, count: 3, id: '4-0' })

    await rewrite(all.with(1, { ...all[1]!, body: 'nothing' }))
    expect(await verify()).toMatchObject({ good: false, count: 1, id: '2-0' })
  })

  it('finds that the newest were cut off, against a head that the log told', async () => {
    const audit = trailOn()
    const all = await written(5, audit)
    const head = (await audit.headLine())!
    expect(await verify([KEY], head)).toEqual({ good: true, count: 5 })

    await redis.xdel(keys.audit, all[4]!.id)

    expect(await verify()).toEqual({ good: true, count: 4 })
    expect(await verify([KEY], head)).toMatchObject({
      good: false,
      count: 4,
      why: expect.stringContaining('cut off'),
    })
    await written(3, trailOn())
    expect(await verify([KEY], head)).toMatchObject({
      good: false,
      why: expect.stringContaining('went on anew'),
    })
    await redis.del(keys.audit)
    expect(await verify([KEY], head)).toMatchObject({
      good: false,
      count: 0,
      why: expect.stringContaining('0 of 5'),
    })
  })

  it('believes no head that was changed', async () => {
    const audit = trailOn()
    await written(5, audit)
    const head = (await audit.headLine())!

    expect(await verify([KEY], { ...head, count: 4 })).toMatchObject({
      good: false,
      why: 'The head itself was changed.',
    })
  })

  it('takes entries of an old key as long as it is given, and none of a key that is not', async () => {
    const NEW = newKey()
    const all = await written(2)
    await written(2, trailOn(redis, [NEW, KEY]))

    expect(await verify([NEW, KEY])).toEqual({ good: true, count: 4 })
    expect(await verify([NEW])).toMatchObject({
      good: false,
      id: all[0]!.id,
      why: expect.stringContaining('not given'),
    })
    expect(await verify([newKey()])).toMatchObject({ good: false, count: 0 })
  })

  it('is content with a trail that has not begun', async () => {
    expect(await verify()).toEqual({ good: true, count: 0 })
    expect(await trailOn().headLine()).toBeNull()
  })
})
