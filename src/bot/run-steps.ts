/**
 * Runs a job's steps: remembers each result, answers finished steps from memory after a crash, gives the worker back
 * while a run waits, takes steps back when a later one fails for good.
 *
 * A step that stops the run (waiting, failed, fenced off) never resolves: the job function stays where it is and is
 * dropped, so that no `catch` of a job can mistake the end of its turn for an error.
 */

import { parseDuration } from '../core/duration.js'
import { BotError, type ErrorRecord } from '../core/errors.js'
import type { Attempt, Ending, Job, Look, StepOptions, UntilOptions } from '../core/job.js'
import type { Clock } from '../core/ports/clock.js'
import type { ClaimedRun, RunChange, RunStore } from '../core/ports/runs.js'
import type { StepRecord } from '../core/run.js'

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
  /** Told whenever the run changed; `settled` when the turn ends here. */
  changed(run: ClaimedRun, settled: boolean): Promise<void>
  /** Told of every failure of a step, before it is decided whether it is tried again. */
  failed(run: ClaimedRun, title: string, error: BotError): void
}

interface Undo {
  record: StepRecord
  act: () => Promise<void>
}

const GROWTH = 1.5

/** One turn of a run: from its claim until it ends, waits or is lost. `act` calls the job with the `step` it is given. */
export class Turn {
  readonly #memory: Map<string, StepRecord>
  readonly #undos: Undo[] = []
  readonly #met = new Set<string>()
  readonly #end: Promise<TurnEnd>
  #finish!: (end: TurnEnd) => void
  #over = false

