/**
 * How a test talks to the bot on any platform: the same verbs for console, Discord and Slack. Each platform's stand-in implements
 * them by what a person can really do there; what somebody sees is plain text, without the platform's markup where it allows.
 */

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

export interface Talking {
  person(name: string): Talker
  /** Lets everything that is under way end: commands, runs, messages. Nobody's patience is needed, no clock is moved. */
  settles(): Promise<void>
  stop(): Promise<void>
}
