/** Hears what the bot says: a chat platform that notes who was reminded of what, and holds its messages as they read now. */
import { randomUUID } from 'node:crypto'
import type { ChatDoor, OutgoingMessage } from '../../src/core/ports/chat.js'
import type { Reply } from '../../src/core/reply.js'
import { plain } from '../../src/core/text.js'

export interface Heard {
  credentialId: string
  place: string
  atMs: number
  inDigest: boolean
}

export interface Ear {
  door: ChatDoor
  /** Announcements since last asked. */
  heard(): Heard[]
  /** Ids that were told as found, each time. */
  found: string[]
  /** Ids that were told as vanished, each time. */
  vanished: string[]
  /** Cards of one credential as they read now, by credential. */
  cards(credentialId: string): string[]
  posts(): number
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

export function createEar(now: () => number): Ear {
  let fresh: Heard[] = []
  const shown = new Map<string, { credentialId: string | null; text: string }>()
  const byCredential = new Map<string, string[]>()
  const found: string[] = []
  const vanished: string[] = []

  function hear({ key, target, reply }: OutgoingMessage): string | null {
    const place = target.to === 'person' ? 'dm' : target.conversation.id
    const announced = (credentialId: string, inDigest: boolean) =>
      void fresh.push({ credentialId, place, atMs: now(), inDigest })
    if (reply.kind === 'table') {
      const [state, id] = ['STATE', 'ID'].map(header => reply.columns.findIndex(one => one.header === header))
      for (const row of reply.rows) if (/expire/.test(row[state!]!)) announced(row[id!]!, true)
      return null
    }
    if (reply.kind !== 'text') return null
    const ids = textOf(reply).match(ID) ?? []
    if (key.startsWith('sync/found/')) found.push(...ids)
    else if (key.startsWith('sync/vanished/')) vanished.push(...ids)
    const credentialId = reply.buttons?.find(({ press }) => press === 'renew')?.subject ?? null
    if (credentialId !== null) announced(credentialId, false)
    return credentialId
  }

  const door: ChatDoor = {
    platform: 'console',
    paceMs: 0,
    async start() {},
    async stop() {},
    async post(message) {
      const id = randomUUID()
      const credentialId = hear(message)
      shown.set(id, { credentialId, text: textOf(message.reply) })
      if (credentialId !== null)
        byCredential.set(credentialId, [...(byCredential.get(credentialId) ?? []), id])
      return { id }
    },
    async edit(ref, { reply }) {
      shown.get(ref.id!)!.text = textOf(reply)
    },
    find: async () => null,
    async remove(ref) {
      shown.delete(ref.id!)
    },
  }
  return {
    door,
    found,
    vanished,
    heard() {
      const all = fresh
      fresh = []
      return all
    },
    cards: credentialId => (byCredential.get(credentialId) ?? []).map(id => shown.get(id)!.text),
    posts: () => shown.size,
  }
}

const textOf = (reply: Reply) => (reply.kind === 'text' ? reply.lines.map(plain).join('\n') : '')
