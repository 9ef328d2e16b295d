/** Listens at a door: every reply that the bot gives to it, as the plain data it is. */
import type { Alone } from '../../src/core/ports/alone.js'
import type { ChatDoor, ChatListener, Exchange } from '../../src/core/ports/chat.js'
import type { Reply } from '../../src/core/reply.js'

export interface Overheard {
  /** Its key without the run, such as `card`; `answer` to a command or press, `handover` with files. */
  what: string
  /** The run it is about; empty where its key names none. */
  runId: string
  reply: Reply
  /** Names of the files that were handed over with it. */
  files: string[]
}

export function overhear() {
  const heard: Overheard[] = []
  function note(key: string, reply: Reply, files: string[] = []): void {
    const [runId, what = ''] = key.split('/')
    heard.push({ what, runId: runId!, reply, files })
  }

  const listening = (exchange: Exchange): Exchange => ({
    acknowledge: () => exchange.acknowledge(),
    answer(reply, audience) {
      note('/answer', reply)
      return exchange.answer(reply, audience)
    },
    undeliver: () => exchange.undeliver(),
    deliver(handover, known) {
      note(
        `${handover.runId}/handover`,
        handover.reply,
        handover.files.map(({ name }) => name),
      )
      return exchange.deliver(handover, known)
    },
  })

  return {
    /** The newest of its kind. @throws when there was none */
    newest(what: string): Overheard {
      const found = heard.findLast(one => one.what === what)
      if (!found) throw new Error(`nobody said ${what}, only ${heard.map(one => one.what)}`)
      return found
    },
    watched: (door: ChatDoor): ChatDoor => ({
      ...door,
      start: (listener: ChatListener, alone: Alone) =>
        door.start(
          {
            ...listener,
            onInvocation: (invocation, exchange) => listener.onInvocation(invocation, listening(exchange)),
            onPress: (press, exchange) => listener.onPress(press, listening(exchange)),
          },
          alone,
        ),
      post(message) {
        note(message.key, message.reply)
        return door.post(message)
      },
      edit(ref, message) {
        note(message.key, message.reply)
        return door.edit(ref, message)
      },
    }),
  }
}
