/** Messages on their way: what collapses, what keeps its order, who may send, and what is left in doubt. */
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Conversation } from '../../../src/core/actor.js'
import type { Target } from '../../../src/core/ports/chat.js'
import type { OutboxLanes, OutboxRecords, PendingMessage } from '../../../src/core/ports/outbox.js'
import { lines, type Reply } from '../../../src/core/reply.js'
import { keys } from '../../../src/store/keys.js'
import { createOutboxStore, laneOf } from '../../../src/store/outbox.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

let server: TestRedis
let redis: RedisConnection
let outbox: OutboxRecords & OutboxLanes

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
  outbox = createOutboxStore(redis)
})
afterAll(() => server.stop())
beforeEach(() => redis.flushall())

const channel = (id: string): Conversation => ({ platform: 'slack', id, name: id, kind: 'channel' })
const ops: Target = { to: 'conversation', conversation: channel('C00OPS') }
const sec: Target = { to: 'conversation', conversation: channel('C00SEC') }
const OPS = 'slack:C00OPS'

const want = (key: string, text: string, target = ops) => outbox.want(key, target, lines(text))
const textOf = (reply: Reply | null) => (reply?.kind === 'text' ? reply.lines[0] : null)

async function next(token = 'one', lane = OPS): Promise<PendingMessage> {
  const message = await outbox.next(lane, token)
  if (typeof message === 'string' || 'waitMs' in message) throw new Error(JSON.stringify(message))
  return message
}
const sent = (message: PendingMessage, token = 'one', paceMs = 0) =>
  outbox.sent(OPS, token, message, message.reply ? { ts: message.key } : null, paceMs)
const failed = (message: PendingMessage, how: Partial<Parameters<OutboxLanes['failed']>[3]>, token = 'one') =>
  outbox.failed(OPS, token, message, { final: false, inDoubt: false, restMs: 0, ...how })

/** As if so much time had passed that the sender of the lane counts as dead. */
const silence = () => redis.hset(keys.laneState(OPS), 'leaseUntil', '0')
/** As if the lane had rested enough. */
const rested = () => redis.hset(keys.laneState(OPS), 'restUntil', '0')

/** Everything a lane holds, as it would be sent. */
async function drain(token = 'one', lane = OPS): Promise<unknown[]> {
  const out: unknown[] = []
  for (;;) {
    const message = await outbox.next(lane, token)
    if (message === 'empty') return out
    if (message === 'busy' || 'waitMs' in message) throw new Error(JSON.stringify(message))
    out.push([message.key, textOf(message.reply)])
    await outbox.sent(lane, token, message, message.reply ? { ts: message.key } : null, 0)
  }
}

describe('a lane', () => {
  it('is one conversation, and a person has one of their own', () => {
    expect(laneOf(ops)).toBe(OPS)
    expect(laneOf({ to: 'person', actor: { platform: 'discord', id: '9000', name: 'Ana' } })).toBe(
      'discord:dm:9000',
    )
  })

  it('sends in the order of the first wishes, each with its newest state alone', async () => {
    await want('a', 'a1')
    await want('b', 'b1')
    await want('a', 'a2')
    await want('c', 'c1')
    await want('a', 'a3')
    await want('elsewhere', 'x', sec)

    expect(await drain()).toEqual([
      ['a', 'a3'],
      ['b', 'b1'],
      ['c', 'c1'],
    ])
    expect(await outbox.next(OPS, 'one')).toBe('empty')
  })

  it('remembers where a message is, so that the next wish is an edit', async () => {
    await want('a', 'a1')
    await sent(await next())
    await want('a', 'a2')

    const message = await next()

    expect(message).toMatchObject({ ref: { ts: 'a' }, inDoubt: false, failures: 0 })
    expect(message.target).toEqual(ops)
  })

  it('leaves alone what is shown as wished already', async () => {
    await want('a', 'a1')
    await drain()

    expect(await want('a', 'a1')).toBeNull()
    expect(await drain()).toEqual([])
    await want('a', 'a2')
    await want('a', 'a1')
    expect(await drain()).toEqual([['a', 'a1']])
  })

  it('sends again what was wished for while it was on its way, after the others', async () => {
    await want('a', 'a1')
    await want('b', 'b1')
    const message = await next()
    await want('a', 'a2')
    await sent(message)

    expect(await drain()).toEqual([
      ['b', 'b1'],
      ['a', 'a2'],
    ])
  })

  it('calls a sender once, until one has been there', async () => {
    expect(await want('a', 'a1')).toBe(OPS)
    expect(await want('a', 'a2')).toBeNull()
    expect(await want('b', 'b1')).toBeNull()
    await drain()
    expect(await want('a', 'a3')).toBe(OPS)
  })

  it('ends up with the newest state of every message, whatever is wished and sent in between', async () => {
    const op = fc.oneof(
      fc.record({ op: fc.constant('want' as const), key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ op: fc.constant('unwant' as const), key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ op: fc.constant('take' as const) }),
      fc.record({ op: fc.constant('note' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 25 }), async ops_ => {
        await redis.flushall()
        const wished = new Map<string, string | null>()
        const shown = new Map<string, unknown>()
        let underWay: PendingMessage | null = null
        const show = (message: PendingMessage) => {
          if (message.reply) shown.set(message.key, textOf(message.reply))
          else shown.delete(message.key)
        }
        for (const [i, step] of ops_.entries()) {
          if (step.op === 'want') {
            wished.set(step.key, `${step.key}${i}`)
            await want(step.key, `${step.key}${i}`)
          } else if (step.op === 'unwant') {
            wished.set(step.key, null)
            await outbox.unwant(step.key)
          } else if (step.op === 'take' && !underWay) {
            const message = await outbox.next(OPS, 'one')
            if (typeof message !== 'string' && 'key' in message) {
              underWay = message
              show(message)
            }
          } else if (step.op === 'note' && underWay) {
            await sent(underWay)
            underWay = null
          }
        }
        if (underWay) await sent(underWay)
        for (;;) {
          const message = await outbox.next(OPS, 'one')
          if (message === 'empty') break
          if (typeof message === 'string' || 'waitMs' in message) throw new Error('not expected')
          show(message)
          await sent(message)
        }
        expect(shown).toEqual(new Map([...wished].filter(([, text]) => text !== null)))
      }),
      { numRuns: 60 },
    )
  })
})

