/**
 * Approve, deny, withdraw: who may, judged at the moment of the press by the policy as it is then, and in the place where it
 * was asked, wherever the press came from. The decision itself is one script in Redis (ports/approvals.ts).
 */
import { type Actor, personOf } from '../core/actor.js'
import type { Requests } from '../core/command.js'
import { BotError } from '../core/errors.js'
import type { Permission } from '../core/permission.js'
import type { Approvals, RequestState, RequestStatus, Vote } from '../core/ports/approvals.js'
import type { Clock } from '../core/ports/clock.js'
import type { Outbox } from '../core/ports/outbox.js'
import { lines } from '../core/reply.js'
import { mention, say, type Text } from '../core/text.js'
import { authorize } from './authorize.js'
import { approvalRuleFor, identify, rolesOf } from './policy-judge.js'
import type { ApprovalRule, Policy } from './policy-model.js'
import { requestThread } from './request-card.js'

export interface ApproveParts {
  approvals: Approvals
  outbox: Outbox
  clock: Clock
  poke(runId: string): Promise<void>
}

const ENDED: Record<RequestState, string> = {
  pending: 'It still waits.',
  approved: 'It has been approved already.',
  denied: 'It has been denied already.',
  expired: 'It has expired: nobody decided in time.',
  withdrawn: 'It has been withdrawn.',
}

export function createRequests(policy: Policy, voter: Actor, parts: ApproveParts): Requests {
  const { approvals, clock, outbox } = parts

  const vote = (comment: string | null): Vote => ({
    person: personOf(voter),
    name: voter.name,
    at: new Date(clock.now()).toISOString(),
    comment,
    policy: policy.version,
  })

  async function find(runId: string): Promise<RequestStatus> {
    const request = await approvals.status(runId)
    if (!request) {
      throw new BotError('input.not-found', `Nothing waits for approval under ${runId}.`, {
        hint: '/okms requests shows what does.',
      })
    }
    if (request.state !== 'pending') throw new BotError('state.conflict', ENDED[request.state])
    // Its run may not have looked since.
    if (Date.parse(request.expiresAt) <= clock.now()) throw new BotError('state.conflict', ENDED.expired)
    return request
  }

  /** The rule as it is now. @throws BotError `access.denied` with who could, or why this vote cannot count */
  function judge(request: RequestStatus): ApprovalRule {
    const rule = approvalRuleFor(policy, request.permission, request.facts)
    const requester = identify(policy, request.requester)
    if (personOf(requester) === personOf(voter) || isSameAccount(request.requester, voter)) {
      throw new BotError('access.denied', 'You asked for this, so somebody else decides it.', {
        ...(rule ? { hint: `Approvers: ${approversOf(policy, rule)}.` } : {}),
      })
    }
    if (!rule) {
      throw new BotError(
        'state.conflict',
        'The policy asks for no approval here any more, so nobody can give one.',
        {
          hint: 'The one who asked can withdraw it and ask again.',
        },
      )
    }
    authorize(policy, voter, request.conversation, 'approve')
    if (!rolesOf(policy, voter).includes(rule.from)) {
      throw new BotError('access.denied', `This is decided by role ${rule.from}.`, {
        hint: `Approvers: ${approversOf(policy, rule)}.`,
      })
    }
    const bothKnown = requester.person !== undefined && voter.person !== undefined
    if (!bothKnown && requester.platform !== voter.platform) {
      throw new BotError(
        'access.denied',
        'The bot cannot tell whether you and the one who asked are two people.',
        {
          hint: 'The policy file has to list both under people.',
        },
      )
    }
    if (rule.need > 1 && voter.person === undefined) {
      throw new BotError(
        'access.denied',
        'Several people have to decide this, and the bot cannot tell you from the others.',
        {
          hint: 'The policy file has to list you under people.',
        },
      )
    }
    return rule
  }

  const tell = (request: RequestStatus, name: string, ...said: Text[]) =>
    outbox.put(`${request.runId}/${name}`, requestThread(request), lines(...said))

  return {
    async approve(runId, comment) {
      const request = await find(runId)
      const rule = judge(request)
      const outcome = await approvals.approve(runId, vote(comment), rule.need)
      switch (outcome.kind) {
        case 'own':
          throw new BotError('access.denied', 'You asked for this, so somebody else decides it.')
        case 'again':
          throw new BotError('state.conflict', 'You have approved this already; other people are needed.')
        case 'unknown':
          throw new BotError('input.not-found', `Nothing waits for approval under ${runId}.`)
        case 'over':
          throw new BotError('state.conflict', ENDED[outcome.state])
      }
      const count = `${outcome.votes} of ${rule.need}`
      const remark = comment === null ? '' : `: ${comment}`
      await tell(request, `vote-${personOf(voter)}`, say`✅ ${mention(voter)} approved (${count})${remark}.`)
      await parts.poke(runId)
      return outcome.kind === 'approved' ? `Approved (${count}). It goes on now.` : `Counted (${count}).`
    },

    async deny(runId, reason) {
      const request = await find(runId)
      judge(request)
      if (reason.trim() === '') {
        throw new BotError('input.invalid', 'A denial needs a reason, for the one who asked.', {
          hint: `/okms deny ${runId} "<reason>"`,
        })
      }
      const outcome = await approvals.deny(runId, vote(reason))
      if (outcome === 'own')
        throw new BotError('access.denied', 'You asked for this; you can withdraw it instead.')
      if (outcome === 'unknown')
        throw new BotError('input.not-found', `Nothing waits for approval under ${runId}.`)
      if (outcome !== 'denied') throw new BotError('state.conflict', ENDED[outcome])
      await tell(request, 'decision', say`❌ ${mention(voter)} denied it: ${reason}`)
      await parts.poke(runId)
      return 'Denied. Nothing was done.'
    },

    async withdraw(runId) {
      const request = await find(runId)
      const outcome = await approvals.withdraw(runId, vote(null))
      if (outcome === 'not-yours') {
        throw new BotError('access.denied', 'Only the one who asked can withdraw it.', {
          hint: 'You can deny it instead, if you may decide it.',
        })
      }
      if (outcome === 'unknown')
        throw new BotError('input.not-found', `Nothing waits for approval under ${runId}.`)
      if (outcome !== 'withdrawn') throw new BotError('state.conflict', ENDED[outcome])
      await tell(request, 'decision', say`${mention(voter)} withdrew it.`)
      await parts.poke(runId)
      return 'Withdrawn. Nothing was done.'
    },

    async pending() {
      const all = await Promise.all((await approvals.pending()).map(approvals.status))
      return all.filter(request => request !== null)
    },
  }
}

