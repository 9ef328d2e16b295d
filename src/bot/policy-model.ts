/** What a policy says, once read: plain frozen JSON, so that it can be published to every process as it is. */
import type { PlatformName } from '../core/actor.js'
import type { Permission } from '../core/permission.js'
import type { Profile } from '../core/ports/profiles.js'
import type { QuietHours } from '../core/quiet-hours.js'

export interface Policy {
  /** First 12 hex digits of the SHA-256 of the file: what a decision names as its ground. */
  version: string
  /** Account ids of each person. */
  people: Readonly<Record<string, Readonly<Partial<Record<PlatformName, readonly string[]>>>>>
  roles: Readonly<Record<string, Role>>
  grants: readonly Grant[]
  approvals: readonly ApprovalRule[]
  profiles: Readonly<Record<string, PolicyProfile>>
  /** Milliseconds before an expiry, the longest first. */
  remindBeforeMs: readonly number[]
  reminders: ReminderPolicy
}

export interface ReminderPolicy {
  /** Where credentials are reminded of that no other setting gives a channel; `null`: nowhere. */
  channel: string | null
  /** Channels by name or id of an OKMS. */
  okms: Readonly<Record<string, string>>
  /** Where a channel says nothing else. */
  quiet: QuietHours | null
  channels: Readonly<Record<string, ChannelPolicy>>
}

export interface ChannelPolicy {
  /** `null`: as everywhere. */
  remindBeforeMs: readonly number[] | null
  quiet: QuietHours | null
}

export interface Role {
  people: readonly string[]
  /** Marks that the platform vouches for, as they stand in `Actor.groups`. */
  groups: Readonly<Partial<Record<PlatformName, readonly string[]>>>
}

export interface Grant {
  allow: readonly Permission[]
  /** Roles. */
  to: readonly string[]
  /** `*`, `slack:*` or `slack:C00OPS`. */
  in: readonly string[]
}

export interface ApprovalRule {
  for: readonly Permission[]
  /** All that are set must hold; `null` asks nothing. */
  when: {
    validityOverDays: number | null
    okms: readonly string[] | null
    cloud: readonly string[] | null
    profile: readonly string[] | null
  }
  /** Distinct people, the requester not among them. */
  need: number
  /** A role. */
  from: string
  expiresMs: number
  /** Where the request is shown instead of where it was asked. */
  channel: string | null
}

export interface PolicyProfile extends Profile {
  /** Roles that may issue and renew under it. */
  use: readonly string[]
  /** `null`: as the policy's `reminders` say. */
  remindBeforeMs: readonly number[] | null
}

export interface PolicyMistake {
  /** Counted from 1. */
  line: number
  /** `grants[0].allow[1]`; empty for the file as a whole. */
  path: string
  /** What is wrong, a whole sentence. */
  message: string
  /** What to write instead, a whole sentence. */
  mend: string
}

/** A mistake whose line is still to be looked up. */
export interface Finding {
  path: readonly (string | number)[]
  message: string
  mend: string
}
