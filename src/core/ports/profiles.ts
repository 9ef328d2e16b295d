/** What a flow may know of the policy: the profiles, judged for the person it runs for. */
import type { Actor } from '../actor.js'
import type { CertificateType } from './okms.js'

export interface Profile {
  name: string
  /** Name or id of the OKMS used when none is asked for; `null`: the only one, or it must be said. */
  okms: string | null
  okmsAllowed: readonly string[]
  identities: readonly string[]
  identitiesAllowed: readonly string[]
  type: CertificateType | null
  key: 'ovhcloud' | 'bot' | 'csr' | null
  format: 'pem' | 'p12' | null
  maxValidityDays: number
  mayOverride: readonly string[]
  /** `console:ops`, `slack:C00OPS`: where reminders and announcements go. */
  channel: string | null
}

export interface Profiles {
  /** Profiles that this person may use, by the policy as it is now. */
  usableBy(actor: Actor): Promise<Profile[]>
}

/** Whether a profile lets this OKMS be asked for, by its name or its id. Without `okms` and `okmsAllowed` it is bound to none. */
export function mayUseOkms(profile: Profile, okms: { id: string; name: string }): boolean {
  const named = (list: readonly string[]) => list.includes(okms.id) || list.includes(okms.name)
  if (profile.okms !== null && named([profile.okms])) return true
  if (profile.okmsAllowed.length > 0) return named(profile.okmsAllowed)
  return profile.okms === null || profile.mayOverride.includes('okms')
}
