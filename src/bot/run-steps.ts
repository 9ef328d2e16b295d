/**
 * Runs a job's steps: remembers each result, answers finished steps from memory after a crash, gives the worker back
 * while a run waits, takes steps back when a later one fails for good.
 *
 * A step that stops the run (waiting, failed, fenced off) never resolves: the job function stays where it is and is
 * dropped, so that no `catch` of a job can mistake the end of its turn for an error.
 */

import { parseDuration } from '../core/duration.js'
import { BotError, type ErrorRecord } from '../core/errors.js'
import { type Attempt, type Job, Kept, type Look, type StepOptions, type UntilOptions } from '../core/job.js'
import type { Clock } from '../core/ports/clock.js'
import type { ClaimedRun, RunChange, RunStore } from '../core/ports/runs.js'
import type { Ending, StepRecord } from '../core/run.js'

export type TurnEnd =
  | { kind: 'ended' }
  | { kind: 'parked'; wakeAtMs: number; waitsFor: 'vendor' | 'person' | 'time' }
  /** Another worker has claimed the run. */
  | { kind: 'lost' }

export interface TurnHooks {
  /** Between doing and remembering; where a test kills the worker. */
  beforeRemember?(title: string): Promise<void>
}

export interface TurnParts {
  runs: RunStore
  clock: Clock
  /** 0 to 1; spreads retries. */
  random: () => number
  hooks: TurnHooks
  /** Told whenever the run changed; `settled` when the turn ends here. Never fails. */
  changed(run: ClaimedRun, settled: boolean): Promise<void>
  /** Told of every failure of a step, before it is decided whether it is tried again. */
  failed(run: ClaimedRun, title: string, error: BotError): void
  /** Whether the worker wants to go: then the turn ends before its next step, for another worker to take up. */
  leaving?(): boolean
}

interface Undo {
  record: StepRecord
  act: () => Promise<unknown>
}

const GROWTH = 1.5

/** One turn of a run: from its claim until it ends, waits or is lost. `act` calls the job with the `step` it is given. */
export class Turn {
  readonly #memory: Map<string, StepRecord>
  readonly #undos: Undo[] = []
  readonly #met = new Set<string>()
  readonly #end: Promise<TurnEnd>
  #finish!: (end: TurnEnd) => void
  #breakOff!: (reason: unknown) => void
  #over = false
  #underWay: string | null = null

