/**
 * What happens in the bot, in numbers, for whoever runs it. Words are ours; how they are kept and shown is src/ops's.
 * A label is one of few words known beforehand: never a person, an id, a name that somebody chose, or a secret.
 */
import type { PlatformName } from '../actor.js'
import type { ErrorCode } from '../errors.js'
import type { EndState } from '../run.js'

/** How something went: `ok`, or the code of its failure. */
export type Outcome = 'ok' | ErrorCode

/** Things that happen, and their labels. */
export interface Counted {
  /** Commands met. `command` is the name of a definition, or `unknown`. */
  commands: { command: string; outcome: Outcome }
  /** Buttons pressed. `press` is the name of a definition, or `unknown`. */
  presses: { press: string; outcome: Outcome }
  /** Questions that a worker answered. */
  reads: { read: string; outcome: Outcome }
  /** What the bot does by itself, each time it was fired. */
  ticks: { tick: string; outcome: Outcome }
  runs: { job: string; state: EndState }
  /** Failed tries, those that are repeated included. */
  'step-failures': { job: string; code: ErrorCode }
  /** `retried`: not sent yet. `given-up`: never will be. */
  messages: { platform: PlatformName; outcome: 'sent' | 'retried' | 'given-up' }
}

/** Things that take time, in seconds. */
export interface Timed {
  /** From meeting a command to its answer. */
  command: { command: string }
  /** One attempt. `route` has `{id}` in the place of every id; `status` is that of the answer, `none` where none came. */
  'ovh-call': { route: string; status: string }
  /** From the wish to show a message to its having been sent. */
  'message-wait': { platform: PlatformName }
}

/** How things stand now. */
export interface Stood {
  /** Jobs of a queue by their state in the engine. */
  'queue-jobs': { queue: string; state: string }
  /** Runs that have not ended. */
  'open-runs': Record<never, string>
  /** Conversations that have messages waiting. */
  'waiting-lanes': { platform: PlatformName }
  /** What this process needs before it may be given work: 1 or 0. */
  ready: { check: string }
}

/** Never throws, whatever it is given: what is counted must not fail for being counted. */
export interface Metrics {
  count<N extends keyof Counted>(name: N, labels: Counted[N]): void
  observe<N extends keyof Timed>(name: N, seconds: number, labels: Timed[N]): void
  gauge<N extends keyof Stood>(name: N, value: number, labels: Stood[N]): void
}

export const noMetrics: Metrics = { count() {}, observe() {}, gauge() {} }
