/** Takes runs one turn at a time: finds the definition, gives it the outside, keeps its card true. */

import type { Actor } from '../core/actor.js'
import { BotError } from '../core/errors.js'
import type { Job, JobContext, Outside } from '../core/job.js'
import type { Approvals } from '../core/ports/approvals.js'
import type { Audit } from '../core/ports/audit.js'
import type { Chance } from '../core/ports/chance.js'
import { newRunId } from '../core/ports/chance.js'
import type { Target } from '../core/ports/chat.js'
import type { Log } from '../core/ports/log.js'
import { type Metrics, noMetrics } from '../core/ports/metrics.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import type { FlowQueue } from '../core/ports/queue.js'
import type { ClaimedRun, RunStore } from '../core/ports/runs.js'
import type { EndState, RunRecord } from '../core/run.js'
import { approvalStep, endRequest } from './approval-step.js'
import { during, recordEnd } from './audited.js'
import { logFailure } from './explain.js'
import type { Policy } from './policy-model.js'
import { headKey, threadOf, threadTitle } from './request-card.js'
import { runCard } from './run-card.js'
import { Turn, type TurnEnd, type TurnHooks } from './run-steps.js'

/** How long a run of a version that this worker does not know rests before another worker may see it. */
const UNKNOWN_VERSION_REST_MS = 30_000
/** Edits of a card are collected for so long; the last one of a turn is sent at once. */
const CARD_PAUSE_MS = 150

export interface RunnerParts {
  runs: RunStore
  jobs: ReadonlyMap<string, Job<never>>
  outside: Outside
  outbox: Outbox
  flows: FlowQueue
  approvals: Approvals
  audit: Audit
  policy: PolicySource<Policy>
  chance: Chance
  log: Log
  metrics?: Metrics
  hooks?: TurnHooks
}

/** A number from 0 (included) to 1 (excluded). */
const fraction = (chance: Chance) => [...chance.bytes(4)].reduce((sum, byte) => (sum + byte) / 256, 0)

export interface Runner {
  /**
   * One turn of a run. `pokes`: how many wishes for a new look this turn has seen. `leaving`: whether to stop before the next
   * step, because this worker wants to go.
   */
  turn(runId: string, leaving?: () => boolean): Promise<TurnEnd & { pokes: number }>
}

export const cardTarget = (run: RunRecord): Target =>
  run.privately
    ? { to: 'person', actor: run.requester, otherwise: run.conversation }
    : { to: 'conversation', conversation: run.conversation }

export function createRunner(parts: RunnerParts): Runner {
  const { runs, outside, log, metrics = noMetrics } = parts
  const { clock } = outside

  return {
    async turn(runId, leaving = () => false) {
      const run = await runs.claim(runId)
      if (!run) return { kind: 'ended', pokes: 0 }
      const job = definitionOf(parts.jobs, run)
      if (!job) {
        log.warn('no definition for this run here', { runId, job: run.job, version: run.version })
        return {
          kind: 'parked',
          wakeAtMs: clock.now() + UNKNOWN_VERSION_REST_MS,
          waitsFor: 'time',
          pokes: run.pokes,
        }
      }
      const card = createCard(run, job, parts)
      if (run.endedAtMs !== null) {
        // The worker died between the last write and the card.
        if (run.state === 'failed') await endRequest(run, { ...parts, clock })
        await card.show(true)
        return { kind: 'ended', pokes: run.pokes }
      }
      const turn = new Turn(run, job, {
        runs,
        clock,
        random: () => fraction(parts.chance),
        hooks: parts.hooks ?? {},
        leaving,
        changed: (_, settled) => card.show(settled),
        failed(_, title, error) {
          metrics.count('step-failures', { job: job.name, code: error.code })
          logFailure(log, 'step failed', error, { runId, job: run.job, step: title })
        },
      })
      const context = contextOf(run, job, turn, card, parts)
      try {
        const end = await during(run, () =>
          turn.take(async () => {
            const input = job.input.parse(run.input)
            return job.run({ ...context, input })
          }),
        )
        if (end.kind === 'ended') {
          if (run.failure) await endRequest(run, { ...parts, clock })
          recordEnd(parts.audit, run)
          log.info('run ended', { runId, job: run.job, state: run.state })
          metrics.count('runs', { job: job.name, state: run.state as EndState })
        }
        return { ...end, pokes: run.pokes }
      } finally {
        card.stop()
      }
    },
  }
}

/** The definition of the version that the run began with. */
export function definitionOf(jobs: ReadonlyMap<string, Job<never>>, run: RunRecord): Job<never> | undefined {
  const newest = jobs.get(run.job)
  if (!newest) return undefined
  return [newest, ...newest.earlier].find(job => job.version === run.version)
}

function contextOf(
  run: ClaimedRun,
  job: Job<never>,
  turn: Turn,
  card: Card,
  parts: RunnerParts,
): Omit<JobContext<never>, 'input'> {
  const messageKey = (name: string) => `${run.runId}/${name}`
  return {
    ...parts.outside,
    runId: run.runId,
    requester: run.requester,
    conversation: run.conversation,
    step: Object.assign(turn.step, {
      until: turn.until,
      approval: approvalStep(turn, run, job, {
        ...parts,
        clock: parts.outside.clock,
        showCard: () => card.show(true),
      }),
    }),
    log: parts.log,
    thread: threadOf({
      runId: run.runId,
      title: threadTitle(job, run),
      head: { key: headKey(run.runId, run.privately), conversation: run.conversation },
    }),
    async tell(name, target, reply) {
      // What led to a message is read before it.
      await card.show(true)
      await parts.outbox.put(messageKey(name), target, reply)
    },
    takeBack: name => parts.outbox.remove(messageKey(name)),
    async start(name, job, input) {
      const runId = await parts.runs.create({
        ...newRun(parts.chance, run.requester, job as Job<never>, input),
        conversation: run.conversation,
        privately: run.privately,
        createdAtMs: parts.outside.clock.now(),
        startKey: messageKey(name),
      })
      await parts.flows.add(runId)
      return runId
    },
    stateOf: async runId => (await parts.runs.read(runId))?.state ?? null,
  }
}

/** The part of a new run that its definition decides. @throws BotError `bug` when the input does not fit the job */
export function newRun(chance: Chance, requester: Actor, job: Job<never>, input: unknown) {
  const parsed = job.input.safeParse(input)
  if (!parsed.success) {
    throw new BotError('bug', `The input of ${job.name} does not fit.`, { cause: parsed.error })
  }
  return {
    runId: newRunId(chance),
    job: job.name,
    version: job.version,
    input: parsed.data as unknown,
    requester,
  }
}

interface Card {
  /** Tells the card anew: at once, or soon together with what else changes. Never fails. */
  show(now: boolean): Promise<void>
  stop(): void
}

function createCard(run: ClaimedRun, job: Job<never>, { outbox, outside, log }: RunnerParts): Card {
  let timer: NodeJS.Timeout | null = null
  const put = async () => {
    try {
      await outbox.put(`${run.runId}/card`, cardTarget(run), runCard(run, job, outside.clock.now()))
    } catch (error) {
      // A card is told anew with the next change; the run itself must not fail for it.
      log.warn('card not updated', { runId: run.runId, reason: String(error) })
    }
  }
  const stop = () => {
    if (timer) clearTimeout(timer)
    timer = null
  }
  return {
    stop,
    async show(now) {
      if (job.card === 'hidden') return
      if (now) {
        stop()
        await put()
      } else
        timer ??= setTimeout(() => {
          timer = null
          void put()
        }, CARD_PAUSE_MS)
    },
  }
}