  constructor(
    private readonly run: ClaimedRun,
    private readonly job: Job<never>,
    private readonly parts: TurnParts,
  ) {
    this.#memory = new Map(run.steps.map(step => [step.title, step]))
    this.#end = new Promise((resolve, reject) => {
      this.#finish = end => {
        this.#over = true
        resolve(end)
      }
      this.#breakOff = reason => {
        this.#over = true
        reject(reason)
      }
    })
  }

  /** @throws what the store threw: nothing of it is the run's fault, and a new turn begins where this one broke off */
  take(act: () => Promise<Ending>): Promise<TurnEnd> {
    this.#work(act).catch(this.#breakOff)
    return this.#end
  }

  async #work(act: () => Promise<Ending>): Promise<void> {
    if (this.run.state === 'queued') await this.#write({ state: 'running' })
    let ending: Ending
    try {
      ending = await act()
    } catch (error) {
      return this.#fail(null, BotError.from(error))
    }
    await this.#endWell(ending)
  }

  readonly step = async <T>(
    title: string,
    act: (attempt: Attempt) => Promise<T> | T,
    options: StepOptions<T> = {},
  ): Promise<T> => {
    const known = await this.#meet(title)
    if (known?.state === 'done') return this.#recall(known, options)
    const record = await this.#begin(title, known, options.undoInDoubt)
    if (options.looksFirst && !known) await this.#write({ step: record })
    let answer: T
    try {
      answer = asRemembered(await act({ again: known !== undefined }))
    } catch (error) {
      return this.#stumble(record, error, options.undoInDoubt)
    }
    return this.#remember(record, answer, options)
  }

  readonly until = async <T>(
    title: string,
    options: UntilOptions<T>,
    look: (look: Look) => Promise<T | undefined>,
  ): Promise<T> => {
    const known = await this.#meet(title)
    if (known?.state === 'done') return this.#recall(known, options)
    const record = await this.#begin(title, known)
    record.waitsFor = options.waitsFor
    const seen = { waitedMs: this.parts.clock.now() - record.startedAtMs, looks: record.looks }
    let found: T | undefined
    let lookAgainAtMs: number
    try {
      const atMostMs = parseDuration(options.atMost)
      found = await look(seen)
      if (found === undefined && seen.waitedMs >= atMostMs) {
        if (!options.tooLong) {
          throw new BotError('run.timed-out', `"${title}" took longer than ${options.atMost}.`)
        }
        found = await options.tooLong(seen)
      }
      if (found !== undefined) found = asRemembered(found)
      lookAgainAtMs = this.parts.clock.now() + pauseMs(options, record.looks)
      // The last look is at the deadline itself, even when this one ended after it.
      if (seen.waitedMs < atMostMs) lookAgainAtMs = Math.min(lookAgainAtMs, record.startedAtMs + atMostMs)
    } catch (error) {
      return this.#stumble(record, error)
    }
    if (found !== undefined) return this.#remember(record, found, options)
    record.state = 'waiting'
    record.looks += 1
    record.tries = 0
    await this.#write({ state: 'waiting', step: record })
    return this.#park(lookAgainAtMs, options.waitsFor)
  }

  async #meet(title: string): Promise<StepRecord | undefined> {
    if (this.#over) return this.#never()
    if (this.#underWay !== null) {
      return this.#fail(
        null,
        new BotError('bug', `"${title}" begins while "${this.#underWay}" is under way.`),
      )
    }
    if (this.#met.has(title)) {
      return this.#fail(null, new BotError('bug', `Two steps are called "${title}".`))
    }
    this.#met.add(title)
    const known = this.#memory.get(title)
    if (known?.state !== 'done') this.#underWay = title
    return known
  }

  #recall<T>(record: StepRecord, options: StepOptions<T>): T {
    const result = record.result as T
    this.#rememberUndo(record, result, options)
    return result
  }

  #rememberUndo<T>(record: StepRecord, result: T, { undo }: StepOptions<T>): void {
    if (undo) this.#undos.push({ record, act: () => undo(result) })
  }

  async #begin(
    title: string,
    known: StepRecord | undefined,
    undoInDoubt?: () => Promise<unknown>,
  ): Promise<StepRecord> {
    const now = this.parts.clock.now()
    if (this.parts.leaving?.()) return this.#park(now, 'vendor')
    if (this.run.failure || this.run.abandoned) {
      if (known && undoInDoubt) this.#undos.push({ record: known, act: undoInDoubt })
      // A run that failed before and was interrupted while undoing comes back to the step where it failed.
      if (this.run.failure) return this.#takeBack()
      if (known) Object.assign(known, { tries: 0, retryAtMs: null })
      return this.#fail(null, new BotError('run.abandoned', `${this.run.abandoned!.by} gave it up.`))
    }
    // Somebody woke the run while a step rests before it is tried again.
    if (known?.retryAtMs != null && known.retryAtMs > now) return this.#park(known.retryAtMs, 'vendor')
    const record: StepRecord = known ?? {
      title,
      position: this.run.steps.length,
      state: 'doing',
      result: null,
      note: null,
      startedAtMs: now,
      endedAtMs: null,
      looks: 0,
      tries: 0,
      retryAtMs: null,
      failure: null,
    }
    if (!known) {
      this.run.steps.push(record)
      this.#memory.set(title, record)
    }
    record.state = 'doing'
    record.retryAtMs = null
    void this.parts.changed(this.run, false)
    return record
  }

  async #remember<T>(record: StepRecord, result: T, options: StepOptions<T>): Promise<T> {
    Object.assign(record, {
      state: 'done',
      result,
      failure: null,
      // Counted anew for the undo.
      tries: 0,
      note: this.#noteOf(record, result, options),
      endedAtMs: this.parts.clock.now(),
    } satisfies Partial<StepRecord>)
    await this.#store(async () => this.parts.hooks.beforeRemember?.(record.title))
    await this.#write({ ...(this.run.state === 'waiting' ? { state: 'running' } : {}), step: record })
    this.#underWay = null
    this.#rememberUndo(record, result, options)
    void this.parts.changed(this.run, false)
    return result
  }

  /** What was done is done: a note that breaks must not lose it. */
  #noteOf<T>(record: StepRecord, result: T, { note }: StepOptions<T>): StepRecord['note'] {
    try {
      return note?.(result) ?? null
    } catch (thrown) {
      this.parts.failed(this.run, record.title, BotError.from(thrown))
      return null
    }
  }

  async #stumble(record: StepRecord, thrown: unknown, undoInDoubt?: () => Promise<unknown>): Promise<never> {
    if (this.#over) return this.#never()
    const error = BotError.from(thrown)
    this.parts.failed(this.run, record.title, error)
    record.failure = error.toRecord()
    if (!this.#mayRetry(record, error)) {
      if (undoInDoubt) {
        // Counted anew for the undo.
        record.tries = 0
        this.#undos.push({ record, act: undoInDoubt })
      }
      return this.#fail(record, error)
    }
    record.state = 'waiting'
    await this.#write({ state: 'waiting', step: record })
    return this.#park(record.retryAtMs!, 'vendor')
  }

  /** Counts a try, and notes when the next one is due if there is to be one. */
  #mayRetry(record: StepRecord, error: BotError): boolean {
    // Somebody is being handed what would be taken back: as long as it takes.
    if (error.code !== 'delivery.busy') record.tries += 1
    if (!error.retryable || record.tries >= this.job.retry.attempts) return false
    record.retryAtMs = this.parts.clock.now() + this.#retryDelayMs(record.tries, error)
    return true
  }

  /** Exponential with full jitter over the upper half; never sooner than the other side asked for. */
  #retryDelayMs(tries: number, error: BotError): number {
    const first = parseDuration(this.job.retry.firstDelay)
    const longest = parseDuration(this.job.retry.longestDelay)
    const delay = Math.min(longest, first * 2 ** (tries - 1))
    return Math.max(error.retryAfterMs ?? 0, delay / 2 + (delay / 2) * this.parts.random())
  }

  async #park(wakeAtMs: number, waitsFor: 'vendor' | 'person' | 'time'): Promise<never> {
    await this.parts.changed(this.run, true)
    this.#finish({ kind: 'parked', wakeAtMs, waitsFor })
    return this.#never()
  }

  /** @param record the step that failed; `null` when the job failed between two steps */
  async #fail(record: StepRecord | null, error: BotError): Promise<never> {
    // It has failed before and was interrupted while undoing; the first reason stands.
    if (this.run.failure) return this.#takeBack()
    if (record) {
      record.state = 'failed'
      record.endedAtMs = this.parts.clock.now()
    } else if (error.code !== 'run.abandoned') this.parts.failed(this.run, 'between two steps', error)
    const failure: ErrorRecord = error.toRecord()
    await this.#write({ state: 'undoing', failure, ...(record ? { step: record } : {}) })
    return this.#takeBack()
  }

  async #takeBack(): Promise<never> {
    for (const { record, act } of this.#undos.splice(0).reverse()) {
      const { retryAtMs } = record
      // What waits for a person is looked at again whenever somebody wakes the run.
      if (retryAtMs !== null && retryAtMs > this.parts.clock.now() && !isBusy(record)) {
        return this.#park(retryAtMs, 'vendor')
      }
      try {
        const answer = await act()
        if (isBusy(record)) record.failure = null
        const { state, note } = afterUndo(answer)
        record.note = note
        // What failed is shown as failed, with what was found of it.
        if (record.state === 'failed') record.found = state
        else record.state = state
      } catch (thrown) {
        const error = BotError.from(thrown)
        this.parts.failed(this.run, record.title, error)
        if (this.#mayRetry(record, error)) {
          if (error.code === 'delivery.busy') record.failure = error.toRecord()
          await this.#write({ step: record })
          return this.#park(record.retryAtMs!, isBusy(record) ? 'person' : 'vendor')
        }
        record.state = 'undo-failed'
        record.failure = error.toRecord()
      }
      await this.#write({ step: record })
    }
    await this.#write({ state: 'failed', endedAtMs: this.parts.clock.now() })
    await this.parts.changed(this.run, true)
    this.#finish({ kind: 'ended' })
    return this.#never()
  }

  async #endWell(ending: Ending): Promise<void> {
    if (this.run.failure) return this.#takeBack()
    const state = ending.outcome === 'done' ? 'succeeded' : 'stopped'
    const { abandoned } = this.run
    if (abandoned) ending.lines.push(`${abandoned.by} gave it up when it had all but ended.`)
    await this.#write({ state, ending, endedAtMs: this.parts.clock.now() })
    await this.parts.changed(this.run, true)
    this.#finish({ kind: 'ended' })
  }

  async #write(change: RunChange): Promise<void> {
    const { step: _, ...rest } = change
    Object.assign(this.run, rest)
    const { runId, epoch } = this.run
    const written = await this.#store(() => this.parts.runs.change(runId, epoch, change))
    if (written === 'written') return
    if (written !== 'lost') {
      // Seen before the next step begins.
      this.run.abandoned = { by: written.abandonedBy }
      return
    }
    this.#finish({ kind: 'lost' })
    await this.#never()
  }

  /** What the store cannot do is no failure of the step: the turn breaks off and the queue repeats it. */
  async #store<T>(act: () => Promise<T>): Promise<T> {
    if (this.#over) return this.#never()
    try {
      return await act()
    } catch (error) {
      this.#breakOff(error)
      return this.#never()
    }
  }

  #never(): Promise<never> {
    return new Promise(() => {})
  }
}

const isBusy = ({ failure }: StepRecord) => failure?.code === 'delivery.busy'

function afterUndo(answer: unknown): { state: 'undone' | 'kept' | 'kept-for-good'; note: string | null } {
  if (answer instanceof Kept) return { state: answer.forGood ? 'kept-for-good' : 'kept', note: answer.why }
  return { state: 'undone', note: typeof answer === 'string' ? answer : null }
}

/** A result as a later turn would read it from Redis, so that this turn goes on with the same. */
function asRemembered<T>(answer: T): T {
  const text = JSON.stringify(answer)
  return (text === undefined ? null : JSON.parse(text)) as T
}

function pauseMs(
  { every, growingTo }: Pick<UntilOptions<unknown>, 'every' | 'growingTo'>,
  looks: number,
): number {
  const everyMs = parseDuration(every)
  const longestMs = growingTo === undefined ? everyMs : parseDuration(growingTo)
  return Math.min(longestMs, everyMs * GROWTH ** looks)
}
