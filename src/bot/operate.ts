/**
 * What operators do about runs: see them, have a failed one tried again, give one up. A run that was taken back, or approved by
 * other people, begins anew as a run of its own, so that everything is looked at and approved again; any other goes on where it
 * stopped, so that what is done already (an order, a credential in somebody's hands) is not done twice (docs/decisions/020).
 */
import { type Actor, personOf } from '../core/actor.js'
import type { OperatedRun, Operations } from '../core/command.js'
import { DAY_MS } from '../core/duration.js'
import { BotError } from '../core/errors.js'
import type { Job } from '../core/job.js'
import type { Approvals } from '../core/ports/approvals.js'
import type { Chance } from '../core/ports/chance.js'
import type { Clock } from '../core/ports/clock.js'
import type { Deliveries } from '../core/ports/deliveries.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { FlowQueue } from '../core/ports/queue.js'
import type { RunStore } from '../core/ports/runs.js'
import { lines } from '../core/reply.js'
import type { RunRecord } from '../core/run.js'
import { code, mention, say } from '../core/text.js'
import { askedOthers } from './approval-step.js'
import { may, rolesOf } from './policy-judge.js'
import type { Policy } from './policy-model.js'
import { requestThread } from './request-card.js'
import { isToBeginAnew, stepsToGoOnWith, whyNotRetried } from './retrying.js'
import { runCard } from './run-card.js'
import { cardTarget, definitionOf, newRun } from './runner.js'

export interface OperateParts {
  runs: RunStore
  jobs: ReadonlyMap<string, Job<never>>
  flows: FlowQueue
  approvals: Approvals
  deliveries: Pick<Deliveries, 'status'>
  outbox: Outbox
  clock: Clock
  chance: Chance
  poke(runId: string): Promise<void>
  /** Hears of each run that was begun. */
  heard(runId: string): void
}

/** Roles by group are those of the moment of asking, and nobody can be asked for today's. */
const GROUPS_ARE_BELIEVED_MS = DAY_MS
/** Of each kind; more are counted. */
const MOST_SHOWN = 200

export function createOperations(policy: Policy, operator: Actor, parts: OperateParts): Operations {
  const { runs, jobs, flows, approvals, deliveries, outbox, clock } = parts
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
    return found.flatMap(run => (run === null ? [] : [summaryOf(run, definitionOf(jobs, run))]))
  }

  /** The card says what was done about its run, where it has one. */
  async function showCard(runId: string): Promise<void> {
    const run = await find(runId)
    const job = definitionOf(jobs, run)
    if (job?.card !== 'shown') return
    await outbox.put(`${runId}/card`, cardTarget(run), runCard(run, job, clock.now()))
  }

  async function beginAnew(run: RunRecord, job: Job<never>): Promise<string> {
    const { runId, conversation, privately, requires, askedAtMs } = run
    const requester = believed(run, clock.now())
    const created = await runs.create({
      ...newRun(parts.chance, requester, job, job.anew?.(run.input as never) ?? run.input),
      conversation,
      privately,
      requires,
      createdAtMs: clock.now(),
      askedAtMs,
      // Asked for twice, or cut off in between: it stays one.
      startKey: `${runId}/tried-again`,
    })
    await flows.add(created)
    await runs.deal(run, { triedAgain: { by, runId: created } })
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
      refuseForThoseWhoMayNot(policy, run, clock.now())
      if (isToBeginAnew(run, job)) {
        const created = await beginAnew(run, job)
        return [
          say`Begun anew as run ${code(created)}, for ${run.requester.name}: everything is looked at again${
            askedOthers(run) === null ? '' : ', and approved again'
          }.`,
        ]
      }
      if (!(await runs.reopen(run, stepsToGoOnWith(run, clock.now())))) {
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
        if (run.abandoned) throw new BotError('state.conflict', `Run ${runId} has been given up already.`)
        if (!(await runs.deal(run, { abandoned: { by } }))) {
          throw new BotError('state.conflict', `Run ${runId} is being tried again just now.`)
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
      if (run.state === 'undoing') {
        throw new BotError('state.conflict', `Run ${runId} has failed, and is being taken back already.`)
      }
      const done = jobs.get(run.job)?.commitsAt.find(title => isDone(run, title))
      if (done !== undefined) {
        throw new BotError(
          'state.conflict',
          `Run ${runId} cannot be given up any more ("${done}" is done): it only finishes that now.`,
        )
      }
      const delivery = await deliveries.status(runId)
      if (delivery?.isUnderWay) {
        throw new BotError('state.conflict', `What run ${runId} was for is being handed over right now.`, {
          hint: 'Wait a moment.',
        })
      }
      if (delivery?.state === 'collected' || delivery?.state === 'confirmed') {
        throw new BotError(
          'state.conflict',
          `${run.requester.name} holds what run ${runId} was for: there is nothing to give up.`,
          {
            hint: '/okms revoke takes a credential back.',
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
      if (!(await runs.deal(run, { abandoned: { by } }))) {
        throw new BotError('state.conflict', `Run ${runId} has just ended: there is nothing to give up.`)
      }
      await parts.poke(runId)
      return [
        say`Run ${code(runId)} is being given up. What it did is taken back where that can be; its card says how that went.`,
      ]
    },
  }
}

function believed({ requester, askedAtMs }: RunRecord, nowMs: number): Actor {
  const { groups: _, ...alone } = requester
  return nowMs - askedAtMs < GROUPS_ARE_BELIEVED_MS ? requester : alone
}

/** Whoever asked must still be allowed to: a run that is tried again is theirs, whoever has it tried. */
function refuseForThoseWhoMayNot(policy: Policy, run: RunRecord, nowMs: number): void {
  const { conversation, requires } = run
  const requester = believed(run, nowMs)
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
  if (run.endedAtMs === null) {
    throw new BotError('state.conflict', `Run ${runId} is under way: there is nothing to try again.`)
  }
  if (run.state !== 'failed') {
    throw new BotError('state.conflict', `Run ${runId} did not fail: there is nothing to try again.`, {
      hint: 'Its card says how it ended.',
    })
  }
  refuseTriedAgain(run)
  const job = definitionOf(jobs, run)
  const why = whyNotRetried(run, job)
  if (why) throw new BotError('state.conflict', why.message, { hint: why.hint })
  return job!
}

const isDone = ({ steps }: RunRecord, wanted: string) =>
  steps.some(({ title, state }) => title === wanted && state === 'done')

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
    isRetryable: state === 'failed' && run.triedAgain === null && whyNotRetried(run, job) === null,
  }
}

/** Where it stands, or stopped. */
function stepOf({ steps }: RunRecord): string | null {
  const at = steps.find(({ state }) => state === 'failed') ?? steps.findLast(({ state }) => state !== 'done')
  return (at ?? steps.at(-1))?.title ?? null
}
