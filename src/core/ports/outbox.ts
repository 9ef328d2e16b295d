/** Messages on their way. A message has a stable key; putting it again replaces what it shall show, and only the newest is sent. */
import type { PlatformName } from '../actor.js'
import type { Reply } from '../reply.js'
import type { MessageRef, Target } from './chat.js'

export interface Outbox {
  put(key: string, target: Target, reply: Reply): Promise<void>
  /** Puts it unless there is, or was in the last 90 days, a message of this key, whatever it shows by now. */
  putOnce(key: string, target: Target, reply: Reply): Promise<void>
  /** Changes what a message shows; one that there is not, or that was taken back, is fine. */
  rewrite(key: string, reply: Reply): Promise<void>
  /** Notes what was sent past the outbox (handed-over files), so that `remove` can take it back later. */
  adopt(key: string, target: Target, ref: MessageRef): Promise<void>
  /** Takes the message back: removed where it was sent, never sent where it was not. One that never was is fine. */
  remove(key: string): Promise<void>
}

/** Where the wishes rest. A lane is one conversation, named `<platform>:…`; the answer names the lane that a sender must be called to. */
export interface OutboxRecords {
  want(key: string, target: Target, reply: Reply): Promise<string | null>
  wantOnce(key: string, target: Target, reply: Reply): Promise<string | null>
  wantInstead(key: string, reply: Reply): Promise<string | null>
  unwant(key: string): Promise<string | null>
  adopt(key: string, target: Target, ref: MessageRef): Promise<void>
}

export interface PendingMessage {
  key: string
  target: Target
  /** What it shall show; `null`: it shall be gone. */
  reply: Reply | null
  version: number
  /** Milliseconds since the first wish that has not been fulfilled. */
  waitedMs: number
  /** Where it is, once sent. */
  ref: MessageRef | null
  /** Where the message is that its thread hangs under; `null` when its target is no thread, or that message was never sent. */
  under: MessageRef | null
  /** A send was begun and its end was never noted. */
  inDoubt: boolean
  failures: number
  /** Milliseconds since the first failure; 0 without one. */
  failingForMs: number
}

/** The sender's side. A lane is one conversation; its messages go out one after another. */
export interface OutboxLanes {
  /**
   * The next message of a lane, for the holder of `token` alone; notes the intent to send it.
   * `empty`: nothing to do, the lane is released. `busy`: somebody else sends. `{ waitMs }`: pacing.
   */
  next(lane: string, token: string): Promise<PendingMessage | 'empty' | 'busy' | { waitMs: number }>
  /** The message was sent in this version (`ref: null`: removed). */
  sent(
    lane: string,
    token: string,
    message: PendingMessage,
    ref: MessageRef | null,
    paceMs: number,
  ): Promise<void>
  /** It failed. */
  failed(lane: string, token: string, message: PendingMessage, how: SendFailure): Promise<void>
  release(lane: string, token: string): Promise<void>
  /** Lanes with something in them that no sender was called to lately, for the sweep after a crash. Answering counts as calling. */
  recall(platform: PlatformName): Promise<string[]>
  /** How many lanes have something in them. */
  waiting(platform: PlatformName): Promise<number>
}

export interface SendFailure {
  /** Gives this version up; else the message stays first in its lane, and the lane rests for `restMs`. */
  final: boolean
  /** It may have been sent all the same. */
  inDoubt: boolean
  restMs: number
}
