/** What the bot needs from a chat platform. Implemented by each folder of src/platforms. */
import type { Actor, Conversation, PlatformName } from '../actor.js'
import type { CommandFace } from '../command-face.js'
import type { Finding } from '../finding.js'
import type { Form } from '../form.js'
import type { Completing, Invocation, Press } from '../invocation.js'
import type { PrivateFile, Reply } from '../reply.js'
import type { Secret } from '../secret.js'
import type { Alone } from './alone.js'

/** Where a message goes. */
export type Target =
  | { to: 'conversation'; conversation: Conversation }
  /**
   * The direct messages of one person. Where those are closed: `otherwise`, visible to them alone if the platform still can
   * (an interaction of theirs is young enough), else as a message there that mentions them. Never holds a secret.
   */
  | { to: 'person'; actor: Actor; otherwise?: Conversation }
  /** The thread under a message of ours (its key), opened when it is not there yet; `title` names it. */
  | { to: 'thread'; under: string; conversation: Conversation; title: string }

/** The platform's own address of a message; plain JSON, kept with the message. */
export type MessageRef = Readonly<Record<string, string>>

export interface OutgoingMessage {
  /** Stable name of the message in our store; the platform carries it along so that `find` can recognise it. */
  key: string
  target: Target
  reply: Reply
  /** Where the message is that a thread hangs under; given with a target `thread`. */
  under?: MessageRef
  /** We may have sent it before and cannot look: say so in the message. */
  possibleRepeat?: boolean
}

export interface Handover {
  files: PrivateFile[]
  /** Shown once beside the files, as `Passphrase: …`. */
  passphrase: Secret | null
  /** What is said with the files: validity, fingerprint, what to do. */
  reply: Reply
  /** Makes file names distinct where one exists already. */
  runId: string
}

/** One command or press being answered. Lives in the chat process, with the platform's short-lived token. */
export interface Exchange {
  /**
   * First sign of life, to the asker alone; within 3 s. Calling it twice does nothing. `by another`: another process of the bot was
   * quicker, which may happen where a platform speaks to several.
   */
  acknowledge(): Promise<'by another' | undefined>
  /** The answer; a later call to the same audience replaces it. */
  answer(reply: Reply, audience: 'asker' | 'everyone'): Promise<void>
  /**
   * Hands files to the asker alone. Resolves when the platform confirmed.
   *
   * @param known hears what `remove` needs to take them back: before anything is shown, so that nothing is shown that nobody can take
   *   back, and again as more of it is known. Never called where the files stay with the person (the console's inbox).
   */
  deliver(handover: Handover, known: (ref: MessageRef) => Promise<void>): Promise<void>
  /** Takes back at once what `deliver` may have shown, unless the answer that follows writes over it anyway. */
  undeliver(): Promise<void>
}

/** What a platform asks the bot while a person is typing or pressing. All answer within 2 s, from memory or Redis. */
export interface ChatListener {
  /** Every command, to be published or offered. */
  commands(): readonly CommandFace[]
  /** The form that pressing opens; `null`: pressing acts at once. */
  form(press: string): Form | null
  /** What an option may be completed to, at most 25, best first; empty for whoever may not use the command there. */
  complete(asking: Completing): Promise<string[]>
  /**
   * Keeps the short-lived token with which files can be taken back that were handed over in an answer: sealed, for another process, or
   * for this one after a restart.
   */
  keepToken(interactionId: string, token: Secret, forMs: number): Promise<void>
  /** `null`: none was kept, or its time is over. */
  keptToken(interactionId: string): Promise<Secret | null>
  /** Both answer whether it was for this process to answer: `false` where another one has it in hand, or had. */
  onInvocation(invocation: Invocation, exchange: Exchange): Promise<boolean>
  onPress(press: Press, exchange: Exchange): Promise<boolean>
}

export interface ChatDoor {
  readonly platform: PlatformName
  /** Least time between two messages in one conversation, in milliseconds. */
  readonly paceMs: number
  /** @param alone where the platform speaks to one process of the fleet at a time */
  start(listener: ChatListener, alone: Alone): Promise<void>
  /**
   * @throws BotError `chat.rate-limited` with `retryAfterMs`, `chat.unreachable` (both tried again), or
   * `chat.refused` (final: closed direct messages, unknown channel …)
   */
  post(message: OutgoingMessage): Promise<MessageRef>
  /** @throws as `post` does, and `chat.gone` when somebody has deleted the message; so does `post` for a thread whose head is gone */
  edit(ref: MessageRef, message: OutgoingMessage): Promise<void>
  /** Looks for a message that may have been sent: its ref, `null` when it is certainly not there, `unknown` when nobody can tell. */
  find(key: string, target: Target, under?: MessageRef): Promise<MessageRef | null | 'unknown'>
  /** Takes a message or handed-over files back; one that is gone already is fine. */
  remove(ref: MessageRef): Promise<void>
  /** Whether the platform lets the bot do its work; `channels`: ids that the policy names. May throw `chat.*`. */
  examine?(channels: readonly string[]): Promise<Finding[]>
  stop(): Promise<void>
}
