/**
 * Private hand-over: `offered → collected → confirmed`, or `lapsed`/`revoked`. While a Collect is under way a lease of two
 * minutes is held, so that a lapse cannot take the credential from somebody who is just receiving it.
 */
import type { PrivateFile, Reply } from '../reply.js'
import type { Secret } from '../secret.js'

export type DeliveryState = 'offered' | 'collected' | 'confirmed' | 'lapsed' | 'revoked'

export interface DeliveryOffer {
  runId: string
  /** `personOf(actor)` of the one it is for. */
  recipient: string
  files: PrivateFile[]
  passphrase: Secret | null
  /** Said with the files; holds no secret. */
  reply: Reply
  /** ISO instant. */
  collectBy: string
}

export interface DeliveryStatus {
  state: DeliveryState
  recipient: string
  collectBy: string
  collectedAt: string | null
  /** Names of the messages with files that were or may have been handed over, to be taken back; newest last. */
  receipts: string[]
  /** Whether it is being handed over right now. */
  isUnderWay: boolean
}

export interface CollectLease {
  leaseId: string
  /** The name under which what is handed over now can be taken back; noted already. */
  receipt: string
  files: PrivateFile[]
  passphrase: Secret | null
  reply: Reply
}

export interface Deliveries {
  /** Seals the files and offers them. Offering the same run again replaces the files while nobody collected. */
  offer(offer: DeliveryOffer): Promise<void>
  status(runId: string): Promise<DeliveryStatus | null>
  /** Run ids of what lies ready for a person, collected or not, until it is over. */
  openFor(person: string): Promise<string[]>
  /**
   * Starts handing over. Refusals: `unknown` (no such delivery), `not-yours`, `busy` (another Collect is under way),
   * `lapsed`, `revoked`, `over` (saved and erased).
   */
  collect(
    runId: string,
    person: string,
  ): Promise<CollectLease | 'unknown' | 'not-yours' | 'busy' | 'lapsed' | 'revoked' | 'over'>
  /** The platform confirmed. Answers why it came too late: it is over meanwhile, and what was handed over goes at once. */
  collected(runId: string, leaseId: string): Promise<'collected' | 'lapsed' | 'revoked' | 'over'>
  /** Handing over did not work; the offer stands as before. */
  notCollected(runId: string, leaseId: string): Promise<void>
  /** The recipient says that the files are safe. `busy`: another set of them is being handed over right now. */
  confirm(
    runId: string,
    person: string,
  ): Promise<'confirmed' | 'unknown' | 'not-yours' | 'not-collected' | 'busy' | 'over'>
  /** Ends an offer that nobody collected. `false`: somebody did, or is just doing so. */
  lapse(runId: string): Promise<boolean>
  /** The recipient wants it revoked, which they can until it is confirmed. */
  revoke(runId: string, person: string): Promise<'revoked' | 'unknown' | 'not-yours' | 'over'>
  /** Erases the sealed files for good: nothing of the run is offered any more. The state stays readable. */
  erase(runId: string): Promise<void>
}