const isSameAccount = (one: Actor, other: Actor) => one.platform === other.platform && one.id === other.id

/** People of the role, as the policy lists them; a role of groups alone is named. */
export function approversOf(policy: Policy, rule: Pick<ApprovalRule, 'from'>): string {
  const people = policy.roles[rule.from]?.people ?? []
  return people.length === 0 ? `role ${rule.from}` : people.join(', ')
}

/** The rules for a permission as sentences, and who could decide for this person: whoever asks never counts. */
export function describeApprovals(policy: Policy, permission: Permission, asker: Actor): string[] {
  return policy.approvals
    .filter(rule => rule.for.includes(permission))
    .map(rule => {
      const people = (policy.roles[rule.from]?.people ?? []).filter(name => name !== asker.person)
      const who = people.length === 0 ? `role ${rule.from}` : `role ${rule.from}: ${people.join(', ')}`
      const count = rule.need === 1 ? '1 approval' : `${rule.need} approvals`
      return `It needs ${count} from ${who}${describeWhen(rule.when)}.`
    })
}

function describeWhen({ validityOverDays, okms, cloud, profile }: ApprovalRule['when']): string {
  const among = (what: string, names: readonly string[] | null) =>
    names === null ? [] : [`${what} ${names.join(' or ')}`]
  const conditions = [
    ...(validityOverDays === null ? [] : [`validity over ${validityOverDays} days`]),
    ...among('OKMS', okms),
    ...among('Private Cloud', cloud),
    ...among('profile', profile),
  ]
  return conditions.length === 0 ? '' : ` (only for ${conditions.join(', ')})`
}
