/** The policy as a thing to examine, and the places it names, where the bot will have to speak. */
import type { PlatformName } from '../core/actor.js'
import type { Checkup } from '../core/ports/checkup.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import type { Policy } from './policy-model.js'
import { findSurprises } from './policy-warnings.js'

export function createPolicyCheckup(source: PolicySource<Policy>): Checkup {
  return {
    name: 'Policy',
    async examine() {
      const policy = await source.current()
      if (!policy) {
        return [
          {
            state: 'bad',
            what: 'There is no policy file, so nobody may do anything',
            mend: 'Copy demo/policy.yaml, put your own accounts and places in, npm run policy:check, and start the bot again.',
          },
        ]
      }
      const people = Object.keys(policy.people).length
      return [
        { state: 'good', what: `Policy version ${policy.version}, ${people} people` },
        ...findSurprises(policy).map(({ path, message, mend }) => ({
          state: 'warning' as const,
          what: `Policy, ${path.join('.')}: ${message}`,
          mend,
        })),
      ]
    },
  }
}

/** Ids of the platform's channels that the policy names, each once. */
export function channelsNamed(policy: Policy | null, platform: PlatformName): string[] {
  if (!policy) return []
  const named = [
    ...policy.grants.flatMap(grant => grant.in),
    ...policy.approvals.map(({ channel }) => channel),
    ...Object.values(policy.profiles).map(({ channel }) => channel),
  ]
  const prefix = `${platform}:`
  const ids = named.flatMap(place => (place?.startsWith(prefix) ? [place.slice(prefix.length)] : []))
  return [...new Set(ids)].filter(id => id !== '*')
}
