/** Refusals that are answers: there is no such thing. */
import { BotError, type ErrorCode } from '../core/errors.js'

/** What was asked for, or `null` where OVHcloud knows none. */
export async function foundOrNull<T>(answer: Promise<{ data: T }>): Promise<T | null> {
  try {
    return (await answer).data
  } catch (thrown) {
    if (isCode(thrown, 'ovh.not-found')) return null
    throw thrown
  }
}

export const isCode = (thrown: unknown, code: ErrorCode) => thrown instanceof BotError && thrown.code === code
