/** What the bot knows of credentials beyond what OVHcloud says: who owns them and which channel is told. */
import type { Actor, Conversation } from '../actor.js'

export interface LedgerEntry {
  credentialId: string
  okmsId: string
  name: string
  profile: string | null
  owner: Pick<Actor, 'platform' | 'id' | 'name'> | null
  channel: Conversation | null
  runId: string | null
  /** ISO instant. */
  expiresAt: string
}

export interface Ledger {
  remember(entry: LedgerEntry): Promise<void>
  /** Entries by credential id; unknown ids are left out. */
  find(credentialIds: readonly string[]): Promise<Map<string, LedgerEntry>>
  forget(credentialId: string): Promise<void>
}
