/** Whether the identities that profiles name exist at OVHcloud: a credential for nobody is refused only when somebody needs it. */
import type { Finding } from '../core/finding.js'
import { judgeIdentities } from '../core/identity.js'
import type { Checkup } from '../core/ports/checkup.js'
import type { IdentityPort } from '../core/ports/identities.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import type { Policy } from './policy-model.js'

export function createIdentityCheckup(source: PolicySource<Policy>, identities: IdentityPort): Checkup {
  return {
    name: 'Identities',
    async examine(signal) {
      const profiles = Object.values((await source.current())?.profiles ?? {})
      const named = profiles.map(one => ({
        profile: one.name,
        urns: [...new Set([...one.identities, ...one.identitiesAllowed])],
      }))
      if (named.every(({ urns }) => urns.length === 0)) return []
      const known = await identities.read(signal)
      const judged = named.map(({ profile, urns }) => ({ profile, ...judgeIdentities(urns, known) }))
      const findings = judged.flatMap(({ profile, absent }) =>
        absent.map(
          ({ urn, meant }): Finding => ({
            state: 'bad',
            what: `Profile ${profile}: the account ${known.account} has no identity ${urn}`,
            mend: `${meant ? `Did you mean ${meant}? ` : ''}Create it at OVHcloud, or mend the profile in the policy file.`,
          }),
        ),
      )
      const unchecked = [...new Set(judged.flatMap(one => one.unchecked))]
      if (unchecked.length > 0) {
        findings.push({
          state: 'warning',
          what: `Identities that could not be looked for at OVHcloud: ${unchecked.join(', ')}`,
          mend: `They are of another account than ${known.account}, or the bot lacks the right to list their kind.`,
        })
      }
      if (findings.length > 0) return findings
      const all = new Set(named.flatMap(({ urns }) => urns))
      return [{ state: 'good', what: `Identities: all ${all.size} that profiles name exist` }]
    },
  }
}
