/** Fires a tick: finds the definition, gives it the outside, and keeps what it throws from ending the schedule. */

import { parseDuration } from '../core/duration.js'
import { BotError } from '../core/errors.js'
import type { Outside } from '../core/job.js'
import type { Beats } from '../core/ports/beats.js'
import type { Log } from '../core/ports/log.js'
import { type Metrics, noMetrics } from '../core/ports/metrics.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { Tick } from '../core/tick.js'
import { logFailure } from './explain.js'

export interface TickerParts {
  ticks: ReadonlyMap<string, Tick>
  outside: Outside
  outbox: Outbox
  wake(tick: string): Promise<void>
  beats: Pick<Beats, 'note'>
  log: Log
  metrics?: Metrics
}

/** When a tick was fired and when it wants to be fired again, in milliseconds of the clock port. */
export interface Fired {
  firedAtMs: number
  everyMs: number
  /** The next instant it knows something to be due at. */
  nextAtMs: number | null
}

/** Two firings of a tick that always finds something due are this far apart. */
const SHORTEST_REST_MS = 1000

/** Answers `null` for a tick that this version of the bot does not know. */
export function createTicker({ ticks, outside, outbox, wake, beats, log, metrics = noMetrics }: TickerParts) {
  return async (name: string, signal: AbortSignal): Promise<Fired | null> => {
    const tick = ticks.get(name)
    if (!tick) return null
    const firedAtMs = outside.clock.now()
    const fired: Fired = { firedAtMs, everyMs: parseDuration(tick.every), nextAtMs: null }
    try {
      const answer = await tick.run({
        ...outside,
        log,
        signal,
        tell: (key, target, reply) => outbox.put(key, target, reply),
        tellOnce: (key, target, reply) => outbox.putOnce(key, target, reply),
        rewrite: (key, reply) => outbox.rewrite(key, reply),
        takeBack: key => outbox.remove(key),
        wake,
      })
      metrics.count('ticks', { tick: name, outcome: 'ok' })
      await beats.note(name)
      const nextAtMs = answer?.nextAtMs ?? null
      return { ...fired, nextAtMs: nextAtMs && Math.max(nextAtMs, firedAtMs + SHORTEST_REST_MS) }
    } catch (thrown) {
      const error = BotError.from(thrown)
      metrics.count('ticks', { tick: name, outcome: error.code })
      logFailure(log, 'tick failed', error, { tick: name })
      return fired
    }
  }
}
