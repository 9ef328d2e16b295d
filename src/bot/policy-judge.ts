/**
 * What a policy means for one person in one place. Pure, and deny by default: what no grant says is not allowed.
 * Accounts are looked up anew each time; what an actor or a stored run says about its own person is never believed.
 */
import type { Actor, Conversation } from '../core/actor.js'
import { placeOf } from '../core/actor.js'
import type { Permission } from '../core/permission.js'
import type { ApprovalFacts } from '../core/ports/approvals.js'
import type { ApprovalRule, Grant, Policy, PolicyProfile } from './policy-model.js'

/** The actor with `person` as the policy knows the account; without, when it does not. */
export function identify(policy: Policy, actor: Actor): Actor {
  const { person: _claimed, ...account } = actor
  const person = Object.keys(policy.people).find(name =>
    policy.people[name]?.[actor.platform]?.includes(actor.id),
  )
  return person === undefined ? account : { ...account, person }
}

/** Roles by person, and by the groups that the platform vouched for when the actor was made. */
export function rolesOf(policy: Policy, actor: Actor): string[] {
  const { person } = identify(policy, actor)
  return Object.entries(policy.roles)
    .filter(
      ([, role]) =>
        (person !== undefined && role.people.includes(person)) ||
        (role.groups[actor.platform] ?? []).some(group => actor.groups?.includes(group)),
    )
    .map(([name]) => name)
}

/** Whether the actor may do this in this conversation. A thread counts as its parent. */
export function may(
  policy: Policy,
  actor: Actor,
  conversation: Conversation,
  permission: Permission,
): boolean {
  const roles = rolesOf(policy, actor)
  return grantsOf(policy, permission, conversation).some(grant => grant.to.some(role => roles.includes(role)))
}

/** The roles that may do this here, with the people listed in each: for the sentence that refuses. */
export function whoMay(
  policy: Policy,
  permission: Permission,
  conversation: Conversation,
): { role: string; people: string[] }[] {
  const roles = new Set(grantsOf(policy, permission, conversation).flatMap(grant => grant.to))
  return [...roles].map(role => ({ role, people: [...(own(policy.roles, role)?.people ?? [])] }))
}

/** Profiles that the actor may issue and renew under; whether they may issue at all is `may`'s to say. */
export function profilesFor(policy: Policy, actor: Actor): PolicyProfile[] {
  const roles = rolesOf(policy, actor)
  return Object.values(policy.profiles).filter(({ use }) => use.some(role => roles.includes(role)))
}

/** `null` when there is none of that name. */
export function profile(policy: Policy, name: string): PolicyProfile | null {
  return own(policy.profiles, name) ?? null
}

/**
 * The rule under which this needs approval, `null` when it needs none. Where several fit, the one that asks for most
 * people holds, the first of them in a tie. A condition on a fact that is not given counts as met.
 */
export function approvalRuleFor(
  policy: Policy,
  permission: Permission,
  facts: ApprovalFacts = {},
): ApprovalRule | null {
  return policy.approvals
    .filter(rule => rule.for.includes(permission) && holds(rule.when, facts))
    .reduce<ApprovalRule | null>(
      (strictest, rule) => (strictest && strictest.need >= rule.need ? strictest : rule),
      null,
    )
}

function holds(when: ApprovalRule['when'], facts: ApprovalFacts): boolean {
  const meets = (wanted: readonly string[] | null, fact: readonly string[] | undefined) =>
    wanted === null || fact === undefined || fact.some(one => wanted.includes(one))
  const isLong =
    when.validityOverDays === null ||
    facts.validityDays === undefined ||
    facts.validityDays > when.validityOverDays
  return (
    isLong &&
    meets(when.okms, facts.okms) &&
    meets(when.cloud, facts.cloud) &&
    meets(when.profile, facts.profile === undefined ? undefined : [facts.profile])
  )
}

function grantsOf(policy: Policy, permission: Permission, conversation: Conversation): Grant[] {
  return policy.grants.filter(
    grant => grant.allow.includes(permission) && grant.in.some(pattern => covers(pattern, conversation)),
  )
}

/** A direct message is no place of its own: only grants for a whole platform, or for all, reach into it. */
function covers(pattern: string, conversation: Conversation): boolean {
  if (pattern === '*' || pattern === `${conversation.platform}:*`) return true
  return conversation.kind !== 'dm' && pattern === placeOf(conversation)
}

/** Names come from people; `constructor` must not find what JavaScript put there. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
