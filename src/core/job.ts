/** Jobs: what the bot does. `defineJob` declares a flow of remembered steps, `defineRead` a single answer. */
import type { z } from 'zod'
import type { Actor, Conversation } from './actor.js'
import type { Permission } from './permission.js'
import type { Answers } from './ports/answers.js'
import type { ApprovalFacts } from './ports/approvals.js'
import type { Audit } from './ports/audit.js'
import type { Target } from './ports/chat.js'
import type { Checkup } from './ports/checkup.js'
import type { Clock } from './ports/clock.js'
import type { Deliveries } from './ports/deliveries.js'
import type { EndpointProbe } from './ports/endpoint-probe.js'
import type { Findings } from './ports/findings.js'
import type { IdentityPort } from './ports/identities.js'
import type { Ledger } from './ports/ledger.js'
import type { Log } from './ports/log.js'
import type { OkmsPort } from './ports/okms.js'
import type { OrderPort } from './ports/order.js'
import type { PrivateCloudPort } from './ports/private-cloud.js'
import type { Profiles } from './ports/profiles.js'
import type { ReminderRulesSource, Reminders } from './ports/reminders.js'
import type { ServiceKeyPort } from './ports/service-keys.js'
import type { Vault } from './ports/vault.js'
import type { Button, Reply } from './reply.js'
import type { Ending, RunState } from './run.js'
import type { Text } from './text.js'

/** What the outside gives to flows and reads; each is a port. */
export interface Outside {
  clock: Clock
  okms: OkmsPort
  privateCloud: PrivateCloudPort
  order: OrderPort
  serviceKeys: ServiceKeyPort
  identities: IdentityPort
  probe: EndpointProbe
  vault: Vault
  deliveries: Deliveries
  ledger: Ledger
  profiles: Profiles
  reminders: Reminders
  reminderRules: ReminderRulesSource
  audit: Pick<Audit, 'read'>
  answers: Answers
  findings: Findings
  /** Fires a tick now, such as reminders after something about them changed. */
  wake(tick: string): Promise<void>
  /** What a worker can examine. */
  checkups: readonly Checkup[]
}

export interface ReadContext<I> extends Outside {
  input: I
  requester: Actor
  conversation: Conversation
  log: Log
  signal: AbortSignal
}

/** A single answer: looks, changes nothing, takes seconds. Its result is plain JSON without secrets. */
export interface Read<I, O> {
  readonly kind: 'read'
  readonly name: string
  readonly input: z.ZodType<I>
  run(context: ReadContext<I>): Promise<O>
}

export interface StepOptions<T> {
  /**
   * For a step that changes the world at a vendor without idempotency keys: that it begins is written down before it acts, so
   * that `act` is told when it may have acted before (`again`) and must look first.
   */
  looksFirst?: boolean
  /**
   * Takes the step back when a later one fails for good. May run twice; sees the step's result. A text that it answers stands on
   * the card; `kept(text)` says that the step stays as it was done.
   */
  undo?: (result: T) => Promise<unknown>
  /** Takes back what a step that looks first may have done though it never ended: it failed, or was under way when the run was given up. */
  undoInDoubt?: () => Promise<unknown>
  /** What stands beside the step on the card. */
  note?: (result: T) => Text | null
}

/** What an undo answers when what was done stays, and why. */
export class Kept {
  constructor(
    readonly why: string,
    readonly forGood: boolean,
  ) {}
}
/** It stays for now: whoever tries again finds it. */
export const kept = (why: string): Kept => new Kept(why, false)
/** It stays, and must not be done again: a purchase, a credential in somebody's hands. Trying again goes on from there. */
export const keptForGood = (why: string): Kept => new Kept(why, true)

export interface Attempt {
  /** Whether this step may have acted before, in a turn that was cut off or failed. Only known with `looksFirst`. */
  again: boolean
}

export interface UntilOptions<T> extends Omit<StepOptions<T>, 'looksFirst'> {
  /** Time between two looks, such as `2s`. */
  every: string
  /** Each pause is half as long again as the one before, up to this. */
  growingTo?: string
  /** The longest wait in all, such as `10m`. */
  atMost: string
  /** Whom the wait is for. */
  waitsFor: 'vendor' | 'person' | 'time'
  /** Decides what a wait that was too long means. Without it: BotError `run.timed-out`. May answer `undefined` to go on waiting. */
  tooLong?: (look: Look) => Promise<T | undefined>
}

