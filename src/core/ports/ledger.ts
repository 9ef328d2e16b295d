/** What the bot knows of credentials beyond what OVHcloud says: who owns them and which channel is told. */
import type { Actor, Conversation } from '../actor.js'

export interface LedgerEntry {
  credentialId: string
  okmsId: string
  /** As people call the OKMS. */
  okmsName: string
  name: string
  profile: string | null
  owner: Pick<Actor, 'platform' | 'id' | 'name'> | null
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

/** Which OKMS stands behind a key server of a Private Cloud; the API keeps an address alone. */
export interface KeyServerEntry {
  cloud: string
  kmsId: number
  okmsId: string
  host: string
  port: number
}

export interface Ledger {
  remember(entry: LedgerEntry): Promise<void>
  /** Entries by credential id; unknown ids are left out. */
  find(credentialIds: readonly string[]): Promise<Map<string, LedgerEntry>>
  /** Notes what became of it; a later solution replaces an earlier one. One that the ledger does not know is fine. */
  solve(credentialId: string, solution: Solution): Promise<void>
  forget(credentialId: string): Promise<void>
  rememberKeyServer(entry: KeyServerEntry): Promise<void>
  keyServer(cloud: string, kmsId: number): Promise<KeyServerEntry | null>
  forgetKeyServer(cloud: string, kmsId: number): Promise<void>
}
