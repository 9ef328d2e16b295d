/**
 * Two workers that are killed. Each is a scheduler and a worker of the ticks on real BullMQ, with connections of its own. A killed one
 * does not come back from the call it was in, before or after that call had its effect, and answers nothing any more: what SIGKILL
 * leaves behind in Redis.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Policy } from '../../src/bot/policy-model.js'
import { createReminderRules } from '../../src/bot/reminder-rules.js'
import { createTicker } from '../../src/bot/ticker.js'
import type { Outside } from '../../src/core/job.js'
import { noBeats } from '../../src/core/ports/beats.js'
import type { Clock } from '../../src/core/ports/clock.js'
import type { Log } from '../../src/core/ports/log.js'
import type { OkmsPort } from '../../src/core/ports/okms.js'
import type { Tick } from '../../src/core/tick.js'
import { createOutbox, createOutboxQueue } from '../../src/queue/outbox.js'
import { createTickQueue, startTickWorker } from '../../src/queue/ticks.js'
import { QUEUE_PREFIX } from '../../src/store/keys.js'
import { createLedger } from '../../src/store/ledger.js'
import { createOutboxStore } from '../../src/store/outbox.js'
import { connectRedis } from '../../src/store/redis.js'
import { createReminders } from '../../src/store/reminders.js'

const VIGILANCE = { lockMs: 150, stalledMs: 50 }
const LONGEST_WAIT_MS = 20_000

export interface FleetParts {
  redisUrl: string
  clock: Clock
  policy(): Policy
  okms: OkmsPort
  ticks: readonly Tick[]
  log: Log
}

interface Worker {
  isDead: boolean
  died: Promise<void>
  dies(): void
  fire(tick: string): Promise<unknown>
  /** As if by SIGKILL. */
  kill(): Promise<void>
}

export type Fleet = ReturnType<typeof createFleet>

export function createFleet(parts: FleetParts) {
  const { clock, log } = parts
  const ticks = new Map(parts.ticks.map(tick => [tick.name, tick]))
  let workers: Worker[] = []
  /** Calls of the outside until whoever makes the next one is killed; `null`: nobody is to die. */
  let callsToLive: number | null = null
  /** Whether that call still has its effect. */
  let diesAfter = false
  const victims: Worker[] = []
  let killed = 0
  /** Firings are counted as they begin; by tick, the last that was carried out to its end. */
  let begun = 0
  const finished = new Map<string, number>()

  /** The same port, in the hands of somebody who may die with every call. */
  function mortal<T extends object>(port: T, worker: Worker): T {
    const breathe = async () => {
      if (callsToLive !== null && callsToLive-- <= 0 && !worker.isDead) {
        callsToLive = null
        worker.dies()
        victims.push(worker)
      }
      if (worker.isDead) await new Promise(() => {})
    }
    return new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const lastBreathAfter = diesAfter
          const call = () => (value as (...args: unknown[]) => unknown).apply(target, args)
          if (name === 'pages' || name === 'credentialPages') {
            return (async function* () {
              for await (const page of call() as AsyncIterable<unknown>) {
                await breathe()
                yield page
              }
            })()
          }
          return (async () => {
            try {
              if (!lastBreathAfter) await breathe()
              const answer = await call()
              if (lastBreathAfter) await breathe()
              return answer
            } finally {
              // Neither an answer nor the end of its connection reaches the dead.
              if (worker.isDead) await new Promise(() => {})
            }
          })()
        }
      },
    })
  }

  async function startOne(): Promise<Worker> {
    const redis = connectRedis(parts.redisUrl, 'worker', log)
    const setting = { connection: redis, prefix: QUEUE_PREFIX }
    const tickQueue = createTickQueue(setting)
    const outboxQueue = createOutboxQueue(setting, 'console')
    const reminders = createReminders(redis)
    let resolve = () => {}
    const died = new Promise<void>(dead => {
      resolve = dead
    })
    const worker: Worker = {
      isDead: false,
      died,
      dies() {
        worker.isDead = true
        resolve()
      },
      fire: async () => {},
      kill: async () => {},
    }
    const wake = (tick: string) => tickQueue.wake(tick)
    const outside = {
      clock,
      okms: mortal(parts.okms, worker),
      ledger: mortal(createLedger(redis), worker),
      reminders: mortal(reminders, worker),
      reminderRules: createReminderRules({ current: async () => parts.policy() }, reminders),
      wake,
    } as unknown as Outside
    const outbox = mortal(createOutbox(createOutboxStore(redis), [outboxQueue]), worker)
    const fire = createTicker({ ticks, outside, outbox, wake, beats: noBeats, log })
    const never = new AbortController().signal
    const handle = await startTickWorker(setting, tickQueue, {
      names: [...ticks.keys()],
      async fire(name, signal) {
        const count = ++begun
        const fired = await fire(name, signal)
        if (worker.isDead) await new Promise(() => {})
        finished.set(name, Math.max(count, finished.get(name) ?? 0))
        return fired
      },
      clock,
      log,
      vigilance: VIGILANCE,
    })
    worker.fire = name => fire(name, never)
    worker.kill = async () => {
      worker.dies()
      await handle.close(true)
      await Promise.all([tickQueue.close(), outboxQueue.close()])
      redis.disconnect()
    }
    return worker
  }

  async function buryVictims(): Promise<void> {
    for (const victim of victims.splice(0)) {
      killed++
      workers = workers.filter(worker => worker !== victim)
      await victim.kill()
      workers.push(await startOne())
    }
  }

  const watching = connectRedis(parts.redisUrl, 'worker', log)
  const tickQueue = createTickQueue({ connection: watching, prefix: QUEUE_PREFIX })

  return {
    killed: () => killed,
    async start() {
      workers = [await startOne(), await startOne()]
    },
    /** All die at once, whatever they are doing. */
    async fail() {
      for (const worker of workers) await worker.kill()
      killed += workers.length
      workers = []
      callsToLive = null
      victims.length = 0
    },
    /** The next tick's worker is killed after so many calls, if it makes so many; the last with or without its effect. */
    killSoon(calls: number, withEffect: boolean) {
      callsToLive = calls
      diesAfter = withEffect
    },
    /** One whole tick that begins after now, whoever has to die for it. */
    async tick(name: string): Promise<void> {
      // One that is under way may have looked before the clock was moved.
      const before = begun
      const until = Date.now() + LONGEST_WAIT_MS
      await tickQueue.wake(name)
      while ((finished.get(name) ?? 0) <= before) {
        if (victims.length > 0) await buryVictims()
        if (Date.now() > until) throw new Error(`${name} was not carried out within ${LONGEST_WAIT_MS} ms`)
        await sleep(1)
      }
      callsToLive = null
      await buryVictims()
    },
    /** Both carry the same tick out at once, as when one was believed dead that is not. */
    async tickTwice(name: string): Promise<void> {
      await Promise.all(workers.map(worker => Promise.race([worker.fire(name), worker.died])))
      await buryVictims()
    },
    async stop() {
      for (const worker of workers) await worker.kill()
      await tickQueue.close()
      watching.disconnect()
    },
  }
}
