/** The worker's side of a question: finds the read, gives it the outside, answers. */

import type { Actor, Conversation } from '../core/actor.js'
import { BotError } from '../core/errors.js'
import type { Outside, Read } from '../core/job.js'
import type { Log } from '../core/ports/log.js'
import { type Metrics, noMetrics } from '../core/ports/metrics.js'
import { logFailure } from './explain.js'

export interface AnswerParts {
  reads: ReadonlyMap<string, Read<never, unknown>>
  asks: {
    read(
      askId: string,
    ): Promise<{ read: string; input: unknown; requester: Actor; conversation: Conversation } | null>
  }
  outside: Outside
  log: Log
  metrics?: Metrics
}

/** @throws what the read throws: refusals for the person, failures of OVHcloud */
export function createAnswerer({ reads, asks, outside, log, metrics = noMetrics }: AnswerParts) {
  return async (askId: string, signal: AbortSignal): Promise<unknown> => {
    const ask = await asks.read(askId)
    if (!ask) {
      throw new BotError('state.conflict', 'The question was too old when a worker came to it.', {
        hint: 'Ask again.',
      })
    }
    const read = reads.get(ask.read)
    if (!read) {
      throw new BotError('run.unknown-version', 'This worker is from another version of the bot.', {
        hint: 'Ask again in a minute.',
      })
    }
    try {
      const { requester, conversation } = ask
      const input = read.input.parse(ask.input)
      const answer = await read.run({ ...outside, input, requester, conversation, log, signal })
      metrics.count('reads', { read: read.name, outcome: 'ok' })
      return answer
    } catch (thrown) {
      const error = BotError.from(thrown)
      metrics.count('reads', { read: read.name, outcome: error.code })
      logFailure(log, 'read failed', error, { askId, read: ask.read })
      throw error
    }
  }
}
