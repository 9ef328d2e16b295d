/** Questions on their way to a worker, and interactions seen before. Job data holds the id alone; the question rests here. */
import type { Actor, Conversation } from '../core/actor.js'
import { keys } from './keys.js'
import { answered, type RedisConnection } from './redis.js'

const KEEP_ASK_SECONDS = 10 * 60
/** Platforms repeat an interaction for minutes at most. */
const KEEP_SEEN_SECONDS = 60 * 60

export interface Ask {
  read: string
  input: unknown
  requester: Actor
  conversation: Conversation
}

export interface AskStore {
  put(askId: string, ask: Ask): Promise<void>
  read(askId: string): Promise<Ask | null>
  /** Whether this interaction is met for the first time. */
  firstSight(interactionId: string): Promise<boolean>
}

export function createAskStore(redis: RedisConnection): AskStore {
  return {
    async put(askId, ask) {
      await answered(redis.set(keys.ask(askId), JSON.stringify(ask), 'EX', KEEP_ASK_SECONDS))
    },
    async read(askId) {
      const found = await answered(redis.get(keys.ask(askId)))
      return found === null ? null : (JSON.parse(found) as Ask)
    },
    async firstSight(interactionId) {
      return (
        (await answered(redis.set(keys.seen(interactionId), '1', 'EX', KEEP_SEEN_SECONDS, 'NX'))) === 'OK'
      )
    },
  }
}
