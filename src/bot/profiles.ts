/** What flows may know of the policy. Implements ports/profiles.ts on the published policy. */
import type { PolicySource } from '../core/ports/policy-source.js'
import type { Profiles } from '../core/ports/profiles.js'
import { policyOf } from './authorize.js'
import { profilesFor } from './policy-judge.js'
import type { Policy } from './policy-model.js'

export function createProfiles(source: PolicySource<Policy>): Profiles {
  return {
    usableBy: async actor => profilesFor(await policyOf(source), actor),
  }
}
