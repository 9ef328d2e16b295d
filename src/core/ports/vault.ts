/** Sealed at rest: the only place where key material and tokens may lie, and only for as long as a delivery lasts. */
import type { Secret } from '../secret.js'

export interface Vault {
  /** Seals `secret` under run and label, for one recipient. Sealing again replaces. `forMs`: 2 days where absent. */
  seal(at: VaultAddress, secret: Secret, forMs?: number): Promise<void>
  /** `null` when nothing is there (never was, or erased). @throws BotError `vault.unreadable` when it cannot be opened */
  open(at: VaultAddress): Promise<Secret | null>
  /** Erases everything sealed under a run. */
  erase(runId: string): Promise<void>
}

export interface VaultAddress {
  runId: string
  /** `personOf(actor)` of the one it is for; part of what the seal authenticates. */
  recipient: string
  label: string
}
