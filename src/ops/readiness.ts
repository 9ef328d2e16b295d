/**
 * Whether this process may be given work: it has started, is not leaving, and what it leans on answers. OVHcloud is left out on
 * purpose: when it does not answer, taking every process away helps nobody (its calls are counted in the metrics).
 */
import { formatDuration } from '../core/duration.js'
import { BotError } from '../core/errors.js'
import { type Beats, pulseOf, SILENT_AFTER_MS } from '../core/ports/beats.js'
import type { Log } from '../core/ports/log.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import { shared, within } from './bounded.js'

export interface Check {
  name: string
  ok: boolean
  /** A few words for an operator. Never a secret: anybody who reaches the port can read it. */
  detail: string
}

export interface Readiness {
  ok: boolean
  checks: Check[]
}

export interface Precondition {
  name: string
  /** Answers a few words when all is well. @throws what is wrong; of a BotError the sentence is shown, else only that it is not well */
  look(): Promise<string>
}

export interface ReadinessWatch {
  ready(): Promise<Readiness>
  /** One more thing that this process leans on, as soon as there is something to ask. */
  needs(precondition: Precondition): void
  started(): void
  /** From now on never ready again. */
  leaving(): void
}

export interface ReadinessParts {
  log: Log
  /** For one look; 2 s, under the usual limits of probers. */
  lookWithinMs?: number
  /** How long an answer is believed, so that probing often asks Redis seldom; 1 s. */
  believeMs?: number
}

const LOOK_WITHIN_MS = 2_000
const BELIEVE_MS = 1_000

export function createReadiness({ log, ...limits }: ReadinessParts): ReadinessWatch {
  const { lookWithinMs = LOOK_WITHIN_MS, believeMs = BELIEVE_MS } = limits
  const preconditions: Precondition[] = []
  let phase: 'starting' | 'up' | 'leaving' = 'starting'
  let looked: { atMs: number; checks: Promise<Check[]> } | null = null
  let saidReady = false

  async function look({ name, look }: Precondition): Promise<Check> {
    try {
      return { name, ok: true, detail: await within(lookWithinMs, `Asking ${name}`, look()) }
    } catch (thrown) {
      if (saidReady) log.debug('a precondition is not met', { name, reason: String(thrown) })
      return { name, ok: false, detail: thrown instanceof BotError ? thrown.message : 'does not answer' }
    }
  }

  function lookAtAll(): Promise<Check[]> {
    const now = performance.now()
    if (!looked || now - looked.atMs >= believeMs) {
      looked = { atMs: now, checks: Promise.all(preconditions.map(look)) }
    }
    return looked.checks
  }

  function say({ ok, checks }: Readiness): void {
    if (ok === saidReady) return
    saidReady = ok
    if (ok) log.info('ready')
    else log.warn('not ready', { checks: checks.filter(check => !check.ok) })
  }

  return {
    needs({ name, look }) {
      preconditions.push({ name, look: shared(look) })
      looked = null
    },
    started() {
      phase = 'up'
    },
    leaving() {
      phase = 'leaving'
    },
    async ready() {
      const found = await lookAtAll()
      const checks = [{ name: 'process', ok: phase === 'up', detail: phase }, ...found]
      const readiness = { ok: checks.every(({ ok }) => ok), checks }
      say(readiness)
      return readiness
    },
  }
}

/** @param redis rejects when it does not answer */
export const needsRedis = (redis: { ping(): Promise<unknown> }): Precondition => ({
  name: 'redis',
  async look() {
    await redis.ping()
    return 'answers'
  },
})

/** @param door says whether events of the platform reach this process right now, or it stands by for one that they reach */
export const needsPlatform = (name: string, door: { isConnected(): boolean }): Precondition => ({
  name,
  async look() {
    if (door.isConnected()) return 'connected'
    throw new BotError('chat.unreachable', 'is not connected')
  },
})

/** Without ticks nobody is reminded of anything, and no worker would answer a command either. */
export function needsTicks(beats: Pick<Beats, 'read'>, silentAfterMs = SILENT_AFTER_MS): Precondition {
  const beganAtMs = performance.now()
  return {
    name: 'ticks',
    async look() {
      const { silentMs, lastAtMs } = await pulseOf(beats, beganAtMs)
      const silent = formatDuration(Math.max(1000, silentMs))
      if (silentMs >= silentAfterMs) {
        throw new BotError('store.unavailable', `No sync and no reminder was done for ${silent}.`)
      }
      return lastAtMs === 0 ? 'none yet' : `the last one ${silent} ago at most`
    },
  }
}

/** Never in the way: without a policy the bot works, and tells everybody that one is needed. */
export const showsPolicy = (policy: PolicySource<{ version: string }>): Precondition => ({
  name: 'policy',
  look: async () => (await policy.current())?.version ?? 'none, so nobody may do anything',
})
