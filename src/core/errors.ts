/** Every failure the bot knows, one row each. The code is for machines and stable; the message is a whole sentence. */

/** `tell` names whom the message is written for; `retry` says whether trying the same again can help. */
const ERRORS = {
  'input.invalid': { tell: 'person', retry: false },
  'input.not-found': { tell: 'person', retry: false },
  'input.ambiguous': { tell: 'person', retry: false },
  'access.denied': { tell: 'person', retry: false },
  'policy.missing': { tell: 'person', retry: false },
  'state.conflict': { tell: 'person', retry: false },
  'csr.invalid': { tell: 'person', retry: false },
  'bundle.unsupported': { tell: 'person', retry: false },
  'certificate.malformed': { tell: 'operator', retry: false },
  'certificate.unexpected': { tell: 'operator', retry: false },
  'key.malformed': { tell: 'operator', retry: false },
  'vault.unreadable': { tell: 'operator', retry: false },
  'ovh.invalid': { tell: 'operator', retry: false },
  'ovh.unauthenticated': { tell: 'operator', retry: false },
  'ovh.denied': { tell: 'operator', retry: false },
  'ovh.not-found': { tell: 'operator', retry: false },
  'ovh.conflict': { tell: 'operator', retry: false },
  'ovh.rate-limited': { tell: 'operator', retry: true },
  'ovh.unreachable': { tell: 'operator', retry: true },
  'ovh.broken': { tell: 'operator', retry: true },
  'ovh.unexpected': { tell: 'operator', retry: false },
  'endpoint.unreachable': { tell: 'person', retry: true },
  'endpoint.refused': { tell: 'person', retry: false },
  'credential.failed': { tell: 'person', retry: false },
  'run.timed-out': { tell: 'person', retry: false },
  'delivery.busy': { tell: 'person', retry: true },
  'run.abandoned': { tell: 'person', retry: false },
  'run.unknown-version': { tell: 'operator', retry: true },
  'chat.refused': { tell: 'operator', retry: false },
  'chat.gone': { tell: 'operator', retry: false },
  'chat.rate-limited': { tell: 'operator', retry: true },
  'chat.unreachable': { tell: 'operator', retry: true },
  'store.unavailable': { tell: 'person', retry: true },
  bug: { tell: 'operator', retry: false },
} as const

export type ErrorCode = keyof typeof ERRORS

export interface BotErrorOptions {
  /** The next thing to try, a whole sentence. */
  hint?: string
  /** For the operator: vendor class, message, query id, missing actions … Never a secret. */
  details?: Record<string, string | number | boolean>
  /** How long the other side asked us to wait, in milliseconds. */
  retryAfterMs?: number
  cause?: unknown
}

/** The plain form in which a failure rests in Redis and crosses between processes. */
export interface ErrorRecord {
  code: ErrorCode
  message: string
  hint?: string
  details?: Record<string, string | number | boolean>
  retryAfterMs?: number
}

export class BotError extends Error {
  override readonly name = 'BotError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, string | number | boolean>>
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: BotErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? {}
    this.retryAfterMs = options.retryAfterMs
  }

  /** Whether trying the same again can help. */
  get retryable(): boolean {
    return ERRORS[this.code].retry
  }

  /** Whom the message is written for. */
  get tell(): 'person' | 'operator' {
    return ERRORS[this.code].tell
  }

  toRecord(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(Object.keys(this.details).length === 0 ? {} : { details: { ...this.details } }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    }
  }

  static fromRecord(record: ErrorRecord): BotError {
    const { code, message, ...options } = record
    return new BotError(code in ERRORS ? code : 'bug', message, options)
  }

  /** Whatever was thrown, as a BotError: ours as it is, anything else a `bug` with the original as cause. */
  static from(thrown: unknown): BotError {
    if (thrown instanceof BotError) return thrown
    const name = thrown instanceof Error ? thrown.name : typeof thrown
    return new BotError('bug', 'Something broke here.', { cause: thrown, details: { thrown: name } })
  }
}

/** Redis does not answer. A command that was cut off may have been carried out all the same, so nothing is claimed of it. */
export function storeUnavailable(cause: unknown): BotError {
  const reason = cause instanceof Error ? `${cause.name} ${cause.message}` : String(cause)
  return new BotError('store.unavailable', 'The bot cannot reach its memory (Redis) right now.', {
    hint: 'Try again in a minute: a run that was started after all shows its card by then. If it stays so, tell whoever runs the bot.',
    details: { reason: reason.slice(0, 200) },
    cause,
  })
}
