/** The terminal as a chat platform. Implements ports/chat.ts. */
import { randomUUID } from 'node:crypto'
import type { Actor, Conversation } from '../../core/actor.js'
import type { Form } from '../../core/form.js'
import type { Invocation, Press } from '../../core/invocation.js'
import type {
  ChatDoor,
  ChatListener,
  Exchange,
  Handover,
  OutgoingMessage,
  Target,
} from '../../core/ports/chat.js'
import { type Painter, pictureFor } from '../../core/ports/painter.js'
import type { PublicFile, Reply } from '../../core/reply.js'
import { Board, type Readers, type Screen } from './board.js'
import { formLines, readFields } from './forms.js'
import type { Inbox } from './inbox.js'
import { readNamedFile } from './named-file.js'
import { encodeReply } from './replies.js'

export interface ConsoleDoor extends ChatDoor {
  readonly board: Board
  /** Somebody typed a command. Resolves when it is answered. */
  say(invocation: Omit<Invocation, 'id'>): Promise<void>
  /** Somebody pressed a button. Where it opens a form, that is shown to them and waits for `fill`. */
  press(press: Omit<Press, 'id'>): Promise<void>
  /** Somebody completed the form that is open for them. `false`: there is none. */
  fill(who: Actor, words: string): Promise<boolean>
}

export function createConsoleDoor(screen: Screen, inbox: Inbox, painter: Painter): ConsoleDoor {
  const board = new Board(screen)
  let listener: ChatListener | null = null
  /** By person: the form that waits to be filled in. */
  const openForms = new Map<string, { press: Omit<Press, 'id'>; form: Form }>()

  /** Where its picture lies now, as a line; none where it has none. */
  async function drawn(reply: Reply): Promise<string[]> {
    const picture = await pictureFor(reply, painter)
    return picture ? [`Picture: ${await inbox.show(picture.name, picture.bytes)}`] : []
  }

  function exchangeFor(actor: Actor, conversation: Conversation): Exchange {
    const id = randomUUID()
    const save = async (files: readonly PublicFile[] | undefined, suffix: string) => {
      const paths: string[] = []
      for (const { name, text } of files ?? [])
        paths.push(await inbox.put(actor.id, name, Buffer.from(text), suffix))
      return paths
    }
    return {
      acknowledge: async () => undefined,
      async answer(reply, audience) {
        const readers = audience === 'everyone' ? readersOf(conversation) : onlyFor(actor)
        const key = `exchange/${id}/${audience}`
        const saved = await save(filesOf(reply), id.slice(0, 8))
        const lines = [...encodeReply(reply), ...saved, ...(await drawn(reply))]
        if (board.find(key)) board.edit(key, lines, buttonsOf(reply))
        else board.show({ key, readers, lines, buttons: buttonsOf(reply) })
      },
      async deliver({ files, passphrase, reply, runId }: Handover) {
        const paths: string[] = []
        for (const { name, content, encoding } of files) {
          paths.push(await inbox.put(actor.id, name, Buffer.from(content.reveal(), encoding), runId))
        }
        const lines = [
          paths.join(' · '),
          ...(passphrase ? [`Passphrase: ${passphrase.reveal()}`] : []),
          ...encodeReply(reply),
        ]
        board.show({ key: `handover/${id}`, readers: onlyFor(actor), lines, buttons: buttonsOf(reply) })
        // The inbox is the person's own: nothing is taken out of it.
      },
      undeliver: async () => {},
    }
  }

  const heard = async (
    conversation: Conversation,
    actor: Actor,
    act: (exchange: Exchange) => Promise<unknown> | undefined,
  ) => {
    await act(exchangeFor(actor, conversation))
  }

  const submit = (press: Omit<Press, 'id'>) =>
    heard(press.conversation, press.actor, exchange =>
      listener?.onPress({ ...press, id: randomUUID() }, exchange),
    )

  return {
    platform: 'console',
    paceMs: 0,
    board,
    async start(heardBy) {
      listener = heardBy
    },
    say: invocation =>
      heard(invocation.conversation, invocation.actor, exchange =>
        listener?.onInvocation({ ...invocation, id: randomUUID() }, exchange),
      ),
    async press(press) {
      const form = listener?.form(press.press)
      if (!form) return submit(press)
      openForms.set(press.actor.id, { press, form })
      board.show({
        key: `form/${randomUUID()}`,
        readers: onlyFor(press.actor),
        lines: formLines(form),
        buttons: [],
      })
    },
    async fill(who, words) {
      const open = openForms.get(who.id)
      if (!open) return false
      const fields = await withFiles(open.form, readFields(open.form, words))
      openForms.delete(who.id)
      await submit({ ...open.press, fields })
      return true
    },

    async post({ key, target, reply, possibleRepeat }: OutgoingMessage) {
      const above = possibleRepeat ? ['(possibly a repeat)'] : []
      const lines = [...above, ...encodeReply(reply), ...(await drawn(reply))]
      board.show({ key, readers: readersOfTarget(target), lines, buttons: buttonsOf(reply) })
      return { key }
    },
    async edit(ref, { reply }) {
      board.edit(ref.key!, [...encodeReply(reply), ...(await drawn(reply))], buttonsOf(reply))
    },
    find: async key => (board.find(key) ? { key } : null),
    async remove(ref) {
      board.remove(ref.key!)
    },
    async stop() {
      listener = null
    },
  }
}

/** A field for a file takes a path, as an option does. */
async function withFiles(form: Form, fields: Record<string, string>): Promise<Record<string, string>> {
  const read = { ...fields }
  for (const { name, kind } of form.fields) {
    if (kind === 'file' && fields[name]) read[name] = await readNamedFile(fields[name])
  }
  return read
}

export const person = (name: string): Actor => ({ platform: 'console', id: name, name })
export const channel = (id: string): Conversation => ({
  platform: 'console',
  id,
  name: `#${id}`,
  kind: 'channel',
})
export const directMessages = (name: string): Conversation => ({
  platform: 'console',
  id: `dm-${name}`,
  name: `dm ${name}`,
  kind: 'dm',
})
export const thread = (runId: string, parent: string): Conversation => ({
  platform: 'console',
  id: `thread-${runId}`,
  name: `thread ${runId}`,
  kind: 'thread',
  parent,
})

export function readersOf(conversation: Conversation): Readers {
  if (conversation.kind === 'dm') {
    return { kind: 'dm', label: conversation.name, person: conversation.id.replace(/^dm-/, '') }
  }
  return { kind: conversation.kind, label: `${conversation.name}`, place: conversation.id }
}

const onlyFor = (actor: Actor): Readers => ({ kind: 'only', label: `only ${actor.name}`, person: actor.id })

function readersOfTarget(target: Target): Readers {
  if (target.to === 'person') return readersOf(directMessages(target.actor.id))
  if (target.to === 'conversation') return readersOf(target.conversation)
  // A thread is called after the run whose card it hangs under: keys begin with the run id.
  return readersOf(thread(target.under.split('/')[0]!, target.conversation.id))
}

const buttonsOf = (reply: Reply) => ('buttons' in reply ? (reply.buttons ?? []) : [])
const filesOf = (reply: Reply) => ('files' in reply ? reply.files : undefined)