describe('taking back', () => {
  it('removes what was sent and forgets where it was', async () => {
    await want('a', 'a1')
    await drain()

    expect(await outbox.unwant('a')).toBe(OPS)
    const message = await next()
    expect(message).toMatchObject({ reply: null, ref: { ts: 'a' } })
    await sent(message)

    await want('a', 'a2')
    expect((await next()).ref).toBeNull()
  })

  it('never sends what was not sent yet', async () => {
    await want('a', 'a1')
    await outbox.unwant('a')

    expect(await next()).toMatchObject({ reply: null, ref: null })
  })

  it('of what never was is fine', async () => {
    expect(await outbox.unwant('nobody')).toBeNull()
    expect(await redis.keys('*')).toEqual([])
  })

  it('knows what was sent past it', async () => {
    const ana: Target = { to: 'person', actor: { platform: 'slack', id: 'U00ANA', name: 'Ana' } }
    await outbox.adopt('handover', ana, { file: 'F1' })

    expect(await outbox.unwant('handover')).toBe('slack:dm:U00ANA')
    expect(await next('one', 'slack:dm:U00ANA')).toMatchObject({
      reply: null,
      ref: { file: 'F1' },
      target: ana,
    })
  })
})

describe('two senders', () => {
  it('never have the same lane, however many ask', async () => {
    await want('a', 'a1')
    await want('b', 'b1')

    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => outbox.next(OPS, `token ${i}`)))

    expect(answers.filter(answer => answer === 'busy')).toHaveLength(19)
    expect(answers.find(answer => typeof answer !== 'string')).toMatchObject({ key: 'a' })
  })

  it('have each a lane of their own', async () => {
    await want('a', 'a1')
    await want('b', 'b1', sec)

    expect((await next('one')).key).toBe('a')
    expect((await next('two', 'slack:C00SEC')).key).toBe('b')
  })

  it('take over from each other at once when one lets go', async () => {
    await want('a', 'a1')
    await next('one')
    await outbox.release(OPS, 'two')
    expect(await outbox.next(OPS, 'two')).toBe('busy')

    await outbox.release(OPS, 'one')

    expect((await next('two')).key).toBe('a')
  })

  it('take over from one that died, and are told that it may have sent', async () => {
    await want('a', 'a1')
    expect((await next('one')).inDoubt).toBe(false)
    await silence()

    expect(await next('two')).toMatchObject({ key: 'a', ref: null, inDoubt: true })
  })

  it('may say how long a silence is', async () => {
    const impatient = createOutboxStore(redis, 1)
    await want('a', 'a1')
    await impatient.next(OPS, 'one')
    await sleep(5)

    expect(await impatient.next(OPS, 'two')).toMatchObject({ key: 'a', inDoubt: true })
  })

  it('do not hear one that was only slow: neither that it sent nor that it failed', async () => {
    await want('a', 'a1')
    const slow = await next('one')
    await silence()
    const message = await next('two')

    await sent(slow, 'one')
    await failed(slow, { final: true }, 'one')
    await outbox.release(OPS, 'one')

    expect(await outbox.next(OPS, 'one')).toBe('busy')
    await sent(message, 'two')
    expect(await outbox.next(OPS, 'two')).toBe('empty')
  })
})

