/**
 * A chat platform in memory, as strict as the real ones: it knows which messages it holds, refuses to edit one that it does not,
 * and can be told to refuse, to lose its answer or to hide its history. Assert on what it shows, not on what was called.
 */
import { randomUUID } from 'node:crypto'
import type { PlatformName } from '../../src/core/actor.js'
import { BotError } from '../../src/core/errors.js'
import type { ChatDoor, MessageRef, OutgoingMessage, Target } from '../../src/core/ports/chat.js'
import { plain } from '../../src/core/text.js'

export interface ShownMessage {
  key: string
  place: string
  text: string
  edits: number
  possibleRepeat: boolean
}

export interface Call {
  did: 'post' | 'edit' | 'remove' | 'find'
  key: string
  text: string
  atMs: number
}

export interface RecordingDoor extends ChatDoor {
  /** What stands in the conversations now, oldest first. */
  shown(): ShownMessage[]
  texts(place?: string): string[]
  readonly calls: Call[]
  /** Asked before each call; what it throws or rejects with, the platform answers, and does nothing. */
  before(judge: (call: Call) => void | Promise<void>): void
  /** The platform does it, and its answer is lost on the way. */
  losesAnswerTo(key: string): void
  hidesHistory(): void
  /** Somebody deletes the message by hand. */
  loses(key: string): void
}

export function createRecordingDoor(platform: PlatformName = 'console', paceMs = 0): RecordingDoor {
  const messages = new Map<string, ShownMessage>()
  const calls: Call[] = []
  const lossy = new Set<string>()
  let judge: (call: Call) => void | Promise<void> = () => {}
  let historyIsOpen = true

  async function call(did: Call['did'], key: string, text = ''): Promise<void> {
    const now = { did, key, text, atMs: performance.now() }
    calls.push(now)
    await judge(now)
  }
  function answer<T>(key: string, value: T): T {
    if (!lossy.delete(key)) return value
    throw new BotError('chat.unreachable', 'The connection was cut.')
  }
  const held = (ref: MessageRef): ShownMessage => {
    const message = messages.get(ref.id ?? '')
    if (!message) throw new BotError('chat.gone', 'There is no such message.')
    return message
  }

  return {
    platform,
    paceMs,
    calls,
    shown: () => [...messages.values()],
    texts: place =>
      [...messages.values()]
        .filter(message => place === undefined || message.place === place)
        .map(m => m.text),
    before: next => {
      judge = next
    },
    losesAnswerTo: key => void lossy.add(key),
    hidesHistory: () => {
      historyIsOpen = false
    },
    loses: key => {
      for (const [id, message] of messages) if (message.key === key) messages.delete(id)
    },
    async start() {},
    async stop() {},
    async post(message) {
      const text = textOf(message)
      await call('post', message.key, text)
      const id = randomUUID()
      messages.set(id, {
        key: message.key,
        place: placeOf(message.target),
        text,
        edits: 0,
        possibleRepeat: message.possibleRepeat ?? false,
      })
      return answer(message.key, { id })
    },
    async edit(ref, message) {
      const text = textOf(message)
      await call('edit', message.key, text)
      const shown = held(ref)
      shown.text = text
      shown.edits += 1
      answer(message.key, null)
    },
    async find(key, target) {
      await call('find', key)
      if (!historyIsOpen) return 'unknown'
      const found = [...messages].find(([, m]) => m.key === key && m.place === placeOf(target))
      return found ? { id: found[0] } : null
    },
    async remove(ref) {
      await call('remove', messages.get(ref.id ?? '')?.key ?? '')
      messages.delete(ref.id ?? '')
    },
  }
}

const placeOf = (target: Target): string =>
  target.to === 'person' ? `dm ${target.actor.id}` : target.conversation.id

const textOf = ({ reply }: OutgoingMessage): string =>
  reply.kind === 'text' ? reply.lines.map(plain).join('\n') : plain(reply.title)
