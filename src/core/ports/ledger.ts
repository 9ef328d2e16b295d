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
  forget(credentialId: string): Promise<void>
  rememberKeyServer(entry: KeyServerEntry): Promise<void>
  keyServer(cloud: string, kmsId: number): Promise<KeyServerEntry | null>
  forgetKeyServer(cloud: string, kmsId: number): Promise<void>
}