describe('a message that failed', () => {
  it('stays first, and its lane rests', async () => {
    await want('a', 'a1')
    await want('b', 'b1')
    await failed(await next(), { restMs: 60_000 })
    await outbox.release(OPS, 'one')

    const { waitMs } = (await outbox.next(OPS, 'two')) as { waitMs: number }
    expect(waitMs).toBeGreaterThan(50_000)
    expect(waitMs).toBeLessThanOrEqual(60_000)
    expect(await want('c', 'c1')).toBeNull()
    await rested()

    expect(await next('two')).toMatchObject({ key: 'a', inDoubt: false, failures: 1 })
  })

  it('is in doubt again only when it may have been sent', async () => {
    await want('a', 'a1')
    await failed(await next(), { inDoubt: true })

    const message = await next()
    expect(message).toMatchObject({ inDoubt: true, failures: 1 })
    await failed(message, { inDoubt: false })
    expect(await next()).toMatchObject({ inDoubt: false, failures: 2 })
  })

  it('says for how long, and forgets it once it works', async () => {
    await want('a', 'a1')
    await failed(await next(), {})
    await sleep(20)
    const message = await next()
    expect(message.failingForMs).toBeGreaterThanOrEqual(19)

    await sent(message)
    await want('a', 'a2')

    expect(await next()).toMatchObject({ failures: 0, failingForMs: 0 })
  })

  it('is given up, and the lane goes on', async () => {
    await want('a', 'a1')
    await want('b', 'b1')
    await failed(await next(), { final: true })

    expect(await drain()).toEqual([['b', 'b1']])
    expect(await outbox.recall('slack')).toEqual([])
  })

  it('is tried with what was wished for since, even when that version was given up', async () => {
    await want('a', 'a1')
    const message = await next()
    await want('a', 'a2')
    await failed(message, { final: true })

    expect(await next()).toMatchObject({ reply: lines('a2'), failures: 0, failingForMs: 0 })
  })

  it('is tried anew with the next wish, also the same one', async () => {
    await want('a', 'a1')
    await failed(await next(), { final: true })
    await outbox.next(OPS, 'one')

    expect(await want('a', 'a1')).toBe(OPS)
    expect(await next()).toMatchObject({ ref: null, failures: 0 })
  })
})

describe('pacing', () => {
  it('lets a conversation rest between two messages, not the others', async () => {
    await want('a', 'a1')
    await want('b', 'b1')
    await want('x', 'x1', sec)
    await sent(await next(), 'one', 60_000)

    const { waitMs } = (await outbox.next(OPS, 'one')) as { waitMs: number }
    expect(waitMs).toBeGreaterThan(50_000)
    expect(waitMs).toBeLessThanOrEqual(60_000)
    expect((await next('one', 'slack:C00SEC')).key).toBe('x')
    await rested()
    expect((await next('two')).key).toBe('b')
  })
})

describe('the sweep', () => {
  it('calls to what nobody was called to, once', async () => {
    await want('a', 'a1')
    await want('b', 'b1', sec)
    expect(await outbox.recall('slack')).toEqual([])
    await redis.hdel(keys.laneState(OPS), 'calledUntil')

    const answers = await Promise.all([outbox.recall('slack'), outbox.recall('slack')])

    expect(answers.flat()).toEqual([OPS])
    expect(await outbox.recall('discord')).toEqual([])
  })

  it('does not call more senders to a lane that rests', async () => {
    await want('a', 'a1')
    await failed(await next(), { restMs: 5 * 60_000 })
    await outbox.release(OPS, 'one')

    expect(await outbox.recall('slack')).toEqual([])
  })

  it('forgets lanes with nothing in them', async () => {
    await redis.sadd(keys.lanes('slack'), 'slack:GONE')

    expect(await outbox.recall('slack')).toEqual([])
    expect(await redis.smembers(keys.lanes('slack'))).toEqual([])
  })
})

describe('what Redis forgot', () => {
  it('does not hold up its lane', async () => {
    await want('a', 'a1')
    await want('b', 'b1')
    await redis.del(keys.message('a'))

    expect(await drain()).toEqual([['b', 'b1']])
    expect(await redis.exists(keys.message('a'))).toBe(0)
  })

  it('leaves nothing behind for ever', async () => {
    await want('a', 'a1')
    await redis.del(keys.laneState(OPS))
    await drain()
    await want('a', 'a2')
    await next()

    for (const key of await redis.keys('*')) {
      if (key === keys.lanes('slack') || key === keys.lane(OPS)) continue
      expect(await redis.ttl(key), key).toBeGreaterThan(0)
    }
  })
})
