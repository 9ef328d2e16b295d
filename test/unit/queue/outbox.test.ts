/** Sending: nothing lost, nothing doubled, whatever dies, refuses or loses its answer in between. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Conversation } from '../../../src/core/actor.js'
import { BotError } from '../../../src/core/errors.js'
import type { Target } from '../../../src/core/ports/chat.js'
import { silentLog } from '../../../src/core/ports/log.js'
import type { Outbox, OutboxLanes, OutboxRecords } from '../../../src/core/ports/outbox.js'
import { lines } from '../../../src/core/reply.js'
import type { QueueSetting } from '../../../src/queue/connection.js'
import type { WorkerHandle } from '../../../src/queue/flows.js'
import {
  createOutbox,
  createOutboxQueue,
  type OutboxQueueHandle,
  type SenderParts,
  startSender,
} from '../../../src/queue/outbox.js'
import { keys, QUEUE_PREFIX } from '../../../src/store/keys.js'
import { createOutboxStore } from '../../../src/store/outbox.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { createRecordingDoor, type RecordingDoor } from '../../fakes/recording-door.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

/** A dead sender is noticed within two seconds. */
const VIGILANCE = { lockMs: 1000, stalledMs: 300 }

let server: TestRedis
let redis: RedisConnection
let setting: QueueSetting
let lanes: OutboxRecords & OutboxLanes
let queue: OutboxQueueHandle
let outbox: Outbox
let door: RecordingDoor
let senders: WorkerHandle[]

beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
  setting = { connection: redis, prefix: QUEUE_PREFIX }
})
afterAll(() => server.stop())
beforeEach(async () => {
  await redis.flushall()
  lanes = createOutboxStore(redis, 500)
  queue = createOutboxQueue(setting, 'console')
  outbox = createOutbox(lanes, [queue])
  door = createRecordingDoor()
  senders = []
})
afterEach(async () => {
  // In peace: what goes on after a forced end would reach into the next test.
  await Promise.all(senders.map(sender => sender.close()))
  await queue.close()
})

async function start(parts: Partial<SenderParts> = {}): Promise<WorkerHandle> {
  const sender = await startSender(setting, queue, {
    door,
    lanes,
    log: silentLog,
    vigilance: VIGILANCE,
    ...parts,
  })
  senders.push(sender)
  return sender
}

const channel = (id: string): Conversation => ({ platform: 'console', id, name: id, kind: 'channel' })
const ops: Target = { to: 'conversation', conversation: channel('ops') }
const sec: Target = { to: 'conversation', conversation: channel('sec') }
const put = (key: string, text = key, target: Target = ops) => outbox.put(key, target, lines(text))
const settles = { timeout: 8000, interval: 20 }

function gate() {
  let open!: () => void
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}

