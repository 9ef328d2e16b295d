/** Turns a failure into a sentence for the person and a record for the operator. */
import type { BotError } from '../core/errors.js'
import type { Log } from '../core/ports/log.js'
import { type Reply, refusal } from '../core/reply.js'
import type { Text } from '../core/text.js'

/**
 * What a person reads. Messages written for operators are shown too: they are whole sentences without secrets, and whoever
 * waits wants to know; a bug is named by its reference alone.
 */
export function explain(error: BotError, reference: string): { message: Text; hint?: Text } {
  if (error.code === 'bug') {
    return {
      message: `Something broke here, reference ${reference}.`,
      hint: 'Tell whoever runs the bot the reference; their log says what happened.',
    }
  }
  return error.hint === undefined ? { message: error.message } : { message: error.message, hint: error.hint }
}

export function explainAsReply(error: BotError, reference: string): Reply {
  const { message, hint } = explain(error, reference)
  return refusal(message, hint)
}

/** One structured record for the operator; a refusal that the person can mend needs none. */
export function logFailure(log: Log, text: string, error: BotError, more: Record<string, unknown>): void {
  const record = { ...more, code: error.code, message: error.message, ...error.details }
  if (error.code === 'bug') {
    const cause = error.cause instanceof Error ? error.cause : error
    log.error(text, { ...record, stack: cause.stack })
  } else if (error.tell === 'operator') log.warn(text, record)
  else log.info(text, record)
}
