/**
 * How a test talks to the bot on any platform: the same verbs for console, Discord and Slack. Each platform's stand-in implements
 * them by what a person can really do there; what somebody sees is plain text, without the platform's markup where it allows.
 */
import type { PlatformName } from '../../src/core/actor.js'
import type { ChatDoor } from '../../src/core/ports/chat.js'

/** Where a person looks or speaks: a channel (`ops`), the thread under the card of a run, or the direct messages with the bot. */
export type Place = { channel: string } | { thread: string } | 'dm'

export interface SeenFile {
  name: string
  bytes: Buffer
}

export interface Talker {
  readonly name: string
  /** Says a whole line, such as `/okms credential reader 30d key:bot`; resolves when the platform has taken it. */
  says(line: string, place?: Place): Promise<void>
  /** Says a command with a file for one of its options, in the way the platform has: a path, an upload, a form. */
  brings(line: string, option: string, file: SeenFile): Promise<void>
  /** Says it with the contents of the file pasted, line breaks as `\n`; `null` where a client has no way to. */
  readonly pastes: ((line: string, option: string, text: string) => Promise<void>) | null
  /**
   * Presses the newest button of that name which this person can see (an ellipsis may be left out; `runId` chooses among several).
   * @throws when there is none
   */
  presses(label: string, runId?: string): Promise<void>
  /** Completes the form that the last press opened. @throws when none is open */
  fills(fields: Readonly<Record<string, string>>): Promise<void>
  /**
   * What this person can read now, oldest first, one text per message, buttons as `[Label]` on a last line of their own. Without a
   * place: everywhere, also what is visible to them alone.
   */
  sees(place?: Place): string[]
  /** Files this person can open now, oldest first. */
  files(): Promise<SeenFile[]>
}

/** One platform as people meet it, with what a test may do to it. */
export interface Side {
  readonly platform: PlatformName
  person(name: string): Talker
  /** What a command begins with inside a thread. */
  readonly inThreads: '/okms' | '@okms'
  /** A door of the bot to it; each start of the bot asks for another. */
  createDoor(): ChatDoor & { isBusy?(): boolean }
  /** What the bot sent against the platform's rules since last asked. */
  complaints(): string[]
  /** All that the bot sent over a wire so far. */
  wire(): { to: string; bytes: Buffer }[]
  /** The short-lived ways to answer what was said so far end now; `null` where there is no such thing. */
  readonly answersLapse: ((time: { passes(byMs: number): Promise<void> }) => Promise<void>) | null
  /** Somebody lets nobody write to them any more, until `opens` again; `null` where that cannot be. */
  readonly directMessages: { closes(name: string): void; opens(name: string): void } | null
  /** The platform itself is still at work with what it was sent. */
  isAtWork(): boolean
  stop(): Promise<void>
}

export interface Talking {
  person(name: string): Talker
  /** Lets everything that is under way end: commands, runs, messages. Nobody's patience is needed, no clock is moved. */
  settles(): Promise<void>
  stop(): Promise<void>
}
