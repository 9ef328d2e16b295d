/** The one message that always shows the truth about a run: made anew from its record each time. */

import { formatDuration } from '../core/duration.js'
import { BotError } from '../core/errors.js'
import type { Job } from '../core/job.js'
import type { Button, Mark, Reply } from '../core/reply.js'
import type { RunRecord, StepRecord, StepState } from '../core/run.js'
import { code, mention, say, type Text } from '../core/text.js'
import { requestFields } from './approval-step.js'
import { explain } from './explain.js'
import { whyNotRetried } from './retrying.js'

const MARKS: Record<StepState, Mark> = {
  doing: 'waiting',
  waiting: 'waiting',
  done: 'done',
  failed: 'failed',
  undone: 'warning',
  kept: 'done',
  'kept-for-good': 'done',
  'undo-failed': 'failed',
}

/** A wait that just began needs no time beside it. */
const WORTH_SAYING_MS = 5000

export function runCard(run: RunRecord, job: Job<never>, nowMs: number): Reply {
  const title = say`${job.title(run.input as never)} · run ${code(run.runId)}${
    run.privately ? '' : say` · asked by ${mention(run.requester)}`
  }`
  const ended = run.endedAtMs !== null
  const fields = requestFields(run)
  const ending: Text[] = []
  const buttons = []
  if (run.ending) {
    ending.push(...run.ending.lines)
    buttons.push(...(run.ending.buttons ?? []))
  }
  if (run.failure && ended) {
    const failed = whatNow(run, job)
    ending.push(...failureLines(run), ...failed.lines)
    buttons.push(...(failed.buttons ?? []))
  }
  if (ended) ending.push(say`${formatDuration(run.endedAtMs! - run.createdAtMs)} in all.`)
  return {
    kind: 'card',
    title,
    ...(fields.length > 0 ? { fields: [...fields] } : {}),
    steps: run.steps.map(step => ({ mark: MARKS[step.state], title: step.title, ...noteOf(step, nowMs) })),
    ...(ending.length > 0 ? { ending } : {}),
    ...(buttons.length > 0 ? { buttons } : {}),
  }
}

function noteOf(step: StepRecord, nowMs: number): { note?: Text } {
  if (step.state === 'undone') return { note: step.note ?? 'taken back' }
  if (step.failure && !stands(step)) {
    const again = step.state === 'waiting' ? ', trying again' : ''
    const found = step.note === null ? '' : say`; ${step.note}`
    return { note: say`${short(step.failure.message)}${again}${found}` }
  }
  if (stands(step)) return step.note === null ? {} : { note: step.note }
  const waitedMs = nowMs - step.startedAtMs
  return waitedMs < WORTH_SAYING_MS ? {} : { note: formatDuration(waitedMs) }
}

/** What a person can do about a failed run, or what an operator has done about it. */
function whatNow(run: RunRecord, job: Job<never>): { lines: Text[]; buttons?: Button[] } {
  const { triedAgain, abandoned, failure, runId } = run
  if (triedAgain) {
    return { lines: [say`${triedAgain.by} had it tried again, as run ${code(triedAgain.runId)}.`] }
  }
  if (abandoned && failure?.code !== 'run.abandoned') return { lines: [`${abandoned.by} gave it up.`] }
  const isDone = (title: string) => run.steps.some(step => step.title === title && stands(step))
  const { lines, buttons } = job.failed?.(run.input as never, isDone) ?? { lines: [] }
  // A refusal that is mended elsewhere leaves the run good for another try.
  const isMendable = BotError.fromRecord(failure!).tell === 'operator' && whyNotRetried(run, job) === null
  const again = say`Once that is mended, whoever operates the bot can have it tried again: ${code(`/okms jobs retry ${runId}`)}`
  return { lines: isMendable ? [...lines, again] : lines, ...(buttons ? { buttons } : {}) }
}

const stands = ({ state }: StepRecord) => state === 'done' || state === 'kept' || state === 'kept-for-good'

const short = (message: string) => message.replace(/\.$/, '')

function failureLines(run: RunRecord): Text[] {
  const { message, hint } = explain(BotError.fromRecord(run.failure!), run.runId)
  const lines: Text[] = []
  // The failed step carries the message as its note already; a failure between two steps has no line yet.
  if (!run.steps.some(step => step.state === 'failed')) lines.push(message)
  if (hint !== undefined) lines.push(hint)
  const undone = run.steps
    .filter(step => step.state === 'undone' && step.note === null)
    .map(step => step.title)
  if (undone.length > 0) lines.push(`Taken back: ${undone.join(', ')}.`)
  const stuck = run.steps.filter(step => step.state === 'undo-failed').map(step => step.title)
  if (stuck.length > 0) lines.push(`Could not be taken back, please look: ${stuck.join(', ')}.`)
  return lines
}
