/** May this person do this here? The policy file says; what it does not allow is refused, with a sentence that says who could help. */
import type { Actor, Conversation } from '../core/actor.js'
import { BotError } from '../core/errors.js'
import type { Permission } from '../core/permission.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import { may, whoMay } from './policy-judge.js'
import type { Policy } from './policy-model.js'

/** What a permission is for, as it stands in "You may not … here." */
const DEEDS: Record<Permission, string> = {
  read: 'look at anything',
  'credential:issue': 'issue credentials',
  'credential:revoke': 'revoke credentials',
  'key:manage': 'manage service keys',
  'cloud:attach': 'attach an OKMS to a Private Cloud',
  'cloud:detach': 'detach an OKMS from a Private Cloud',
  'order:place': 'place orders',
  approve: 'approve requests',
  'reminders:manage': 'manage reminders',
  operate: 'operate the bot',
  audit: 'read the audit trail',
}

/** @throws BotError `policy.missing` */
export async function policyOf(source: PolicySource<Policy>): Promise<Policy> {
  const policy = await source.current()
  if (policy) return policy
  throw new BotError('policy.missing', 'The bot has no policy file yet, so nobody may do anything.', {
    hint: 'Whoever runs the bot writes one and starts it again; npm run doctor says how.',
  })
}

/** @throws BotError `access.denied` */
export function authorize(
  policy: Policy,
  actor: Actor,
  conversation: Conversation,
  permission: Permission | null,
): void {
  if (permission === null || may(policy, actor, conversation, permission)) return
  const allowed = whoMay(policy, permission, conversation).map(({ role, people }) =>
    people.length === 0 ? `role ${role}` : `role ${role} (${people.join(', ')})`,
  )
  throw new BotError('access.denied', `You may not ${DEEDS[permission]} here.`, {
    hint:
      allowed.length === 0
        ? `Nobody may here; the policy file would have to allow ${permission}.`
        : `People who can: ${allowed.join(', ')}.`,
  })
}
