/** What reaches the bot, whatever platform it came from. */
import type { Actor, Conversation } from './actor.js'

export interface Invocation {
  /** The platform's id of this very interaction; a second one with the same id is dropped. */
  id: string
  actor: Actor
  conversation: Conversation
  said: Words | TypedOptions
}

/** What follows `/okms`, as text. */
export interface Words {
  form: 'words'
  text: string
  /** Reads what a person named for a file option: a path on the console, an upload elsewhere. Absent: the value is the contents. */
  readFile?: (value: string) => Promise<string>
}

/** What a platform with typed options sends. */
export interface TypedOptions {
  form: 'typed'
  /** `credential`, or `key create` for a command in a group. */
  command: string
  options: Readonly<Record<string, string>>
}

export interface Press {
  id: string
  actor: Actor
  conversation: Conversation
  /** Which button: the `press` of a `Button`. */
  press: string
  /** What it is about: the `subject` of the button, mostly a run id. */
  subject: string
  /** What a form held, when the button opened one. */
  fields?: Readonly<Record<string, string>>
}

/** An option being typed, on a platform that completes. */
export interface Completing {
  actor: Actor
  conversation: Conversation
  command: string
  option: string
  typed: string
}
