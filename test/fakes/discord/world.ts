/** What a stand-in Discord remembers: servers, channels, people, messages, interactions. No network in here. */
import type { Clock } from '../../../src/core/ports/clock.js'
import { type Component, EPHEMERAL, flatten, Refusal } from './rules.js'

export const GUILD = '900000000000000900'
export const FOREIGN_GUILD = '900000000000000901'
export const APPLICATION = '900000000000000800'

export interface User {
  id: string
  name: string
  roles: string[]
  closedDms: boolean
}

export interface Channel {
  id: string
  /** 0 text, 1 direct messages, 11 public thread. */
  type: 0 | 1 | 11
  name: string
  guildId: string | null
  parentId: string | null
  recipientId: string | null
  archived: boolean
  locked: boolean
  /** The bot may write here. */
  botMayWrite: boolean
  botMayReadHistory: boolean
}

export interface Attachment {
  id: string
  name: string
  bytes: Buffer
}

export interface Message {
  id: string
  channelId: string
  authorId: string
  components: Component[]
  flags: number
  attachments: Attachment[]
  /** The one person who can read it. */
  onlyFor: string | null
  /** The interaction whose token can change it. */
  interactionId: string | null
  isThinking: boolean
  notified: string[]
}

export interface Interaction {
  id: string
  token: string
  type: number
  userId: string
  channelId: string
  bornAtMs: number
  answeredAs: number | null
  originalId: string | null
  choices: string[] | null
  modal: { title: string; customId: string; components: Component[] } | null
}

const DISCORD_EPOCH_MS = 1_420_070_400_000
const FIRST_ANSWER_WITHIN_MS = 3000
const TOKEN_LIVES_MS = 15 * 60_000
const NONCE_KEPT_MS = 5 * 60_000

export class World {
  readonly users = new Map<string, User>()
  readonly channels = new Map<string, Channel>()
  readonly messages: Message[] = []
  readonly interactions = new Map<string, Interaction>()
  /** By guild. */
  readonly commands = new Map<string, { id: string; body: Record<string, unknown> }[]>()
  readonly #nonces = new Map<string, { messageId: string; atMs: number }>()
  #count = 0

  constructor(readonly clock: Clock) {}

