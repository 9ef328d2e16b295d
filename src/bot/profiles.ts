/** What flows may know of the policy. Implements ports/profiles.ts on the published policy. */
import type { PolicySource } from '../core/ports/policy-source.js'
import type { Profiles } from '../core/ports/profiles.js'
import { policyOf } from './authorize.js'
import { approvalRuleFor, profilesFor } from './policy-judge.js'
import type { Policy } from './policy-model.js'

export function createProfiles(source: PolicySource<Policy>): Profiles {
  return {
    usableBy: async actor => profilesFor(await policyOf(source), actor),
    async approvalFor(permission, facts) {
      const rule = approvalRuleFor(await policyOf(source), permission, facts)
      return rule && { need: rule.need, from: rule.from }
    },
  }
}
