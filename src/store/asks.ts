/** Questions on their way to a worker, and interactions seen before. Job data holds the id alone; the question rests here. */
import type { Actor, Conversation } from '../core/actor.js'
import { keys } from './keys.js'
import { answered, type RedisConnection, script } from './redis.js'

const KEEP_ASK_SECONDS = 10 * 60
/** Platforms repeat an interaction for minutes at most. */
export const KEEP_SEEN_SECONDS = 60 * 60
/** What stands there once the repeat of an interaction is to be dropped for good. */
export const DEALT_WITH = 'dealt with'
/** A process that does not say for so long that it still has an interaction in hand is taken for dead. */
const IN_HAND_MS = 10_000

export interface Ask {
  read: string
  input: unknown
  requester: Actor
  conversation: Conversation
}

export interface AskStore {
  put(askId: string, ask: Ask): Promise<void>
  read(askId: string): Promise<Ask | null>
  /**
   * Takes an interaction in hand: `false` when another process has it, or it was dealt with. What is in hand for longer than ten
   * seconds is taken in hand again, so that the platform's repeat gets through when a process dies.
   */
  firstSight(interactionId: string): Promise<boolean>
  /** Once every few seconds, while it takes long. */
  stillInHand(interactionId: string): Promise<void>
  /** It was dealt with, whatever came of it: repeats are dropped from now on. */
  dealtWith(interactionId: string): Promise<void>
}

/** KEYS seen; ARGV inHandMs */
const STILL_IN_HAND = `
if redis.call('GET', KEYS[1]) == 'in hand' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`

/** @param inHandMs how long a process may be silent about an interaction that it took in hand */
export function createAskStore(redis: RedisConnection, inHandMs = IN_HAND_MS): AskStore {
  const stillInHand = script(redis, 'okmsStillInHand', STILL_IN_HAND)
  return {
    async put(askId, ask) {
      await answered(redis.set(keys.ask(askId), JSON.stringify(ask), 'EX', KEEP_ASK_SECONDS))
    },
    async read(askId) {
      const found = await answered(redis.get(keys.ask(askId)))
      return found === null ? null : (JSON.parse(found) as Ask)
    },
    async firstSight(interactionId) {
      return (await answered(redis.set(keys.seen(interactionId), 'in hand', 'PX', inHandMs, 'NX'))) === 'OK'
    },
    async stillInHand(interactionId) {
      await stillInHand([keys.seen(interactionId)], [inHandMs])
    },
    async dealtWith(interactionId) {
      await answered(redis.set(keys.seen(interactionId), DEALT_WITH, 'EX', KEEP_SEEN_SECONDS))
    },
  }
}