  /** Ids carry the time, as theirs do. */
  newId(): string {
    this.#count++
    return String((BigInt(this.clock.now() - DISCORD_EPOCH_MS) << 22n) | BigInt(this.#count & 0x3fffff))
  }

  user(id: string): User {
    const found = this.users.get(id)
    if (!found) throw new Refusal(404, 10013, 'Unknown User')
    return found
  }

  addChannel(channel: Pick<Channel, 'id' | 'type' | 'name'> & Partial<Channel>): Channel {
    const whole = {
      guildId: GUILD,
      parentId: null,
      recipientId: null,
      archived: false,
      locked: false,
      botMayWrite: true,
      botMayReadHistory: true,
      ...channel,
    }
    this.channels.set(whole.id, whole)
    return whole
  }

  channel(id: string): Channel {
    const found = this.channels.get(id)
    if (!found) throw new Refusal(404, 10003, 'Unknown Channel')
    return found
  }

  directMessages(userId: string): Channel {
    this.user(userId)
    const open = [...this.channels.values()].find(({ recipientId }) => recipientId === userId)
    return (
      open ?? this.addChannel({ id: this.newId(), type: 1, name: '', guildId: null, recipientId: userId })
    )
  }

  /** A message of the bot's own, not an answer. Everybody in the channel reads it. */
  message(channelId: string, id: string): Message {
    const found = this.messages.find(
      one => one.id === id && one.channelId === channelId && one.onlyFor === null,
    )
    if (!found) throw new Refusal(404, 10008, 'Unknown Message')
    return found
  }

  add(message: Partial<Message> & Pick<Message, 'channelId'>): Message {
    const whole: Message = {
      id: this.newId(),
      authorId: APPLICATION,
      components: [],
      flags: 0,
      attachments: [],
      onlyFor: null,
      interactionId: null,
      isThinking: false,
      notified: [],
      ...message,
    }
    this.messages.push(whole)
    return whole
  }

  delete(message: Message): void {
    this.messages.splice(this.messages.indexOf(message), 1)
  }

  /** The message of this nonce, when it was posted a moment ago. */
  withNonce(nonce: string): Message | null {
    const known = this.#nonces.get(nonce)
    if (!known || this.clock.now() - known.atMs > NONCE_KEPT_MS) return null
    const message = this.messages.find(({ id }) => id === known.messageId)
    if (!message) throw new Refusal(404, 10008, 'Unknown Message')
    return message
  }

  noteNonce(nonce: string, messageId: string): void {
    this.#nonces.set(nonce, { messageId, atMs: this.clock.now() })
  }

  interaction(asked: Pick<Interaction, 'type' | 'userId' | 'channelId'>): Interaction {
    const id = this.newId()
    const created: Interaction = {
      ...asked,
      id,
      token: `interaction-token-${id}-${Math.random().toString(36).slice(2)}`,
      bornAtMs: this.clock.now(),
      answeredAs: null,
      originalId: null,
      choices: null,
      modal: null,
    }
    this.interactions.set(created.token, created)
    return created
  }

  /** For a first answer. */
  unanswered(id: string, token: string): Interaction {
    const found = this.interactions.get(token)
    if (!found || found.id !== id) throw new Refusal(404, 10062, 'Unknown interaction')
    if (found.answeredAs !== null) throw new Refusal(400, 40060, 'Interaction has already been acknowledged.')
    if (this.clock.now() - found.bornAtMs > FIRST_ANSWER_WITHIN_MS)
      throw new Refusal(404, 10062, 'Unknown interaction')
    return found
  }

  /** For everything after the first answer. */
  answered(token: string): Interaction {
    const found = this.interactions.get(token)
    if (!found || found.answeredAs === null) throw new Refusal(404, 10015, 'Unknown Webhook')
    if (this.clock.now() - found.bornAtMs > TOKEN_LIVES_MS)
      throw new Refusal(401, 50027, 'Invalid Webhook Token')
    return found
  }

  /** An answer of this interaction. */
  answer(interaction: Interaction, id: string): Message {
    const wanted = id === '@original' ? interaction.originalId : id
    const found = this.messages.find(one => one.id === wanted && one.interactionId === interaction.id)
    if (!found) throw new Refusal(404, 10008, 'Unknown Message')
    return found
  }

  visibleTo(userId: string): Message[] {
    return this.messages.filter(({ channelId, onlyFor }) => {
      const { recipientId, guildId } = this.channel(channelId)
      if (onlyFor !== null) return onlyFor === userId
      return recipientId === null ? guildId === GUILD : recipientId === userId
    })
  }
}

/** As the API answers it. */
export function messagePayload(message: Message, filesUrl: string) {
  return {
    id: message.id,
    channel_id: message.channelId,
    type: 0,
    content: '',
    author: { id: message.authorId, username: 'okms', discriminator: '0', bot: true, avatar: null },
    components: numbered(message.components),
    attachments: message.attachments.map(({ id, name, bytes }) => ({
      id,
      filename: name,
      size: bytes.length,
      url: `${filesUrl}/${id}/${name}`,
      proxy_url: `${filesUrl}/${id}/${name}`,
      ...((message.flags & EPHEMERAL) !== 0 ? { ephemeral: true } : {}),
    })),
    embeds: [],
    mentions: [],
    mention_roles: [],
    mention_everyone: false,
    pinned: false,
    tts: false,
    timestamp: new Date(0).toISOString(),
    edited_timestamp: null,
    flags: message.flags,
  }
}

/** Components without an id of their own get numbers, from 1. */
function numbered(components: readonly Component[]): Component[] {
  const copy = structuredClone(components) as Component[]
  let next = 1
  for (const one of flatten(copy)) one.id ??= next++
  return copy
}
