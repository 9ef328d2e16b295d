/**
 * What operators do about runs: see them, have a failed one tried again, give one up. A run that was taken back, or approved by
 * other people, begins anew as a run of its own, so that everything is looked at and approved again; any other goes on where it
 * stopped, so that what is done already (an order, a credential in somebody's hands) is not done twice (docs/decisions/020).
 */
import { type Actor, personOf } from '../core/actor.js'
import type { OperatedRun, Operations } from '../core/command.js'
import { BotError } from '../core/errors.js'
import type { Job } from '../core/job.js'
import type { Approvals } from '../core/ports/approvals.js'
import type { Chance } from '../core/ports/chance.js'
import type { Clock } from '../core/ports/clock.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { FlowQueue } from '../core/ports/queue.js'
import type { RunStore } from '../core/ports/runs.js'
import { lines } from '../core/reply.js'
import type { RunRecord, StepRecord } from '../core/run.js'
import { code, mention, say } from '../core/text.js'
import { askedOthers } from './approval-step.js'
import { may, rolesOf } from './policy-judge.js'
import type { Policy } from './policy-model.js'
import { requestThread } from './request-card.js'
import { runCard } from './run-card.js'
import { cardTarget, definitionOf, newRun } from './runner.js'

export interface OperateParts {
  runs: RunStore
  jobs: ReadonlyMap<string, Job<never>>
  flows: FlowQueue
  approvals: Approvals
  outbox: Outbox
  clock: Clock
  chance: Chance
  poke(runId: string): Promise<void>
  /** Hears of each run that was begun. */
  heard(runId: string): void
}

/** Of each kind; more are counted. */
const MOST_SHOWN = 200

export function createOperations(policy: Policy, operator: Actor, parts: OperateParts): Operations {
  const { runs, jobs, flows, approvals, outbox, clock } = parts
  const by = operator.name

  async function find(runId: string): Promise<RunRecord> {
    const run = await runs.read(runId)
    if (run) return run
    throw new BotError('input.not-found', `There is no run ${runId}.`, {
      hint: '/okms jobs list shows what is under way and what failed.',
    })
  }

  async function summaries(ids: readonly string[]): Promise<OperatedRun[]> {
    const found = await Promise.all(ids.slice(0, MOST_SHOWN).map(runs.read))
    return found.flatMap(run => (run === null ? [] : [summaryOf(run, jobs.get(run.job))]))
  }

  /** The card says what was done about its run, where it has one. */
  async function showCard(runId: string): Promise<void> {
    const run = await find(runId)
    const job = definitionOf(jobs, run)
    if (job?.card !== 'shown') return
    await outbox.put(`${runId}/card`, cardTarget(run), runCard(run, job, clock.now()))
  }

  async function beginAnew(run: RunRecord, job: Job<never>): Promise<string> {
    const { runId, requester, conversation, privately, requires } = run
    const created = await runs.create({
      ...newRun(parts.chance, requester, job, run.input),
      conversation,
      privately,
      requires,
      createdAtMs: clock.now(),
      // Asked for twice, or cut off in between: it stays one.
      startKey: `${runId}/tried-again`,
    })
    await flows.add(created)
    await runs.deal(runId, { triedAgain: { by, runId: created } })
    parts.heard(created)
    await showCard(runId)
    return created
  }

  return {
    async runs() {
      const [open, failed] = await Promise.all([runs.open(), runs.failed()])
      const [openRuns, failedRuns] = await Promise.all([open, failed].map(summaries))
      return {
        open: openRuns!,
        openCount: open.length,
        failed: failedRuns!,
        failedCount: failed.length,
      }
    },

    async retry(runId) {
      const run = await find(runId)
      const job = failedJob(run, jobs)
      refuseForThoseWhoMayNot(policy, run)
      if (isToBeginAnew(run)) {
        const created = await beginAnew(run, job)
        return [
          say`Begun anew as run ${code(created)}, for ${run.requester.name}: everything is looked at again${
            askedOthers(run) === null ? '' : ', and approved again'
          }.`,
        ]
      }
      if (!(await runs.reopen(runId, stepsToGoOnWith(run, clock.now())))) {
        throw new BotError('state.conflict', `Run ${runId} is being tried again already.`)
      }
      await flows.add(runId)
      const at = stepOf(run)
      return [
        at === null
          ? say`Run ${code(runId)} goes on.`
          : say`Run ${code(runId)} goes on where it stopped: ${at}.`,
      ]
    },

    async abandon(runId) {
      const run = await find(runId)
      refuseTriedAgain(run)
      if (run.state === 'failed') {
        if (run.abandoned || !(await runs.deal(runId, { abandoned: { by } }))) {
          throw new BotError('state.conflict', `Run ${runId} has been given up already.`)
        }
        await showCard(runId)
        return [say`Run ${code(runId)} is given up: /okms jobs list does not show it any more.`]
      }
      if (run.endedAtMs !== null) {
        throw new BotError('state.conflict', `Run ${runId} has ended: there is nothing to give up.`)
      }
      if (jobs.get(run.job)?.card === 'hidden') {
        throw new BotError(
          'state.conflict',
          `Run ${runId} clears up after another one, and ends with that.`,
          {
            hint: 'Given up, it would leave behind what somebody could still use.',
          },
        )
      }
      const vote = {
        person: personOf(operator),
        name: by,
        at: new Date(clock.now()).toISOString(),
        comment: null,
        policy: policy.version,
      }
      // What other people have not decided on yet ends like any request that is withdrawn: nothing was done.
      const request = await approvals.status(runId)
      if (request?.state === 'pending' && (await approvals.giveUp(runId, vote)) === 'withdrawn') {
        await outbox.put(
          `${runId}/decision`,
          requestThread(request),
          lines(say`${mention(operator)} gave it up.`),
        )
        await parts.poke(runId)
        return [say`Run ${code(runId)} is given up. Nothing was done.`]
      }
      if (!(await runs.deal(runId, { abandoned: { by } }))) {
        throw new BotError('state.conflict', `Run ${runId} has just ended: there is nothing to give up.`)
      }
      await parts.poke(runId)
      return [
        say`Run ${code(runId)} is being given up. What it did is taken back where that can be; its card says how that went.`,
      ]
    },
  }
}

