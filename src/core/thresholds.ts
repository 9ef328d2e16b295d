/** When a credential is reminded of: how long before its expiry. All in milliseconds; `0` is the expiry itself, the overdue notice. */

const HOUR_MS = 3_600_000
/** A credential that lives for little more than a threshold would be reminded of while it is being made. */
const ROUNDING_MS = HOUR_MS
/** What is left of a life that is too short for the thresholds people chose. */
const SHARES_OF_A_SHORT_LIFE = [0.5, 0.25, 0.1]
/** A short life keeps this many of the chosen ones, or is given its own. */
const FEWEST = 2

/**
 * The thresholds that fit a life, the longest first. Those not shorter than the life are dropped; where that leaves fewer than two
 * above `0`, half, a quarter and a tenth of the life stand for all but `0`.
 */
export function thresholdsFor(lifeMs: number, wanted: readonly number[]): number[] {
  const before = wanted.filter(ms => ms > 0)
  const fitting = before.filter(ms => ms < lifeMs - ROUNDING_MS)
  const tooFew = fitting.length < before.length && fitting.length < FEWEST
  const kept = tooFew ? SHARES_OF_A_SHORT_LIFE.map(share => Math.round(lifeMs * share)) : fitting
  const overdue = wanted.includes(0) ? [0] : []
  return [...new Set([...kept, ...overdue])].sort((a, b) => b - a)
}

/** The most urgent threshold that has been crossed; `null`: none yet. */
export function mostUrgent(thresholds: readonly number[], expiresAtMs: number, nowMs: number): number | null {
  return thresholds.findLast(ms => expiresAtMs - ms <= nowMs) ?? null
}

/** The next instant at which a threshold more urgent than the one told last is crossed; `null`: there is none. */
export function nextCrossing(
  thresholds: readonly number[],
  expiresAtMs: number,
  toldMs: number | null,
  nowMs: number,
): number | null {
  const next = thresholds.find(ms => expiresAtMs - ms > nowMs && (toldMs === null || ms < toldMs))
  return next === undefined ? null : expiresAtMs - next
}
