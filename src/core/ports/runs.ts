/** Where runs rest. Every write but `create` and `poke` is fenced: it needs the epoch that `claim` gave, so that a worker believed dead cannot overwrite its successor. */
import type { ErrorRecord } from '../errors.js'
import type { Ending, NewRun, RunRecord, RunState, StepRecord } from '../run.js'

export interface ClaimedRun extends RunRecord {
  epoch: number
  /** How often somebody asked for a new look so far. */
  pokes: number
}

export interface RunChange {
  state?: RunState
  failure?: ErrorRecord | null
  ending?: Ending
  endedAtMs?: number
  step?: StepRecord
}

/** Which run, and which of its ends, somebody decided about. */
export type Seen = Pick<RunRecord, 'runId' | 'endedAtMs'>

/** `lost`: not written, since somebody else has claimed the run. `abandonedBy`: written, and an operator gave the run up meanwhile. */
export type Written = 'written' | 'lost' | { abandonedBy: string }

export interface RunStore {
  /** Writes the run and answers its id: the given one, or that of the run which has the same `startKey`. */
  create(run: NewRun): Promise<string>
  /** Reads a run and fences off whoever worked on it before. `null`: there is no such run. */
  claim(runId: string): Promise<ClaimedRun | null>
  change(runId: string, epoch: number, change: RunChange): Promise<Written>
  read(runId: string): Promise<RunRecord | null>
  /** Counts a wish for a new look and answers the count. */
  poke(runId: string): Promise<number>
  pokes(runId: string): Promise<number>
  /** Runs that have not ended, oldest first. */
  open(): Promise<string[]>
  /** Runs that failed and that nobody has dealt with since, the newest first. */
  failed(): Promise<string[]>
  /** Opens a failed run anew, with these of its steps changed. `false`: it is not as it was read any more. */
  reopen(run: Seen, steps: readonly StepRecord[]): Promise<boolean>
  /** Notes what an operator did about a run that is open or failed. `false`: it is not as it was read any more. */
  deal(run: Seen, dealt: Partial<Pick<RunRecord, 'abandoned' | 'triedAgain'>>): Promise<boolean>
}