describe('sending', () => {
  it('posts in order, edits what was posted, takes back what is no longer wanted', async () => {
    await start()
    for (const key of ['a', 'b', 'c']) await put(key)
    await expect.poll(() => door.texts(), settles).toEqual(['a', 'b', 'c'])

    await put('b', 'b, better')
    await outbox.remove('a')

    await expect.poll(() => door.texts(), settles).toEqual(['b, better', 'c'])
    expect(door.calls.map(({ did }) => did)).toEqual(['post', 'post', 'post', 'edit', 'remove'])
  })

  it('sends the newest state alone where many were wished for', async () => {
    const first = gate()
    door.before(({ did }) => (did === 'post' ? first.opened : undefined))
    await start()
    await put('card', 'state 0')
    await expect.poll(() => door.calls.length, settles).toBe(1)

    for (let i = 1; i <= 30; i++) await put('card', `state ${i}`)
    first.open()

    await expect.poll(() => door.texts(), settles).toEqual(['state 30'])
    expect(door.calls.map(({ did, text }) => `${did} ${text}`)).toEqual(['post state 0', 'edit state 30'])
  })

  it('keeps to the pace of each conversation', async () => {
    door = createRecordingDoor('console', 120)
    await start()

    await Promise.all([put('a'), put('b'), put('c'), put('x', 'x', sec)])
    await expect.poll(() => door.shown().length, settles).toBe(4)

    const times = door.calls.filter(({ key }) => key !== 'x').map(({ atMs }) => atMs)
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(118)
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(118)
  })

  it('is done by one sender per conversation, however many there are', async () => {
    let underWay = 0
    let most = 0
    door.before(async ({ did }) => {
      if (did !== 'post') return
      most = Math.max(most, ++underWay)
      await sleep(5)
      underWay--
    })
    await Promise.all([start(), start(), start()])

    await Promise.all(Array.from({ length: 20 }, (_, i) => put(`m${i}`)))

    await expect.poll(() => door.shown().length, settles).toBe(20)
    expect(most).toBe(1)
    expect(new Set(door.texts()).size).toBe(20)
  })

  it('says anew what somebody deleted, once', async () => {
    await start()
    await put('card', 'asked')
    await expect.poll(() => door.texts(), settles).toEqual(['asked'])

    door.loses('card')
    await put('card', 'approved')
    await expect.poll(() => door.texts(), settles).toEqual(['approved'])
    await put('card', 'done')

    await expect.poll(() => door.texts(), settles).toEqual(['done'])
    expect(door.calls.map(({ did }) => did)).toEqual(['post', 'edit', 'post', 'edit'])
  })

  it('says in the conversation what its thread is no longer there for', async () => {
    const inThread: Target = { to: 'thread', under: 'head', conversation: channel('ops'), title: 'run' }
    let tries = 0
    door.before(({ key }) => {
      if (key === 'line' && ++tries === 1)
        throw new BotError('chat.gone', 'The thread is not there any more.')
    })
    await start()
    await put('head')
    await expect.poll(() => door.texts(), settles).toEqual(['head'])

    await put('line', 'step done', inThread)

    await expect.poll(() => door.texts('ops'), settles).toEqual(['head', 'step done'])
  })

  it('finishes what is in hand when it is closed', async () => {
    const slow = gate()
    door.before(() => slow.opened)
    const sender = await start()
    await put('a')
    await expect.poll(() => door.calls.length, settles).toBe(1)

    const closed = sender.close()
    slow.open()
    await closed

    expect(await redis.hget(keys.message('a'), 'ref')).toContain('id')
    expect(await redis.exists(keys.lane('console:ops'))).toBe(0)
  })

  it('keeps no text in job data', async () => {
    await put('a', 'for your eyes')

    const jobs = await queue.queue.getJobs()

    expect(jobs.map(({ data }) => data)).toEqual([{ lane: 'console:ops' }])
  })
})

describe('a sender that dies between sending and noting', () => {
  const neverReturns = () => new Promise<void>(() => {})

  async function dies(key: string): Promise<void> {
    const sent = gate()
    const sender = await start({
      afterSend: async sentKey => {
        if (sentKey !== key) return
        sent.open()
        await neverReturns()
      },
    })
    await put('a')
    await put('b')
    await sent.opened
    await sender.close(true)
  }

  it('is followed by one that finds the message again', async () => {
    await dies('a')
    await start()

    await expect.poll(() => door.texts(), settles).toEqual(['a', 'b'])
    expect(door.calls.map(({ did, key }) => `${did} ${key}`)).toEqual([
      'post a',
      'find a',
      'edit a',
      'post b',
    ])
  })

  it('is followed by one that says so where the history cannot be read', async () => {
    door.hidesHistory()
    await dies('a')
    await start()

    await expect.poll(() => door.texts(), settles).toEqual(['a', 'a', 'b'])
    expect(door.shown().map(({ possibleRepeat }) => possibleRepeat)).toEqual([false, true, false])
  })

  it('does not repeat an edit or a removal harmfully', async () => {
    await start()
    await put('a')
    await expect.poll(() => door.texts(), settles).toEqual(['a'])
    await Promise.all(senders.splice(0).map(sender => sender.close()))

    await outbox.remove('a')
    await put('b')
    const removed = gate()
    const dying = await start({
      afterSend: async () => {
        removed.open()
        await neverReturns()
      },
    })
    await removed.opened
    await dying.close(true)
    await start()

    await expect.poll(() => door.texts(), settles).toEqual(['b'])
  })

  it('loses nothing when it is the store that breaks', async () => {
    let breaks = true
    await start({
      lanes: {
        ...lanes,
        async sent(...args) {
          if (breaks) {
            breaks = false
            throw new Error('OOM command not allowed')
          }
          await lanes.sent(...args)
        },
      },
    })

    await put('a')
    await put('b')

    await expect.poll(() => door.texts(), settles).toEqual(['a', 'b'])
    expect(door.calls.filter(({ did }) => did === 'post')).toHaveLength(2)
  })
})

