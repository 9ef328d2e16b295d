/** The truth about a run, as it rests in Redis. Plain JSON, no secrets. */
import type { Actor, Conversation } from './actor.js'
import type { ErrorRecord } from './errors.js'
import type { Permission } from './permission.js'
import type { Button } from './reply.js'
import type { Text } from './text.js'

/** What a run ends with: plain JSON, no secrets. */
export interface Ending {
  /** `done`: as asked. `stopped`: ended well, but not as asked (nobody collected it, revoked on request …). */
  outcome: 'done' | 'stopped'
  lines: Text[]
  buttons?: Button[]
  /** Facts for whoever reads the run later. */
  facts?: Record<string, string | number | boolean>
}

export type EndState = 'succeeded' | 'stopped' | 'failed'
export type RunState = 'queued' | 'running' | 'waiting' | 'undoing' | EndState

/**
 * `kept`: done, and left as it is though the run failed. `kept-for-good`: so, and doing it again would do it twice. `undo-failed`: nobody
 * knows.
 */
export type StepState =
  | 'doing'
  | 'waiting'
  | 'done'
  | 'failed'
  | 'undone'
  | 'kept'
  | 'kept-for-good'
  | 'undo-failed'

export interface StepRecord {
  title: string
  /** Position in the order in which steps began. */
  position: number
  state: StepState
  /** What the step answered; `null` until done. */
  result: unknown
  note: Text | null
  /** Of a step that failed: what was found of it, when it was taken back in doubt. */
  found?: 'undone' | 'kept' | 'kept-for-good'
  /** Milliseconds of the clock port. */
  startedAtMs: number
  endedAtMs: number | null
  /** Of a wait: whom it is for. */
  waitsFor?: 'vendor' | 'person' | 'time'
  /** Looks of a wait, or failed tries of a step. */
  looks: number
  tries: number
  /** After a failure that may pass: not tried again before this instant, even when somebody wakes the run. */
  retryAtMs: number | null
  failure: ErrorRecord | null
}

export interface RunRecord {
  runId: string
  job: string
  version: number
  input: unknown
  requester: Actor
  conversation: Conversation
  /** Whether its card goes to the requester's direct messages. */
  privately: boolean
  /** What the requester needed to be allowed to start it; `null`: it was started by another run, or by a button that judged by itself. */
  requires: Permission | null
  state: RunState
  createdAtMs: number
  /** When the requester was heard, and what they belong to was seen: before `createdAtMs` where it was begun anew. */
  askedAtMs: number
  endedAtMs: number | null
  /** Why it failed; set as soon as it is clear, before steps are undone. */
  failure: ErrorRecord | null
  ending: Ending | null
  /** An operator gave it up: taken back as far as that can be, or put out of the list of failed runs. */
  abandoned: { by: string } | null
  /** An operator had it tried again, as a run of its own. */
  triedAgain: { by: string; runId: string } | null
  steps: StepRecord[]
}

export interface NewRun {
  runId: string
  job: string
  version: number
  input: unknown
  requester: Actor
  conversation: Conversation
  privately: boolean
  requires?: Permission | null
  createdAtMs: number
  askedAtMs?: number
  /** Starting again with the same key answers the run that exists. */
  startKey: string | null
  /** The interaction that asked for it: from now on its repeats are dropped. */
  interactionId?: string
}