  constructor(
    private readonly run: ClaimedRun,
    private readonly job: Job<never>,
    private readonly parts: TurnParts,
  ) {
    this.#memory = new Map(run.steps.map(step => [step.title, step]))
    this.#end = new Promise(resolve => {
      this.#finish = end => {
        this.#over = true
        resolve(end)
      }
    })
  }

  async take(act: () => Promise<Ending>): Promise<TurnEnd> {
    const work = (async () => {
      if (this.run.state === 'queued') await this.#write({ state: 'running' })
      try {
        await this.#endWell(await act())
      } catch (error) {
        await this.#fail(null, BotError.from(error))
      }
    })()
    // The work itself may fail only when the store does; then the turn fails and the queue repeats it.
    return Promise.race([this.#end, work.then(() => this.#end)])
  }

  readonly step = async <T>(
    title: string,
    act: (attempt: Attempt) => Promise<T> | T,
    options: StepOptions<T> = {},
  ): Promise<T> => {
    const known = this.#meet(title)
    if (known?.state === 'done') return this.#recall(known, options)
    const record = await this.#begin(title, known)
    try {
      if (options.looksFirst && !known) await this.#write({ step: record })
      return await this.#remember(record, await act({ again: known !== undefined }), options)
    } catch (error) {
      return this.#stumble(record, error)
    }
  }

  readonly until = async <T>(
    title: string,
    options: UntilOptions<T>,
    look: (look: Look) => Promise<T | undefined>,
  ): Promise<T> => {
    const known = this.#meet(title)
    if (known?.state === 'done') return this.#recall(known, options)
    const record = await this.#begin(title, known)
    const atMostMs = parseDuration(options.atMost)
    try {
      const waitedMs = this.parts.clock.now() - record.startedAtMs
      const seen = { waitedMs, looks: record.looks }
      let found = await look(seen)
      if (found === undefined && waitedMs >= atMostMs) {
        if (!options.tooLong) {
          throw new BotError('run.timed-out', `"${title}" took longer than ${options.atMost}.`)
        }
        found = await options.tooLong(seen)
      }
      if (found !== undefined) return await this.#remember(record, found, options)
    } catch (error) {
      return this.#stumble(record, error)
    }
    return this.#waitForNextLook(record, options, atMostMs)
  }

  #meet(title: string): StepRecord | undefined {
    if (this.#met.has(title)) throw new BotError('bug', `Two steps are called "${title}".`)
    this.#met.add(title)
    return this.#memory.get(title)
  }

  #recall<T>(record: StepRecord, options: StepOptions<T>): T {
    const result = record.result as T
    this.#rememberUndo(record, result, options)
    return result
  }

  #rememberUndo<T>(record: StepRecord, result: T, { undo }: StepOptions<T>): void {
    if (undo) this.#undos.push({ record, act: () => undo(result) })
  }

  async #begin(title: string, known: StepRecord | undefined): Promise<StepRecord> {
    if (this.#over) return this.#never()
    // A run that failed before and was interrupted while undoing comes back to the step where it failed.
    if (this.run.failure) return this.#takeBack()
    const record: StepRecord = known ?? {
      title,
      position: this.run.steps.length,
      state: 'doing',
      result: null,
      note: null,
      startedAtMs: this.parts.clock.now(),
      endedAtMs: null,
      looks: 0,
      tries: 0,
      failure: null,
    }
    if (!known) {
      this.run.steps.push(record)
      this.#memory.set(title, record)
    }
    record.state = 'doing'
    void this.parts.changed(this.run, false)
    return record
  }

  async #remember<T>(record: StepRecord, answer: T, options: StepOptions<T>): Promise<T> {
    // What a later turn would read from Redis is what this turn goes on with.
    const text = JSON.stringify(answer)
    const result = (text === undefined ? null : JSON.parse(text)) as T
    Object.assign(record, {
      state: 'done',
      result,
      failure: null,
      note: options.note?.(result) ?? null,
      endedAtMs: this.parts.clock.now(),
    } satisfies Partial<StepRecord>)
    await this.parts.hooks.beforeRemember?.(record.title)
    await this.#write({ step: record })
    this.#rememberUndo(record, result, options)
    void this.parts.changed(this.run, false)
    return result
  }

  async #stumble(record: StepRecord, thrown: unknown): Promise<never> {
    if (this.#over) return this.#never()
    const error = BotError.from(thrown)
    this.parts.failed(this.run, record.title, error)
    record.tries += 1
    record.failure = error.toRecord()
    if (error.retryable && record.tries < this.job.retry.attempts) {
      record.state = 'waiting'
      await this.#write({ state: 'waiting', step: record })
      return this.#park(this.parts.clock.now() + this.#retryDelayMs(record.tries, error), 'vendor')
    }
    return this.#fail(record, error)
  }

  /** Exponential with full jitter over the upper half; never sooner than the other side asked for. */
  #retryDelayMs(tries: number, error: BotError): number {
    const first = parseDuration(this.job.retry.firstDelay)
    const longest = parseDuration(this.job.retry.longestDelay)
    const delay = Math.min(longest, first * 2 ** (tries - 1))
    return Math.max(error.retryAfterMs ?? 0, delay / 2 + (delay / 2) * this.parts.random())
  }

  async #waitForNextLook<T>(record: StepRecord, options: UntilOptions<T>, atMostMs: number): Promise<never> {
    if (this.#over) return this.#never()
    const every = parseDuration(options.every)
    const longest = options.growingTo === undefined ? every : parseDuration(options.growingTo)
    const pause = Math.min(longest, every * GROWTH ** record.looks)
    const now = this.parts.clock.now()
    const deadline = record.startedAtMs + atMostMs
    record.state = 'waiting'
    record.looks += 1
    record.tries = 0
    await this.#write({ state: 'waiting', step: record })
    return this.#park(now < deadline ? Math.min(now + pause, deadline) : now + pause, options.waitsFor)
  }

  async #park(wakeAtMs: number, waitsFor: 'vendor' | 'person' | 'time'): Promise<never> {
    await this.parts.changed(this.run, true)
    this.#finish({ kind: 'parked', wakeAtMs, waitsFor })
    return this.#never()
  }

  async #fail(record: StepRecord | null, error: BotError): Promise<never> {
    if (this.#over) return this.#never()
    if (record) {
      record.state = 'failed'
      record.endedAtMs = this.parts.clock.now()
    }
    const failure: ErrorRecord = error.toRecord()
    this.run.failure = failure
    await this.#write({ state: 'undoing', failure, ...(record ? { step: record } : {}) })
    return this.#takeBack()
  }

  async #takeBack(): Promise<never> {
    for (const { record, act } of this.#undos.splice(0).reverse()) {
      if (record.state !== 'done') continue
      try {
        await act()
        record.state = 'undone'
      } catch (thrown) {
        const error = BotError.from(thrown)
        this.parts.failed(this.run, record.title, error)
        record.tries += 1
        if (error.retryable && record.tries < this.job.retry.attempts) {
          await this.#write({ step: record })
          return this.#park(this.parts.clock.now() + this.#retryDelayMs(record.tries, error), 'vendor')
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
    if (this.#over) return
    const state = ending.outcome === 'done' ? 'succeeded' : 'stopped'
    await this.#write({ state, ending, endedAtMs: this.parts.clock.now() })
    await this.parts.changed(this.run, true)
    this.#finish({ kind: 'ended' })
  }

  async #write(change: RunChange): Promise<void> {
    const { step: _, ...rest } = change
    Object.assign(this.run, rest)
    if (await this.parts.runs.change(this.run.runId, this.run.epoch, change)) return
    this.#finish({ kind: 'lost' })
    await this.#never()
  }

  #never(): Promise<never> {
    return new Promise(() => {})
  }
}
