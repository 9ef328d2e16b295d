/** `step.approval`: asks in a thread, parks the run, and comes back with the decision. The run holds no worker meanwhile. */
import type { Conversation } from '../core/actor.js'
import { formatDuration } from '../core/duration.js'
import { BotError } from '../core/errors.js'
import { planHashOf, shortHash } from '../core/hash.js'
import type { AskedApproval, Decision, Job, Step } from '../core/job.js'
import { conversationOf } from '../core/place.js'
import type { Approvals, RequestStatus } from '../core/ports/approvals.js'
import type { Clock } from '../core/ports/clock.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import { lines, type Reply } from '../core/reply.js'
import type { RunRecord, StepRecord } from '../core/run.js'
import { code, instant, mention, say, type Text } from '../core/text.js'
import { approversOf } from './approve.js'
import { policyOf } from './authorize.js'
import { approvalRuleFor } from './policy-judge.js'
import type { ApprovalRule, Policy } from './policy-model.js'
import { headKey, requestThread, threadOf, threadTitle, votingMessage } from './request-card.js'
import type { Turn } from './run-steps.js'

export interface ApprovalStepParts {
  approvals: Approvals
  policy: PolicySource<Policy>
  outbox: Outbox
  clock: Clock
  /** Tells the run's card at once: a thread hangs under it, so it is sent before what stands in the thread. */
  showCard(): Promise<void>
}

/** What is remembered of having asked. */
interface Asked {
  need: number
  from: string
  approvers: string
  expiresMs: number
  /** ISO instant. */
  expiresAt: string
  head: RequestStatus['head']
  /** What the card shows of the request. */
  shows: AskedApproval['shows']
  planHash: string
}

const ASK = 'Ask for approval'

/** What a run's own card shows of its request; empty for a run that never asked. */
export function requestFields(run: RunRecord): AskedApproval['shows'] {
  const asked = askedOthers(run) as Asked | null
  if (!asked || run.privately) return []
  return [
    ...asked.shows,
    { label: 'Plan', value: say`${code(shortHash(asked.planHash))}, expires ${instant(asked.expiresAt)}` },
  ]
}

/** What is remembered of having asked other people; `null` for a run that did not. */
export const askedOthers = (run: RunRecord): unknown =>
  run.steps.find(({ title, state }) => title === ASK && state === 'done')?.result ?? null

/** Whether a step says that nobody had to agree, by the policy of its day. */
export const saysNotNeeded = ({ title, state, result }: StepRecord): boolean =>
  title === ASK && state === 'done' && result === null

/** Reminders to the approvers after 15, 30, 60 … minutes. */
const FIRST_NUDGE_MS = 15 * 60_000

