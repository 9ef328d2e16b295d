/** What the stand-in for Slack remembers: people, channels, messages, files, forms, and the short-lived keys to answer with. */
import type { Clock } from '../../../src/core/ports/clock.js'

export const BOT_USER = 'U00BOT'
export const TEAM = 'T00TEAM'

export type Block = Record<string, unknown>

export interface Message {
  channel: string
  ts: string
  threadTs: string | null
  /** A user id. */
  by: string
  text: string
  blocks: Block[]
  files: string[]
  metadata: Record<string, unknown> | null
  /** Ephemeral: the one person who sees it. */
  only: string | null
}

export interface Channel {
  id: string
  name: string
  kind: 'public' | 'private' | 'im'
  members: Set<string>
}

export interface StoredFile {
  id: string
  name: string
  /** What a picture shows, for those who cannot see it. */
  alt: string
  by: string
  /** `null` until uploaded. */
  bytes: Buffer | null
  length: number
  /** Channel to `ts`; shown only after a while. */
  shares: Map<string, { ts: string; visibleAtMs: number }>
}

export interface Trigger {
  user: string
  atMs: number
  used: boolean
}

export interface ResponseUrl {
  channel: string
  threadTs: string | null
  user: string
  uses: number
  atMs: number
  /** The message whose button was pressed; `null` for a slash command. */
  source: Message | null
  last: Message | null
}

export interface OpenView {
  id: string
  user: string
  view: Block
}

export class World {
  readonly channels = new Map<string, Channel>()
  readonly messages: Message[] = []
  readonly files = new Map<string, StoredFile>()
  readonly triggers = new Map<string, Trigger>()
  readonly responseUrls = new Map<string, ResponseUrl>()
  readonly views = new Map<string, OpenView>()
  /** User ids by name, and who may not be written to. */
  readonly users = new Map<string, string>()
  readonly closedDirectMessages = new Set<string>()
  readonly userGroups = new Map<string, string[]>()
  #count = 0

  constructor(readonly clock: Clock) {}

  next(prefix: string): string {
    this.#count += 1
    return `${prefix}${String(this.#count).padStart(6, '0')}`
  }

  /** Seconds and a counter, as Slack names messages. */
  newTs(): string {
    this.#count += 1
    return `${Math.floor(this.clock.now() / 1000)}.${String(this.#count).padStart(6, '0')}`
  }

  addUser(name: string): string {
    const id = `U00${name.toUpperCase()}`
    this.users.set(name, id)
    return id
  }

  addChannel(name: string, members: readonly string[], kind: Channel['kind'] = 'public'): Channel {
    const channel = { id: `C00${name.toUpperCase()}`, name, kind, members: new Set(members) }
    this.channels.set(channel.id, channel)
    return channel
  }

  directMessages(user: string): Channel {
    const id = `D${user.slice(1)}`
    const channel = this.channels.get(id) ?? {
      id,
      name: 'directmessage',
      kind: 'im' as const,
      members: new Set([user, BOT_USER]),
    }
    this.channels.set(id, channel)
    return channel
  }

  add(message: Omit<Message, 'ts' | 'files' | 'metadata' | 'only'> & Partial<Message>): Message {
    const added = { ts: this.newTs(), files: [], metadata: null, only: null, ...message }
    this.messages.push(added)
    return added
  }

  find(channel: string, ts: string): Message | undefined {
    return this.messages.find(
      message => message.channel === channel && message.ts === ts && message.only === null,
    )
  }

  drop(message: Message): void {
    this.messages.splice(this.messages.indexOf(message), 1)
  }

  /** Files that Slack took and does not show yet. */
  hasHiddenFiles(): boolean {
    const shares = [...this.files.values()].flatMap(file => [...file.shares.values()])
    return shares.some(({ visibleAtMs }) => visibleAtMs > Date.now())
  }

  newTrigger(user: string): string {
    const id = this.next('trigger.')
    this.triggers.set(id, { user, atMs: Date.now(), used: false })
    return id
  }

  canSee(user: string, message: Message): boolean {
    if (message.only !== null && message.only !== user) return false
    return this.channels.get(message.channel)?.members.has(user) ?? false
  }
}
