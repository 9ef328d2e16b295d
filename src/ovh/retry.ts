/** Which calls are made again, when, and how often. Everything beyond is left to the step that asked. */
import { BotError } from '../core/errors.js'

/**
 * `safe`: asking twice is as good as asking once. `unsent`: again only when nothing of the call can have left.
 * `never`: one try.
 */
export type Repeats = 'safe' | 'unsent' | 'never'

export interface RetryTools {
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** At least 0, less than 1. */
  random(): number
  /** Hears of each pause. */
  paused(failure: BotError, attempt: number, pauseMs: number): void
}

const ATTEMPTS = 4
const FIRST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 5_000
/** A longer wait would hold a worker; the run's own retry waits without one. */
const LONGEST_HONOURED_MS = 10_000

/** Runs `once` until it succeeds or its failure is not worth another try; throws that failure. */
export async function repeated<T>(
  tools: RetryTools,
  repeats: Repeats,
  signal: AbortSignal | undefined,
  once: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once()
    } catch (failure) {
      if (!(failure instanceof BotError) || signal?.aborted || attempt >= ATTEMPTS) throw failure
      const pauseMs = pauseAfter(failure, repeats, attempt, tools.random())
      if (pauseMs === null) throw failure
      tools.paused(failure, attempt, pauseMs)
      await tools.sleep(pauseMs, signal)
    }
  }
}

/**
 * Milliseconds until the next try: doubling from `FIRST_PAUSE_MS`, half of it by chance so that many workers do not come back
 * together, and never less than the other side asked for. `null`: give up.
 */
export function pauseAfter(
  failure: BotError,
  repeats: Repeats,
  attempt: number,
  random: number,
): number | null {
  if (!mayRepeat(failure, repeats)) return null
  const asked = failure.retryAfterMs ?? 0
  if (asked > LONGEST_HONOURED_MS) return null
  const growing = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))
  return Math.max(asked, Math.round(growing * (0.5 + random / 2)))
}

function mayRepeat(failure: BotError, repeats: Repeats): boolean {
  if (repeats === 'never') return false
  switch (failure.code) {
    case 'ovh.rate-limited':
      return repeats === 'safe'
    case 'ovh.unreachable':
    case 'ovh.broken':
      return repeats === 'safe' || failure.details.sent === false
    default:
      return false
  }
}