/** Whoever asked must still be allowed to: a run that is tried again is theirs, whoever has it tried. */
function refuseForThoseWhoMayNot(policy: Policy, { requester, conversation, requires }: RunRecord): void {
  const isAllowed =
    requires === null ? rolesOf(policy, requester).length > 0 : may(policy, requester, conversation, requires)
  if (isAllowed) return
  throw new BotError('access.denied', `${requester.name} asked for it, and may not do that any more.`, {
    hint: 'Whoever needs it now asks for it themselves.',
  })
}

function refuseTriedAgain({ triedAgain }: RunRecord): void {
  if (triedAgain === null) return
  throw new BotError(
    'state.conflict',
    `${triedAgain.by} had it tried again already, as run ${triedAgain.runId}.`,
  )
}

/** @throws BotError `state.conflict` when it cannot be tried again, and why */
function failedJob(run: RunRecord, jobs: ReadonlyMap<string, Job<never>>): Job<never> {
  const { runId } = run
  const conflict = (message: string, hint?: string) =>
    new BotError('state.conflict', message, hint === undefined ? {} : { hint })
  if (run.endedAtMs === null) throw conflict(`Run ${runId} is under way: there is nothing to try again.`)
  if (run.state !== 'failed') {
    throw conflict(`Run ${runId} did not fail: there is nothing to try again.`, 'Its card says how it ended.')
  }
  refuseTriedAgain(run)
  const job = definitionOf(jobs, run)
  if (!job) {
    throw conflict(
      `Run ${runId} is from another version of the bot, which alone could go on with it.`,
      'Whoever asked for it asks again.',
    )
  }
  if (job.startsWithSecrets) {
    throw conflict(
      `The bot has erased what run ${runId} was given, so it cannot be tried again.`,
      `${run.requester.name} sends it again.`,
    )
  }
  const stuck = run.steps.filter(({ state }) => state === 'undo-failed').map(({ title }) => title)
  if (stuck.length > 0) {
    throw conflict(
      `Something of run ${runId} could not be taken back, so trying again might do it twice: ${stuck.join(', ')}.`,
      'Look at it by hand, then ask for it again.',
    )
  }
  return job
}

/** What was kept was done for good: from there a run can only go on. */
function isToBeginAnew(run: RunRecord): boolean {
  const has = (state: StepRecord['state']) => run.steps.some(step => step.state === state)
  return has('undone') || (askedOthers(run) !== null && !has('kept'))
}

/** The step that failed is taken up once more, and knows that it may have acted; its tries and its wait begin anew. */
function stepsToGoOnWith(run: RunRecord, nowMs: number): StepRecord[] {
  return run.steps.flatMap((step): StepRecord[] => {
    if (step.state === 'kept') return [{ ...step, state: 'done' }]
    if (step.state !== 'failed') return []
    return [
      {
        ...step,
        state: 'waiting',
        startedAtMs: nowMs,
        endedAtMs: null,
        looks: 0,
        tries: 0,
        retryAtMs: null,
        failure: null,
      },
    ]
  })
}

function summaryOf(run: RunRecord, job: Job<never> | undefined): OperatedRun {
  const { runId, requester, state, createdAtMs, endedAtMs, failure } = run
  const failing = run.steps.find(step => step.failure && step.state !== 'done')?.failure ?? null
  return {
    runId,
    title: job ? job.title(run.input as never) : run.job,
    requester,
    state,
    step: stepOf(run),
    sinceMs: endedAtMs ?? createdAtMs,
    why: (failure ?? failing)?.message ?? null,
  }
}

/** Where it stands, or stopped. */
function stepOf({ steps }: RunRecord): string | null {
  const at = steps.find(({ state }) => state === 'failed') ?? steps.findLast(({ state }) => state !== 'done')
  return (at ?? steps.at(-1))?.title ?? null
}
