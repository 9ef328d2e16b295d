/**
 * The lines a person can type into the console: who says what where, presses, forms, and time. One line at a time, each
 * answered before the next is read.
 */
import type { Conversation } from '../../core/actor.js'
import { parseDuration } from '../../core/duration.js'
import { BotError } from '../../core/errors.js'
import type { Button } from '../../core/reply.js'
import { normalizeRunId } from '../../core/run-id.js'
import { type ConsoleDoor, channel, directMessages, person, readersOf, thread } from './adapter.js'
import type { ShownMessage } from './board.js'
import { readNamedFile } from './named-file.js'

export interface SessionParts {
  door: ConsoleDoor
  /** Names that may speak; the first speaks when none is given. */
  people: readonly string[]
  /** The channel people are in unless they say otherwise. */
  home: string
  settle(): Promise<void>
  /** Milliseconds to move. */
  advance(byMs: number): Promise<void>
}

/** `understood: false`: the line was no known console form. */
export type LineEnd = { understood: boolean; leave?: boolean }

export const CONSOLE_HELP = [
  'ana: /okms list                speak as ana in #ops; without a name as the first person',
  'ana #sec: …  ana dm: …         speak elsewhere; ana thread <run>: … in the thread of a run',
  'ana: press Collect [run]       press the newest such button that ana can see',
  'bo: fill reason:"not now"       complete the form that a press has opened',
  'settle                         wait until nothing moves any more',
  'advance 20d                    move the clock and let what is due happen',
  'exit                           end',
]

interface Speaker {
  name: string
  conversation: Conversation
  words: string
}

export function createSession(parts: SessionParts) {
  const { door, people } = parts
  const { board } = door

  function speakerOf(line: string): Speaker | null {
    const match = /^([a-z][\w-]*)(?:\s+(#[\w-]+|thread\s+\S+|dm))?:(?:\s+(.*))?$/is.exec(line)
    if (!match) return { name: people[0]!, conversation: channel(parts.home), words: line }
    const [, name, place, words = ''] = match
    if (!people.includes(name!)) return null
    return { name: name!, conversation: placeNamed(place, name!), words: words.trim() }
  }

  function placeNamed(place: string | undefined, name: string): Conversation {
    if (place === undefined) return channel(parts.home)
    if (place === 'dm') return directMessages(name)
    if (place.startsWith('#')) return channel(place.slice(1))
    const runId = place.split(/\s+/)[1]!
    return thread(normalizeRunId(runId) ?? runId, parts.home)
  }

  async function speak({ name, conversation, words }: Speaker): Promise<boolean> {
    const said = /^(?:\/okms|@okms)\b\s*(.*)$/is.exec(words)
    if (said) {
      board.echo(readersOf(conversation), `${name}: ${withoutPastes(words)}`)
      await door.say({
        actor: person(name),
        conversation,
        said: { form: 'words', text: said[1]!, readFile: readNamedFile },
      })
      return true
    }
    const press = /^press\s+(.+)$/is.exec(words)
    if (press) {
      await pressButton(name, conversation, press[1]!.trim())
      return true
    }
    const fill = /^fill(?:\s+(.+))?$/is.exec(words)
    if (fill) {
      await fillForm(name, fill[1] ?? '')
      return true
    }
    return false
  }

  async function fillForm(name: string, words: string): Promise<void> {
    try {
      if (!(await door.fill(person(name), words)))
        board.note(`No form is open for ${name}; press a button first.`)
    } catch (error) {
      if (!(error instanceof BotError)) throw error
      board.note(error.message)
    }
  }

  async function pressButton(name: string, conversation: Conversation, wanted: string): Promise<void> {
    const found = findButton(name, wanted)
    if (!found) {
      board.note(`There is no button "${wanted}" to press.`)
      return
    }
    const { message, button } = found
    const where = 'place' in message.readers ? conversationShown(message, conversation) : directMessages(name)
    board.echo(message.readers, `${name} presses ${button.label}`)
    await door.press({
      actor: person(name),
      conversation: where,
      press: button.press,
      subject: button.subject,
    })
  }

  /** The last word may be a run id. */
  function findButton(name: string, wanted: string): { message: ShownMessage; button: Button } | null {
    const words = wanted.split(/\s+/)
    const runId = words.length > 1 ? normalizeRunId(words.at(-1)!) : null
    if (runId !== null) {
      const found = board.button(words.slice(0, -1).join(' '), name, runId)
      if (found) return found
    }
    return board.button(wanted, name, null)
  }

  async function advanceBy(text: string): Promise<LineEnd> {
    try {
      await parts.advance(parseDuration(text))
      return { understood: true }
    } catch (error) {
      if (!(error instanceof BotError)) throw error
      return misunderstood(`${error.message} ${error.hint ?? ''}`.trim())
    }
  }

  function misunderstood(why: string): LineEnd {
    board.note(why)
    return { understood: false }
  }

  return {
    async line(text: string): Promise<LineEnd> {
      const line = text.trim()
      if (line === '' || line.startsWith('# ')) return { understood: true }
      if (line === 'exit' || line === 'quit') return { understood: true, leave: true }
      if (line === 'help' || line === '?') {
        for (const helpLine of CONSOLE_HELP) board.note(helpLine)
        return { understood: true }
      }
      if (line === 'settle') {
        await parts.settle()
        return { understood: true }
      }
      const advance = /^advance\s+(\S+)$/.exec(line)
      if (advance) return advanceBy(advance[1]!)
      const speaker = speakerOf(line)
      if (!speaker) return misunderstood(`Nobody here is called that. People: ${people.join(', ')}.`)
      return (await speak(speaker))
        ? { understood: true }
        : misunderstood('The console does not know this line; help shows what it knows.')
    },
  }
}

/** A message in a channel is pressed in that channel, wherever the person was just talking. */
function conversationShown({ readers }: ShownMessage, fallback: Conversation): Conversation {
  if (readers.kind === 'channel') return channel(readers.place)
  if (readers.kind === 'thread')
    return {
      ...fallback,
      id: readers.place,
      name: readers.label,
      kind: 'thread',
      parent: fallback.parent ?? fallback.id,
    }
  return fallback
}

/** What was pasted is not repeated: nobody reads it, and it might have been a key. */
const withoutPastes = (words: string) =>
  words
    .replaceAll(/-----BEGIN[\s\S]*?(?:-----END[^-]*-----|$)/g, '(pasted)')
    .replaceAll(/\{.*\bkty\b.*\}/gs, '(pasted)')
    .replaceAll(/[A-Za-z0-9+/=]{60,}/g, '(pasted)')
