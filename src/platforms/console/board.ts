/**
 * What has been shown, to whom, with which buttons: the terminal's memory of its conversations. Prints plain prefixed lines
 * in a pipe; with a terminal, a card that is still the last thing on the screen is rewritten in place.
 */
import type { Button } from '../../core/reply.js'

/** Who can read a message; printed in front of each of its lines. */
export type Readers =
  | { kind: 'channel' | 'thread'; label: string; place: string }
  | { kind: 'dm' | 'only'; label: string; person: string }

export interface ShownMessage {
  key: string
  readers: Readers
  lines: string[]
  buttons: readonly Button[]
}

export interface Screen {
  /** Writes whole lines. */
  print(lines: readonly string[]): void
  /** Replaces the last `count` lines; `false` when the screen cannot. */
  rewrite(count: number, lines: readonly string[]): boolean
}

const PREFIX_WIDTH = 11

export class Board {
  readonly #messages: ShownMessage[] = []
  #last: ShownMessage | null = null

  constructor(private readonly screen: Screen) {}

  show(message: ShownMessage): void {
    this.#messages.push(message)
    this.#last = message
    this.screen.print(prefixed(message.readers, message.lines))
  }

  /** What somebody typed, as the others see it. */
  echo(readers: Readers, line: string): void {
    this.#last = null
    this.screen.print(prefixed(readers, [line]))
  }

  /** Something the console itself says. */
  note(line: string): void {
    this.#last = null
    this.screen.print(prefixed({ kind: 'channel', label: 'console', place: '' }, [line]))
  }

  edit(key: string, lines: string[], buttons: readonly Button[]): void {
    const message = this.find(key)
    if (!message) return
    const before = message.lines
    message.lines = lines
    message.buttons = buttons
    const all = prefixed(message.readers, lines)
    if (this.#last === message && this.screen.rewrite(before.length, all)) return
    // In a transcript, what did not change has been read already.
    const known = new Set(before.map(unspaced))
    const changed = lines.filter(line => !known.has(unspaced(line)))
    if (changed.length === 0) return
    this.#last = null
    this.screen.print(prefixed(message.readers, changed))
  }

  remove(key: string): void {
    const at = this.#messages.findIndex(message => message.key === key)
    if (at >= 0) this.#messages.splice(at, 1)
  }

  find(key: string): ShownMessage | undefined {
    return this.#messages.find(message => message.key === key)
  }

  /**
   * The newest button with this label, on a message that the person can read; else the newest anywhere, since pressing what one
   * cannot see must be refused by the bot and not by the console. An ellipsis may be left out.
   */
  button(
    label: string,
    person: string,
    subject: string | null,
  ): { message: ShownMessage; button: Button } | null {
    const plainLabel = (text: string) =>
      text
        .replace(/(…|\.\.\.)$/, '')
        .trim()
        .toLowerCase()
    const found = this.#messages.flatMap(message =>
      message.buttons
        .filter(button => plainLabel(button.label) === plainLabel(label))
        .filter(button => subject === null || button.subject === subject)
        .map(button => ({ message, button })),
    )
    return found.findLast(({ message }) => canRead(message.readers, person)) ?? found.at(-1) ?? null
  }

  /** What somebody can read now, oldest first. */
  readableBy(person: string): readonly ShownMessage[] {
    return this.#messages.filter(({ readers }) => canRead(readers, person))
  }

  labels(): string[] {
    return [...new Set(this.#messages.flatMap(({ buttons }) => buttons.map(({ label }) => label)))]
  }
}

/** A column that grew is no news. */
const unspaced = (line: string) => line.replaceAll(/\s+/g, ' ')

const canRead = (readers: Readers, person: string) => !('person' in readers) || readers.person === person

function prefixed(readers: Readers, lines: readonly string[]): string[] {
  const prefix = `[${readers.label}]`.padEnd(PREFIX_WIDTH)
  return lines.map(line => `${prefix} ${line}`.trimEnd())
}
