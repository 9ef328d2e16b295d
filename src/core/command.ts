/** Commands and buttons: what people can say. Declared once, spoken on every platform. */
import type { Actor, Conversation } from './actor.js'
import type { CommandFace } from './command-face.js'
import type { Finding } from './finding.js'
import type { Form } from './form.js'
import type { Job, Read } from './job.js'
import type { OptionsShape, ValuesOf } from './option.js'
import type { Permission } from './permission.js'
import type { RequestStatus } from './ports/approvals.js'
import type { Reply } from './reply.js'
import type { RunRecord, RunState } from './run.js'
import type { Secret } from './secret.js'
import type { Text } from './text.js'

/** A run that has been started, and is in Redis. */
export interface StartedRun {
  runId: string
  /** Where its card appears. */
  card: 'direct-message' | 'here'
}

/** What commands and buttons can do. */
export interface Doing {
  actor: Actor
  conversation: Conversation
  /** Has a worker look something up; throws what it throws. */
  ask<I, O>(read: Read<I, O>, input: I): Promise<O>
  requests: Requests
  operations: Operations
  /** Whether this person may do something here. */
  may(permission: Permission): boolean
  /**
   * Starts a run. It is in Redis when this resolves; the same interaction never starts it twice.
   * @param more `secrets`: sealed in the vault for the run, by label; no part of its input. `once`: whoever says the same starts the
   *   same run, however often
   */
  start<I>(
    job: Job<I>,
    input: I,
    more?: { secrets?: Readonly<Record<string, Secret>>; once?: string },
  ): Promise<StartedRun>
  reply: {
    /** Shows the answer where `answers` says. */
    show(reply: Reply): Promise<void>
    /** Says that a run has started and where it can be watched. */
    follow(run: StartedRun): Promise<void>
  }
}

/** What can be done about requests, for the one who asks. Each answers what is said to them, or throws a refusal. */
export interface Requests {
  approve(runId: string, comment: string | null): Promise<Text>
  deny(runId: string, reason: string): Promise<Text>
  withdraw(runId: string): Promise<Text>
  /** What waits for a decision, oldest first. */
  pending(): Promise<RequestStatus[]>
}

/** A run as operators see it. */
export interface OperatedRun {
  runId: string
  title: Text
  requester: Actor
  state: RunState
  /** The step it stands at; `null` before the first. */
  step: string | null
  /** Since when: when it was asked for, or when it failed; milliseconds of the clock port. */
  sinceMs: number
  /** Why it failed, or why the step is tried again. */
  why: string | null
  /** It failed, and may be tried again. */
  isRetryable: boolean
}

/** What operators can do about runs. `retry` and `abandon` answer what is said to them, or throw a refusal. */
export interface Operations {
  /** What is under way, the oldest first, and what failed and nobody has dealt with, the newest first; of each at most 200. */
  runs(): Promise<{ open: OperatedRun[]; openCount: number; failed: OperatedRun[]; failedCount: number }>
  retry(runId: string): Promise<Text[]>
  abandon(runId: string): Promise<Text[]>
}

export interface CommandContext<S extends OptionsShape> extends Doing {
  options: ValuesOf<S>
  /** The commands this person may use here. */
  commands(): readonly Command[]
  /** What lies ready for this person to collect. */
  deliveries(): Promise<OpenDelivery[]>
  /** Who has to approve what needs a permission, and when, one sentence a rule; nothing where nobody has to. */
  approvals(permission: Permission): readonly string[]
  /** What the process that hears people can examine: the policy, the chat platforms. */
  examine(): Promise<Finding[]>
}

export interface OpenDelivery {
  runId: string
  /** What the run is about, in a line. */
  title: string
  state: 'offered' | 'collected'
  /** ISO instant. */
  collectBy: string
}

export interface CommandDefinition<S extends OptionsShape> extends CommandFace<S> {
  run(context: CommandContext<S>): Promise<void>
}

/** A command whose options nobody knows any more: what the loader, the grammar and the platforms handle. */
export type Command = CommandDefinition<OptionsShape>

/** Ties the options to the handler; past this, all commands look alike (`run` is only called with options its own `options` parsed). */
export function defineCommand<S extends OptionsShape>(definition: CommandDefinition<S>): Command {
  return definition as unknown as Command
}

export interface PressContext extends Doing {
  /** The `subject` of the button: mostly a run id. */
  subject: string
  fields: Readonly<Record<string, string>>
  deliveries: PressDeliveries
  /** Says something to a run that waits for a word; `false`: somebody has before. */
  answer(runId: string, question: string, answer: string): Promise<boolean>
  /** A run as it stands; `null`: there is none. */
  run(runId: string): Promise<RunRecord | null>
  /** Milliseconds of the clock port. */
  now(): number
}

/** Delivery as a button handler sees it: the files themselves pass it by. */
export interface PressDeliveries {
  collect(runId: string): Promise<void>
  confirm(runId: string): Promise<void>
  revoke(runId: string): Promise<void>
}

export interface PressDefinition {
  /** The `press` of the buttons it answers. */
  name: string
  /** Opened by the platform before `run`; what was filled in arrives as `fields`. */
  form?: Form
  /** `null`: the handler judges by itself (recipient, requester …). */
  requires: Permission | null
  run(context: PressContext): Promise<void>
}

export function definePress(definition: PressDefinition): PressDefinition {
  return definition
}