describe('a platform that does not take a message', () => {
  it('is tried again when its answer was lost, without doubling', async () => {
    door.losesAnswerTo('a')
    await start()

    await put('a')
    await put('b')

    await expect.poll(() => door.texts(), settles).toEqual(['a', 'b'])
    expect(door.calls.filter(({ did }) => did === 'post')).toHaveLength(2)
  })

  it('is left alone for as long as it asks, while other conversations go on', async () => {
    let limited = true
    door.hidesHistory()
    door.before(({ did, key }) => {
      if (did !== 'post' || key !== 'a' || !limited) return
      limited = false
      throw new BotError('chat.rate-limited', 'Too many messages.', { retryAfterMs: 400 })
    })
    await start()

    await put('a')
    await put('b')
    await put('x', 'x', sec)

    await expect.poll(() => door.texts(), settles).toEqual(['x', 'a', 'b'])
    const [first, second] = door.calls.filter(({ key }) => key === 'a')
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(398)
    // It certainly was not sent the first time: nobody needs to look, or to be warned of a repeat.
    expect(door.calls.some(({ did }) => did === 'find')).toBe(false)
    expect(door.shown().some(({ possibleRepeat }) => possibleRepeat)).toBe(false)
  })

  it('is given up on when it refuses for good, and the rest of the lane goes on', async () => {
    door.before(({ key }) => {
      if (key === 'a') throw new BotError('chat.refused', 'Direct messages are closed.')
    })
    await start()

    await put('a')
    await put('b')

    await expect.poll(() => door.texts(), settles).toEqual(['b'])
    await expect.poll(() => redis.exists(keys.lane('console:ops')), settles).toBe(0)
  })

  it('counts as unreachable when it never answers', async () => {
    let hangs = true
    door.before(({ did }) => {
      if (did !== 'post' || !hangs) return
      hangs = false
      return new Promise(() => {})
    })
    await start({ sendWithinMs: 100 })

    await put('a')
    await put('x', 'x', sec)

    await expect.poll(() => door.texts().sort(), settles).toEqual(['a', 'x'])
  })

  it('may refuse to show its history and still gets the message', async () => {
    door.losesAnswerTo('a')
    door.before(({ did }) => {
      if (did === 'find') throw new BotError('chat.refused', 'No right to read here.')
    })
    await start()

    await put('a')

    await expect.poll(() => door.shown().length, settles).toBe(2)
    expect(door.shown()[1]).toMatchObject({ text: 'a', possibleRepeat: true })
  })
})

describe('the sweep', () => {
  it('finds what a process wrote down and died before calling anybody', async () => {
    await lanes.want('a', ops, lines('a'))
    await redis.hdel(keys.laneState('console:ops'), 'calledUntil')

    await start()

    await expect.poll(() => door.texts(), settles).toEqual(['a'])
  })

  it('does not pile up senders for a platform that is down', async () => {
    door.before(() => {
      throw new BotError('chat.rate-limited', 'Later.', { retryAfterMs: 60_000 })
    })
    await put('a')
    await start()
    await expect.poll(() => queue.queue.getDelayedCount(), settles).toBeGreaterThan(0)

    await Promise.all([start(), start(), start()])

    const jobs = await queue.queue.getJobs()
    expect(jobs.filter(({ data }) => data.lane === 'console:ops')).toHaveLength(1)
  })
})
