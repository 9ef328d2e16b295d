/** Time comes in through here, so that a test or the demo can move it. */

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number
}

export const realClock: Clock = { now: () => Date.now() }

/** Real time plus a difference that only grows. */
export interface MovableClock extends Clock {
  /** Jumps forward to an instant; one in the past changes nothing. */
  moveTo(atMs: number): void
}

export function movableClock(base: Clock = realClock): MovableClock {
  let ahead = 0
  return {
    now: () => base.now() + ahead,
    moveTo(atMs) {
      ahead = Math.max(ahead, atMs - base.now())
    },
  }
}
