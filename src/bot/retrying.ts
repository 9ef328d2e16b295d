/** Whether and how a run that failed may be tried again, as its record tells (docs/decisions/020). Pure. */
import type { Job } from '../core/job.js'
import type { RunRecord, StepRecord } from '../core/run.js'
import { askedOthers, saysNotNeeded } from './approval-step.js'

/** Why it cannot be tried again, and what to do instead; `null`: it can. `job`: its definition, where this version of the bot has one. */
export function whyNotRetried(
  run: RunRecord,
  job: Job<never> | undefined,
): { message: string; hint: string } | null {
  const { runId, requester } = run
  if (!job) {
    return {
      message: `Run ${runId} is from another version of the bot, which alone could go on with it.`,
      hint: 'Whoever asked for it asks again.',
    }
  }
  if (job.startsWithSecrets) {
    return {
      message: `The bot has erased what run ${runId} was given, so it cannot be tried again.`,
      hint: `${requester.name} sends it again.`,
    }
  }
  const stuck = run.steps.filter(({ state }) => state === 'undo-failed').map(({ title }) => title)
  if (stuck.length > 0) {
    return {
      message: `Something of run ${runId} could not be taken back, so trying again might do it twice: ${stuck.join(', ')}.`,
      hint: 'Look at it by hand, then ask for it again.',
    }
  }
  if (has(run, 'undone') && has(run, 'kept-for-good')) {
    return {
      message: `Part of run ${runId} was taken back and part of it stays, so it can neither go on nor begin anew.`,
      hint: 'Look at it by hand, then ask for what is missing.',
    }
  }
  return null
}

/**
 * As a run of its own: where something was taken back, and where somebody agreed, since their word was for another day. Where something
 * was done for good, it can only go on.
 */
export function isToBeginAnew(run: RunRecord, job: Pick<Job<never>, 'anew'>): boolean {
  if (has(run, 'kept-for-good')) return false
  // Its input holds somebody's word.
  if (job.anew) return true
  return has(run, 'undone') || has(run, 'kept') || askedOthers(run) !== null || tookAWord(run)
}

/** Where it stopped: the step is taken up once more, and knows that it may have acted; its tries and its wait begin anew. */
export function stepsToGoOnWith(run: RunRecord, nowMs: number): StepRecord[] {
  const again = (step: StepRecord): StepRecord => ({
    ...step,
    state: 'waiting',
    startedAtMs: nowMs,
    endedAtMs: null,
    looks: 0,
    tries: 0,
    retryAtMs: null,
    failure: null,
  })
  return run.steps.flatMap((step): StepRecord[] => {
    if (step.state === 'kept-for-good') return [{ ...step, state: 'done' }]
    if (step.state === 'failed' || step.state === 'waiting' || step.state === 'doing') return [again(step)]
    // That nobody had to agree was true then: the policy is asked anew, unless what it is asked about is done.
    return saysNotNeeded(step) && !has(run, 'kept-for-good') ? [again(step)] : []
  })
}

const tookAWord = (run: RunRecord) =>
  run.steps.some(({ waitsFor, state }) => waitsFor === 'person' && state === 'done')

const has = (run: RunRecord, state: StepRecord['state']) =>
  run.steps.some(step => step.state === state || step.found === state)