export function approvalStep(
  turn: Turn,
  run: RunRecord,
  job: Job<never>,
  parts: ApprovalStepParts,
): Step['approval'] {
  const { approvals, outbox, clock } = parts
  const { runId } = run
  const title = threadTitle(job, run)

  async function ask(asked: AskedApproval): Promise<Asked | null> {
    const policy = await policyOf(parts.policy)
    const rule = approvalRuleFor(policy, asked.permission, asked.facts)
    if (!rule) return null
    const conversation = placeFor(run, rule)
    const head = { key: headKey(runId, run.privately), conversation }
    const now = clock.now()
    const planHash = planHashOf(asked.plan)
    const expiresAt = new Date(now + rule.expiresMs).toISOString()
    await approvals.open({
      runId,
      title,
      requester: run.requester,
      conversation,
      head,
      permission: asked.permission,
      facts: asked.facts,
      planHash,
      askedAt: new Date(now).toISOString(),
      expiresAt,
    })
    const mark: Asked = {
      need: rule.need,
      from: rule.from,
      approvers: approversOf(policy, rule),
      expiresMs: rule.expiresMs,
      expiresAt,
      head,
      shows: asked.shows,
      planHash,
    }
    if (run.privately) await showHead(asked, mark, 'waits')
    else await parts.showCard()
    await outbox.put(`${runId}/voting`, threadOf({ runId, title, head }), votingMessage(runId))
    return mark
  }

  /** Where the run's card is private, the request is a public card of its own, without secrets. */
  async function showHead(asked: AskedApproval, mark: Asked, state: 'waits' | Text): Promise<void> {
    const waits = say`waits for ${waitingFor(mark)}`
    const card: Reply = {
      kind: 'card',
      title: say`${title} · run ${code(runId)} · asked by ${mention(run.requester)}`,
      fields: [...asked.shows, { label: 'Plan', value: [code(shortHash(planHashOf(asked.plan)))] }],
      steps: [],
      ending: [state === 'waits' ? waits : state],
    }
    await outbox.put(mark.head.key, { to: 'conversation', conversation: mark.head.conversation }, card)
  }

  async function look(asked: AskedApproval, mark: Asked, waitedMs: number): Promise<Decision | undefined> {
    const request = await approvals.status(runId)
    if (!request || request.planHash !== planHashOf(asked.plan)) {
      throw new BotError('state.conflict', 'What waits for approval is not what this run would do.', {
        hint: 'Nothing was done. Ask again.',
      })
    }
    if (request.state === 'pending') {
      await nudge(request, mark, waitedMs)
      return undefined
    }
    return decisionOf(request)
  }

  async function nudge(request: RequestStatus, mark: Asked, waitedMs: number): Promise<void> {
    if (waitedMs < FIRST_NUDGE_MS) return
    const nth = Math.floor(Math.log2(waitedMs / FIRST_NUDGE_MS))
    const said = `Still waits for ${waitingFor(mark)}, for ${formatDuration(FIRST_NUDGE_MS * 2 ** nth)} now: ${mark.approvers}.`
    await outbox.put(`${runId}/nudge-${nth}`, requestThread(request), lines(said))
  }

  return async (waitTitle, asked) => {
    const mark = await turn.step(ASK, () => ask(asked), {
      note: given =>
        given ? say`${waitingFor(given)}, plan ${code(shortHash(planHashOf(asked.plan)))}` : 'none needed',
    })
    if (!mark) return { state: 'not-needed', by: [] }
    const decision = await turn.until<Decision>(
      waitTitle,
      {
        every: '15m',
        growingTo: '2h',
        atMost: `${mark.expiresMs}ms`,
        waitsFor: 'person',
        note: describe,
        tooLong: async () =>
          (await approvals.expire(runId)) ? { state: 'expired', by: null, reason: null } : undefined,
      },
      ({ waitedMs }) => look(asked, mark, waitedMs),
    )
    await turn.step('Close the request', async () => {
      const said = describe(decision)
      await outbox.put(
        `${runId}/voting`,
        threadOf({ runId, title, head: mark.head }),
        lines(`It is decided: ${said}.`),
      )
      if (run.privately) await showHead(asked, mark, `${said[0]!.toUpperCase()}${said.slice(1)}.`)
    })
    return decision
  }
}

/** A run that failed, or was given up, asks nobody any more. Safe to repeat. */
export async function endRequest(
  run: RunRecord,
  { approvals, outbox, clock }: Pick<ApprovalStepParts, 'approvals' | 'outbox' | 'clock'>,
): Promise<void> {
  const { runId, abandoned } = run
  const request = await approvals.status(runId)
  if (request?.state !== 'pending') return
  const by = abandoned?.by ?? 'the bot'
  const ended = await approvals.giveUp(runId, {
    person: by,
    name: by,
    at: new Date(clock.now()).toISOString(),
    comment: abandoned ? null : 'its run has failed',
    policy: '',
  })
  if (ended !== 'withdrawn') return
  const why = abandoned ? `${by} gave it up` : 'its run has failed'
  await outbox.put(
    `${runId}/voting`,
    requestThread(request),
    lines(`Nothing is to be decided any more: ${why}.`),
  )
}

function placeFor(run: RunRecord, rule: ApprovalRule): Conversation {
  if (rule.channel !== null) return conversationOf(rule.channel)
  if (run.conversation.kind !== 'dm') return run.conversation
  throw new BotError(
    'input.invalid',
    'Other people have to approve this, and nobody else reads this conversation.',
    {
      hint: 'Ask again in a channel.',
    },
  )
}

const waitingFor = ({ need, from }: Pick<Asked, 'need' | 'from'>) =>
  `${need === 1 ? '1 approval' : `${need} approvals`} from role ${from}`

function decisionOf({ state, votes, endedBy }: RequestStatus): Decision {
  if (state === 'approved') return { state, by: votes.map(({ name }) => name) }
  if (state === 'pending') throw new BotError('bug', 'A pending request has no decision.')
  return { state, by: endedBy?.name ?? null, reason: endedBy?.comment ?? null }
}

/** `approved by bo`, `denied by bo: not this week`, `expired: nobody decided in time`. */
export function describe(decision: Decision): string {
  switch (decision.state) {
    case 'not-needed':
      return 'no approval needed'
    case 'approved':
      return `approved by ${decision.by.join(', ')}`
    case 'expired':
      return 'expired: nobody decided in time'
    default:
      return `${decision.state}${decision.by === null ? '' : ` by ${decision.by}`}${decision.reason === null ? '' : `: ${decision.reason}`}`
  }
}
