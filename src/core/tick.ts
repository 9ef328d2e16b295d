/** Ticks: what the bot does by itself, again and again. `defineTick` declares one; the fleet fires each at one place at a time. */
import type { Outside } from './job.js'
import type { Target } from './ports/chat.js'
import type { Log } from './ports/log.js'
import type { Reply } from './reply.js'

export interface TickContext extends Outside {
  log: Log
  signal: AbortSignal
  /** Posts or rewrites a message; `key` is unique among all messages of the bot, so it begins with the tick's name. Safe to repeat. */
  tell(key: string, target: Target, reply: Reply): Promise<void>
  /** Posts a message once: where there is one of this key, it is left as it is by now. */
  tellOnce(key: string, target: Target, reply: Reply): Promise<void>
  /** Changes what a message shows; nothing happens where there is none. */
  rewrite(key: string, reply: Reply): Promise<void>
  takeBack(key: string): Promise<void>
  /** Fires another tick now, such as reminders after new credentials were seen. */
  wake(tick: string): Promise<void>
}

export interface Tick {
  readonly kind: 'tick'
  readonly name: string
  /** The longest time between two, such as `15m`. */
  readonly every: string
  /**
   * Does what is due. It may be cut off anywhere and fired again, so each effect is safe to repeat. What it throws is logged, and
   * it is fired again at its time. Answers the next instant at which something is due, when it knows: an instant before the
   * regular time is kept to the second, a later one lets a moved clock walk there at once.
   */
  run(context: TickContext): Promise<{ nextAtMs: number | null } | undefined>
}

export function defineTick(tick: Omit<Tick, 'kind'>): Tick {
  return { kind: 'tick', ...tick }
}
