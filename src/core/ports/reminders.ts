/** Which credential is looked at next, and what is to be said: decided once, whoever dies between deciding and saying. */
import type { Conversation } from '../actor.js'
import type { QuietHours } from '../quiet-hours.js'
import type { Target } from './chat.js'
import type { Followed, LedgerEntry, Owner } from './ledger.js'

/** An entry as it was read; a claim holds only while it still stands so. */
export interface Seen {
  entry: Followed
  /** Opaque: how the entry was written. */
  mark: string
}

/** How an entry shall stand from now on. */
export interface Looked {
  /** `null`: it is new, and the claim holds only where it is neither known nor was forgotten lately. */
  seen: Seen | null
  entry: Followed
  /** When it is looked at again, in milliseconds of the clock port; `null`: not before it changes. */
  lookAtMs: number | null
}

/** What is to be said, written down together with the claim. Plain JSON. */
export type Saying =
  /** One message each, or one digest of all. */
  | {
      kind: 'remind'
      target: Target
      digest: boolean
      atMs: number
      items: { credentialId: string; card: string }[]
    }
  /** Their messages show what is known by now. */
  | { kind: 'rewrite'; credentialIds: string[] }
  /** Made by others; `first`: there before the bot looked at this OKMS. */
  | { kind: 'found'; target: Target; okmsName: string; first: boolean; credentialIds: string[] }
  | { kind: 'vanished'; target: Target; credentialIds: string[] }

export interface Said {
  /** Grows, and is never used twice. */
  number: number
  saying: Saying
}

/** What people chose for one channel; it comes before what the policy says. */
export interface ChannelChoice {
  /** Milliseconds before an expiry; empty: no reminders. */
  beforeMs: readonly number[]
  /** `null`: as the policy says. */
  quiet: QuietHours | null
  by: string
  /** ISO instant. */
  at: string
}

export interface Reminders {
  /** Entries whose time to be looked at has come, the earliest first. */
  due(nowMs: number, most: number): Promise<Seen[]>
  /** Entries as they stand; unknown ids are left out. */
  see(credentialIds: readonly string[]): Promise<Seen[]>
  /** The next instant at which one is to be looked at; `null`: none is followed. */
  nextAtMs(): Promise<number | null>
  /** A number for what will be said. */
  nextNumber(): Promise<number>
  /** All of it or, when any entry stands otherwise by now, nothing: `false`. */
  claim(looked: readonly Looked[], said: Said | null): Promise<boolean>
  /** What was claimed and not yet said, oldest first. */
  unsaid(): Promise<Said[]>
  said(number: number): Promise<void>
  /** A digest as it was claimed, for 90 days. */
  digest(number: number): Promise<Extract<Saying, { kind: 'remind' }> | null>
  /** By which rules the entries were looked at last. */
  rulesVersion(): Promise<string | null>
  /** Has every entry looked at, by other rules. */
  lookAtAll(rulesVersion: string): Promise<void>
  choices(): Promise<Map<string, ChannelChoice>>
  /** @param place as the policy names it, `slack:C00OPS`; `null` takes the choice back */
  choose(place: string, choice: ChannelChoice | null): Promise<void>
}

/** What policy and people say about reminders, as it is now. */
export interface ReminderRules {
  /** Other whenever any answer below may be. */
  version: string
  /** Where it is reminded of: its profile's channel, where it was asked for, its OKMS's channel, else the default. */
  channelOf(entry: LedgerEntry): Conversation | null
  /** Where is told what concerns an OKMS, or the bot itself: the OKMS's channel, else the default. */
  channelOfOkms(okms: { id: string; name: string } | null): Conversation | null
  /** Thresholds for it in that place, and where they were chosen. */
  thresholdsOf(entry: LedgerEntry | null, place: string | null): { beforeMs: readonly number[]; from: string }
  quietHoursOf(place: string): QuietHours | null
  /** The profile that a credential of this name follows; `null`: none. */
  profileNamed(name: string): string | null
  /** The owner's account there, so that mentioning reaches them; `null`: they have none. */
  accountOn(owner: Owner, platform: Conversation['platform']): Owner | null
  /** Whether both accounts are one human's. */
  isSame(one: Owner, other: Owner): boolean
  /** Those who may manage reminders in a place, as far as the policy names them. */
  managersIn(conversation: Conversation): Owner[]
}

export interface ReminderRulesSource {
  /** `null`: there is no policy. */
  current(): Promise<ReminderRules | null>
}
