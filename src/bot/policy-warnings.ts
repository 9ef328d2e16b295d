/** What is allowed in a policy but will surprise somebody: roles without people, requests that nobody can approve. */
import type { PlatformName } from '../core/actor.js'
import type { ApprovalRule, Finding, Policy } from './policy-model.js'
import { PLATFORMS } from './policy-words.js'

export function findSurprises(policy: Policy): Finding[] {
  return [
    ...(policy.grants.length === 0
      ? [{ path: ['grants'], message: 'Nobody may do anything.', mend: 'Add a grant: allow, to, in.' }]
      : []),
    ...emptyRoles(policy),
    ...policy.approvals.flatMap((rule, i) => [
      ...hopelessRule(policy, rule, i),
      ...strangers(policy, rule, i),
    ]),
    ...idleProfiles(policy),
    ...nowhereReminded(policy),
  ]
}

/** What others make at OVHcloud follows no profile and was asked for nowhere. */
function nowhereReminded({ reminders, grants }: Policy): Finding[] {
  if (reminders.channel !== null || grants.length === 0) return []
  return [
    {
      path: ['reminders'],
      message:
        'Credentials that no profile and no OKMS gives a channel are reminded of only where the bot was asked for them, and those made elsewhere nowhere.',
      mend: 'Name a channel for all others: channel: slack:C00OPS under reminders.',
    },
  ]
}

function emptyRoles(policy: Policy): Finding[] {
  return Object.entries(policy.roles)
    .filter(([, role]) => role.people.length === 0 && groupPlatforms([role]).length === 0)
    .map(([name]) => {
      const asked = policy.approvals.some(rule => rule.from === name)
      return {
        path: ['roles', name],
        message: `Nobody is in role ${name}${asked ? ', and approvals wait for it' : ''}.`,
        mend: `List people, or a group of a platform, under roles.${name}.`,
      }
    })
}

/** Fewer voters than needed, counting only those who may approve somewhere; where a group votes, nobody can count. */
function hopelessRule(policy: Policy, rule: ApprovalRule, index: number): Finding[] {
  const path = ['approvals', index, 'from']
  const voters = policy.roles[rule.from]
  if (!voters || (voters.people.length === 0 && groupPlatforms([voters]).length === 0)) return []
  const allowed = rolesWith(policy, 'approve')
  const grouped = groupPlatforms([voters]).length > 0
  const eligible = voters.people.filter(person =>
    allowed.some(name => policy.roles[name]!.people.includes(person)),
  )
  if (!allowed.includes(rule.from) && (grouped || eligible.length === 0)) {
    return [
      {
        path,
        message: `Role ${rule.from} is asked for approval but is not allowed to approve.`,
        mend: `Grant approve to ${rule.from}.`,
      },
    ]
  }
  if (grouped) return []
  const askers = new Set(
    rule.for.flatMap(permission => rolesWith(policy, permission)).flatMap(name => policy.roles[name]!.people),
  )
  const alone = [...askers].filter(asker => eligible.filter(voter => voter !== asker).length < rule.need)
  if (eligible.length >= rule.need && alone.length === 0) return []
  const what = eligible.length < rule.need ? 'No request can' : `A request of ${alone.join(' or ')} cannot`
  return [
    {
      path,
      message: `${what} be approved: ${rule.need} of role ${rule.from} must approve, the requester never counts, and ${eligible.length} may.`,
      mend: `Add people to ${rule.from}, grant them approve, or lower need.`,
    },
  ]
}

/**
 * Somebody known only by a group of one platform and somebody known only on another cannot be told apart for sure, so
 * such votes are refused; both must be listed under people.
 */
function strangers(policy: Policy, rule: ApprovalRule, index: number): Finding[] {
  const voters = policy.roles[rule.from]
  if (!voters) return []
  const askers = rule.for
    .flatMap(permission => rolesWith(policy, permission))
    .map(name => policy.roles[name]!)
  const votersOn = new Set([...groupPlatforms([voters]), ...accountPlatforms(policy, voters.people)])
  const askersOn = new Set([
    ...groupPlatforms(askers),
    ...accountPlatforms(
      policy,
      askers.flatMap(role => role.people),
    ),
  ])
  const unheard = groupPlatforms(askers).filter(platform => !votersOn.has(platform))
  const unheeded = groupPlatforms([voters]).filter(platform => !askersOn.has(platform))
  return [
    ...unheard.map(platform =>
      strangersOn(index, `who asks by a group on ${platform}`, `votes there in role ${rule.from}`),
    ),
    ...unheeded.map(platform => strangersOn(index, `who votes by a group on ${platform}`, 'asks there')),
  ].filter(() => votersOn.size > 0 && askersOn.size > 0)
}

const strangersOn = (index: number, who: string, other: string): Finding => ({
  path: ['approvals', index, 'from'],
  message: `Whoever is not under people and ${who} meets nobody who ${other}, so those votes are refused.`,
  mend: 'List both sides under people with their accounts on each platform.',
})

function idleProfiles(policy: Policy): Finding[] {
  const issuers = rolesWith(policy, 'credential:issue')
  return Object.values(policy.profiles)
    .filter(profile => !profile.use.some(role => issuers.includes(role)))
    .map(profile => ({
      path: ['profiles', profile.name, 'use'],
      message: `No role of profile ${profile.name} is allowed to issue credentials.`,
      mend: `Grant credential:issue to ${profile.use.join(' or ')}, or name another role.`,
    }))
}

const rolesWith = (policy: Policy, permission: ApprovalRule['for'][number]) => [
  ...new Set(policy.grants.filter(grant => grant.allow.includes(permission)).flatMap(grant => grant.to)),
]

const groupPlatforms = (roles: readonly Policy['roles'][string][]): PlatformName[] =>
  PLATFORMS.filter(platform => roles.some(role => (role.groups[platform] ?? []).length > 0))

const accountPlatforms = (policy: Policy, people: readonly string[]): PlatformName[] =>
  PLATFORMS.filter(platform => people.some(person => policy.people[person]?.[platform] !== undefined))
