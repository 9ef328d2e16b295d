/**
 * The audit trail: who did what, where, on which thing, how it ended. Entries are chained by HMAC (src/store/audit-chain.ts), so that
 * one which was changed, removed or swapped is found. Holds no secret: words people typed are kept only where they name a thing.
 */

/**
 * `command` and `press`: accepted or refused. `vote`: approve, deny, withdraw. `run`: its end. `call`: one that writes at OVHcloud.
 * `delivery`: offered, collected, confirmed, lapsed, revoked, erased.
 */
export type AuditKind = 'command' | 'press' | 'vote' | 'run' | 'call' | 'delivery'

export interface AuditEvent {
  kind: AuditKind
  /** `personOf(actor)`; `okms-bot` for what the bot does on its own. */
  who: string
  /** `placeOf(conversation)`; `null` where there is none. */
  from: string | null
  /** The command with its options, the button, the job, the route. */
  what: string
  /** What it is about: ids and names of runs, credentials, Private Clouds, OKMS. */
  subjects: readonly string[]
  /** `ok`, how a run ended, or the code of the failure. */
  outcome: string
  /** Version of the policy that was judged by; `null` where none was. */
  policy: string | null
  /** OVHcloud's name for the call. */
  queryId: string | null
  /** What the person was told to quote, or the run. */
  reference: string | null
}

export interface AuditEntry extends AuditEvent {
  /** ISO instant. */
  at: string
}

export interface AuditQuery {
  /** A run, credential, Private Cloud or OKMS, by id or name; its runs are told whole. Absent: everything. */
  subject?: string
  limit: number
}

export interface Audit {
  /** Notes it, soon: never waits, never throws. What cannot be written goes to the log, loudly. */
  record(event: AuditEvent): void
  /** Newest first. Looks through the newest hundred thousand entries. */
  read(query: AuditQuery): Promise<AuditEntry[]>
}

/** Who acts where nobody asked. */
export const BOT = 'okms-bot'

/** For parts that are tried or measured on their own. */
export const noAudit: Audit = { record() {}, read: async () => [] }
