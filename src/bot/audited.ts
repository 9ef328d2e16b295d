/** Ports that leave a line in the audit trail for what passes through them. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Actor, type Conversation, personOf, placeOf } from '../core/actor.js'
import type { Requests } from '../core/command.js'
import { BotError } from '../core/errors.js'
import { type Audit, type AuditEvent, BOT } from '../core/ports/audit.js'
import type { Deliveries } from '../core/ports/deliveries.js'
import type { RunRecord } from '../core/run.js'
import { subjectsOfRun } from './audit-words.js'

/** The run whose turn this is, for what has no argument to say so: calls to OVHcloud, deliveries. */
const underWay = new AsyncLocalStorage<RunRecord>()

export const during = <T>(run: RunRecord, act: () => Promise<T>): Promise<T> => underWay.run(run, act)

const NOTHING = { from: null, policy: null, queryId: null, reference: null, outcome: 'ok' } as const

/** A call that writes at OVHcloud, as src/ovh tells of it. */
export interface WrittenCall {
  /** `POST /v2/okms/resource/{id}/credential` */
  route: string
  /** The ids in its path. */
  ids: readonly string[]
  /** `ok`, or the code of the failure. */
  outcome: string
  /** `null`: no answer came. */
  status: number | null
  queryId: string | null
}

export function recordCall(audit: Audit, { route, ids, outcome, status, queryId }: WrittenCall): void {
  const run = underWay.getStore()
  audit.record({
    ...NOTHING,
    kind: 'call',
    who: run ? personOf(run.requester) : BOT,
    from: run ? placeOf(run.conversation) : null,
    what: route,
    subjects: [...(run ? [run.runId] : []), ...ids],
    outcome: `${outcome}${status === null ? '' : ` ${status}`}`,
    queryId,
    reference: run?.runId ?? null,
  })
}

/** The end of a run. */
export function recordEnd(audit: Audit, run: RunRecord): void {
  audit.record({
    ...NOTHING,
    kind: 'run',
    who: personOf(run.requester),
    from: placeOf(run.conversation),
    what: run.job,
    subjects: subjectsOfRun(run),
    outcome: run.failure ? `${run.state} ${run.failure.code}` : run.state,
    reference: run.runId,
  })
}

export interface Voter {
  actor: Actor
  conversation: Conversation
  /** Version of the policy. */
  policy: string
}

export function auditedRequests(requests: Requests, audit: Audit, voter: Voter): Requests {
  const vote = async <T>(what: string, runId: string, act: () => Promise<T>): Promise<T> => {
    const note = (outcome: string) =>
      audit.record({
        ...NOTHING,
        kind: 'vote',
        who: personOf(voter.actor),
        from: placeOf(voter.conversation),
        what,
        subjects: [runId],
        outcome,
        policy: voter.policy,
        reference: runId,
      })
    try {
      const answer = await act()
      note('ok')
      return answer
    } catch (thrown) {
      note(BotError.from(thrown).code)
      throw thrown
    }
  }
  return {
    approve: (runId, comment) => vote('approve', runId, () => requests.approve(runId, comment)),
    deny: (runId, reason) => vote('deny', runId, () => requests.deny(runId, reason)),
    withdraw: runId => vote('withdraw', runId, () => requests.withdraw(runId)),
    pending: requests.pending,
  }
}

/** Each change of a delivery, whoever made it: the recipient in a chat process, or the run in a worker. */
export function auditedDeliveries(deliveries: Deliveries, audit: Audit): Deliveries {
  const collecting = new Map<string, string>()
  const note = (what: string, runId: string, who: string = BOT, more: Partial<AuditEvent> = {}) =>
    audit.record({ ...NOTHING, kind: 'delivery', who, what, subjects: [runId], reference: runId, ...more })
  return {
    status: deliveries.status,
    openFor: deliveries.openFor,
    async offer(offer) {
      await deliveries.offer(offer)
      note('offered', offer.runId)
    },
    async collect(runId, person) {
      const lease = await deliveries.collect(runId, person)
      if (typeof lease === 'string') note('collect', runId, person, { outcome: lease })
      else collecting.set(lease.leaseId, person)
      return lease
    },
    async collected(runId, leaseId) {
      const person = collecting.get(leaseId)
      const outcome = await deliveries.collected(runId, leaseId)
      collecting.delete(leaseId)
      note('collected', runId, person, outcome === 'collected' ? {} : { outcome })
      return outcome
    },
    async notCollected(runId, leaseId) {
      const person = collecting.get(leaseId)
      collecting.delete(leaseId)
      await deliveries.notCollected(runId, leaseId)
      note('collected', runId, person, { outcome: 'chat.refused' })
    },
    async confirm(runId, person) {
      const outcome = await deliveries.confirm(runId, person)
      // A run confirms in the recipient's place when their ten minutes are over.
      if (outcome === 'confirmed') note('confirmed', runId, underWay.getStore() ? BOT : person)
      return outcome
    },
    async lapse(runId) {
      const lapsed = await deliveries.lapse(runId)
      if (lapsed) note('lapsed', runId)
      return lapsed
    },
    async revoke(runId, person) {
      const outcome = await deliveries.revoke(runId, person)
      if (outcome === 'revoked') note('revoked', runId, person)
      return outcome
    },
    async erase(runId) {
      const wasOffered = (await deliveries.status(runId)) !== null
      await deliveries.erase(runId)
      if (wasOffered) note('erased', runId)
    },
  }
}