export interface Look {
  /** How long we have been waiting, in milliseconds of the clock port. */
  waitedMs: number
  /** How often we looked before. */
  looks: number
}

/**
 * A titled piece of a run whose result is remembered. The title is what people watch and the key of the memory, so it is
 * unique within a run. Results are small plain JSON and never key material.
 */
export interface RememberedSteps {
  <T>(title: string, act: (attempt: Attempt) => Promise<T> | T, options?: StepOptions<T>): Promise<T>
  /** Looks until `look` answers something other than `undefined`. Between looks the run holds no worker. */
  until<T>(title: string, options: UntilOptions<T>, look: (look: Look) => Promise<T | undefined>): Promise<T>
}

export interface Step extends RememberedSteps {
  /**
   * Asks other people, where the policy wants that, and parks the run until they decided. What they approve is the plan,
   * by its hash: a run whose plan changed asks anew. Takes two steps: "Ask for approval" and `title`.
   */
  approval(title: string, asked: AskedApproval): Promise<Decision>
}

export interface AskedApproval {
  /** Plain JSON: everything that will be done. */
  plan: unknown
  permission: Permission
  facts: ApprovalFacts
  /** What the request shows besides its title; holds no secret. */
  shows: readonly { label: string; value: Text }[]
}

export type Decision =
  | { state: 'not-needed' | 'approved'; by: string[] }
  | { state: 'denied' | 'expired' | 'withdrawn'; by: string | null; reason: string | null }

export interface JobContext<I> extends Outside {
  input: I
  runId: string
  requester: Actor
  conversation: Conversation
  step: Step
  log: Log
  /** The thread under the run's card, or under its request where the card is private. */
  thread: Target
  /** Posts or rewrites a message of this run; `name` is unique within the run. Safe to repeat. */
  tell(name: string, target: Target, reply: Reply): Promise<void>
  /** Takes a message, or handed-over files, back. */
  takeBack(name: string): Promise<void>
  /** Starts another run, once per `name` however often it is called. */
  start<J>(name: string, job: Job<J, unknown>, input: J): Promise<string>
  /** How another run is doing. */
  stateOf(runId: string): Promise<RunState | null>
}

export interface RetryPolicy {
  /** How often a step that fails in a way that may pass is tried in all. */
  attempts: number
  firstDelay: string
  longestDelay: string
}

export interface Job<I, _O = Ending> {
  readonly kind: 'flow'
  readonly name: string
  /** Grows when a step is renamed, moved or changed in meaning; runs that are under way finish on the version they began with. */
  readonly version: number
  readonly earlier: readonly Job<never>[]
  readonly input: z.ZodType<I>
  readonly retry: RetryPolicy
  /** Steps after which the run cannot be given up any more: what follows only finishes what they began. */
  readonly commitsAt: readonly string[]
  /** It begins with secrets, which are erased when it fails: it cannot be tried again. */
  readonly startsWithSecrets: boolean
  /** `hidden`: no card of its own, another run reports for it. */
  readonly card: 'shown' | 'hidden'
  title(input: I): Text
  run(context: JobContext<I>): Promise<Ending>
  /** What to say when it failed for good; the steps, undone ones included, are on the card already. `isDone`: by title. */
  failed?(input: I, isDone: (step: string) => boolean): { lines: Text[]; buttons?: Button[] }
  /** The input with which it is begun anew, without the consent that was given for another day. */
  anew?(input: I): I
}

const DEFAULT_RETRY: RetryPolicy = { attempts: 8, firstDelay: '2s', longestDelay: '5m' }

export function defineJob<I>(
  job: Pick<Job<I>, 'name' | 'input' | 'title' | 'run' | 'failed'> &
    Partial<
      Pick<Job<I>, 'version' | 'earlier' | 'retry' | 'card' | 'commitsAt' | 'startsWithSecrets' | 'anew'>
    >,
): Job<I> {
  return {
    kind: 'flow',
    version: 1,
    earlier: [],
    retry: DEFAULT_RETRY,
    commitsAt: [],
    startsWithSecrets: false,
    card: 'shown',
    ...job,
  }
}

export function defineRead<I, O>(read: Omit<Read<I, O>, 'kind'>): Read<I, O> {
  return { kind: 'read', ...read }
}
