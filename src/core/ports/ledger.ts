/** What the bot knows of credentials beyond what OVHcloud says: who owns them, which channel is told, what has been said. */
import type { Actor, Conversation } from '../actor.js'

export interface LedgerEntry {
  credentialId: string
  okmsId: string
  /** As people call the OKMS. */
  okmsName: string
  name: string
  profile: string | null
  owner: Owner | null
  /** Where it was asked for; a channel that the policy names for its profile comes first. */
  channel: Conversation | null
  runId: string | null
  /** Whether its key was made elsewhere: renewing it needs another request. */
  fromCsr: boolean
  /** ISO instant from which it is valid. */
  startsAt: string
  /** ISO instant. */
  expiresAt: string
  /** Absent while it is in use: nothing is reminded of once it is there. */
  solution?: Solution
}

export type Owner = Pick<Actor, 'platform' | 'id' | 'name'>

/** What became of a credential, so that nobody needs to be reminded of it any more. */
export type Solution =
  | {
      how: 'renewed'
      /** Who did it, as people are called. */
      by: string
      /** ISO instant. */
      at: string
      successorId: string
      /** ISO instant. */
      successorExpiresAt: string
      /** ISO instant at which the old one is revoked; `null`: it stays until it expires. */
      oldRevokedAt: string | null
    }
  | { how: 'revoked'; by: string; at: string }
  /** It is no longer at OVHcloud, and nobody told the bot. */
  | { how: 'vanished'; at: string }

/** An entry with what has been said about it. */
export interface Followed extends LedgerEntry {
  reminded: Reminded
}

export interface Reminded {
  /** The most urgent threshold that was announced, in milliseconds before the expiry; `null`: none. */
  toldMs: number | null
  /** Marks of the messages that speak of it, oldest first. */
  cards: readonly string[]
  /** Nothing is said before; milliseconds of the clock port. */
  snoozed: { untilMs: number; by: string } | null
  /** Its messages do not show what is known by now. */
  stale: boolean
}

/** Instants in milliseconds of the clock port. */
export interface Comparison {
  /** The last one that succeeded; `null`: none yet. */
  doneAtMs: number | null
  /** The first one that failed since; `null`: none did. */
  failingSinceMs: number | null
}

/** Which OKMS stands behind a key server of a Private Cloud; the API keeps an address alone. */
export interface KeyServerEntry {
  cloud: string
  kmsId: number
  okmsId: string
  host: string
  port: number
}

export interface Ledger {
  /** Writes it down, or over what was known; what has been said about it is kept. */
  remember(entry: LedgerEntry): Promise<void>
  /** Entries by credential id; unknown ids are left out. */
  find(credentialIds: readonly string[]): Promise<Map<string, Followed>>
  /** All entries, in no order; one that changes meanwhile may come twice. */
  pages(): AsyncIterable<Followed[]>
  /**
   * Changes an entry as it is now; `how` may be called again when somebody else was faster, and answers `null` to leave it.
   * Answers the new entry, or `null` when nothing was changed. The reminders look at it anew.
   */
  change(credentialId: string, how: (entry: Followed) => Followed | null): Promise<Followed | null>
  /** Notes what became of it; a later solution replaces an earlier one. One that the ledger does not know is fine. */
  solve(credentialId: string, solution: Solution): Promise<void>
  /** It is not taken up again by a list that was read before. */
  forget(credentialId: string): Promise<void>
  /** How comparing each OKMS with OVHcloud went lately. */
  syncs(): Promise<Map<string, Comparison>>
  noteSync(okmsId: string, comparison: Comparison): Promise<void>
  rememberKeyServer(entry: KeyServerEntry): Promise<void>
  keyServer(cloud: string, kmsId: number): Promise<KeyServerEntry | null>
  forgetKeyServer(cloud: string, kmsId: number): Promise<void>
}
