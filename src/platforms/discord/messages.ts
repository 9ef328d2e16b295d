/**
 * The bot's own messages: posted, edited, found again and removed with the bot's token; for people with closed direct messages,
 * answers that only they see as long as an interaction of theirs lives, then a message that mentions them.
 */
import { createHash, randomUUID } from 'node:crypto'
import { SnowflakeUtil } from 'discord.js'
import { BotError } from '../../core/errors.js'
import type { ChatDoor, MessageRef, OutgoingMessage, Target } from '../../core/ports/chat.js'
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import { type Painter, pictureFor } from '../../core/ports/painter.js'
import type { Secret } from '../../core/secret.js'
import { CODE, isOneOf } from './errors.js'
import { HISTORY, MESSAGE } from './limits.js'
import { encodeReply } from './replies.js'
import type { HeardComponent, HeardMessage } from './schema.js'
import type { Tokens } from './tokens.js'
import type { Outgoing, Wire } from './wire.js'

export interface MessagesParts {
  wire: Wire
  tokens: Tokens
  /** The token of an interaction that this process did not hear, or not since it started. */
  keptToken(interactionId: string): Promise<Secret | null>
  clock: Clock
  log: Log
  painter: Painter
  /** The bot's own user id. */
  selfId(): string
}

/** `{channel, message}`; with `interaction` an answer that one person sees; with `for` a message that mentions somebody who could not be written to. */
type Ref = MessageRef & { channel: string; message: string; interaction?: string; for?: string }

const CLOSED = [CODE.closedDirectMessages, CODE.noSharedServer]
/** How the API calls the first answer to an interaction. */
export const ORIGINAL = '@original'
export const DEAD_TOKEN = [CODE.unknownWebhook, CODE.invalidWebhookToken, CODE.unknownInteraction]
/** A follow-up must wait until the command's own answer is shown. */
const AFTER_THE_ANSWER_MS = 1000
/** Far more than a message stays in doubt. */
const LOOK_BACK = { pages: 5, ms: 7 * 86_400_000 }

/** The same for every try to send one message; Discord drops the second within some minutes. */
const nonceOf = (key: string) =>
  createHash('sha256')
    .update(key)
    .digest('base64url')
    .slice(0, MESSAGE.nonceChars - 3)

/** By this number, carried by the first component, a message is known again in history, where the nonce is not kept. */
export const markOf = (key: string): number =>
  (createHash('sha256').update(key).digest().readUInt32BE(0) & 0x7fffffff) | 0x100000

export type Messages = ReturnType<typeof createMessages>

export function createMessages({ wire, tokens, keptToken, clock, log, painter, selfId }: MessagesParts) {
  const tokenOf = async (interactionId: string): Promise<string | null> =>
    tokens.find(interactionId)?.token ?? (await keptToken(interactionId))?.reveal() ?? null

  const directChannels = new Map<string, string>()
  const openedThreads = new Set<string>()
  /** Answers whose token died, and where they are shown since: id → address. */
  const moved = new Map<string, Ref>()

  async function encode(
    { key, reply, possibleRepeat }: OutgoingMessage,
    mentions?: string,
    above: readonly string[] = [],
  ): Promise<Outgoing> {
    const head = [
      ...(possibleRepeat ? ['-# possibly a repeat'] : []),
      ...(mentions ? [`<@${mentions}>`] : []),
      ...above,
    ]
    const { components, files, notifies } = encodeReply(reply, {
      id: markOf(key),
      above: head,
      picture: await pictureFor(reply, painter),
    })
    return { components, files, notify: mentions ? [...notifies, mentions] : notifies }
  }

  /** Nobody can write into an archived thread but by opening it again. */
  async function awake<T>(channelId: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      if (!isOneOf(error, CODE.archivedThread)) throw error
      await wire.unarchive(channelId)
      return act()
    }
  }

  async function sendTo(channelId: string, message: OutgoingMessage, outgoing: Outgoing): Promise<Ref> {
    const create = (nonce: string) => awake(channelId, () => wire.createMessage(channelId, outgoing, nonce))
    const sent = await create(nonceOf(message.key)).catch(error => {
      // One of this nonce was posted a moment ago and deleted since: this one is meant anew.
      if (isOneOf(error, CODE.unknownMessage)) return create(randomUUID().slice(0, MESSAGE.nonceChars))
      throw error
    })
    // Discord may answer the message of our first try, which says less than is to be said now.
    if (
      message.possibleRepeat &&
      wordsOf(sent.components) !== wordsOf(outgoing.components as HeardComponent[])
    )
      await wire.editMessage(channelId, sent.id, outgoing)
    return { channel: channelId, message: sent.id }
  }

  async function directChannel(userId: string): Promise<string> {
    const known = directChannels.get(userId)
    if (known !== undefined) return known
    const opened = await wire.openDirectMessages(userId)
    directChannels.set(userId, opened)
    return opened
  }

  async function sendToPerson(
    message: OutgoingMessage,
    { actor, otherwise }: Extract<Target, { to: 'person' }>,
  ): Promise<Ref> {
    try {
      return await sendTo(await directChannel(actor.id), message, await encode(message))
    } catch (error) {
      if (!isOneOf(error, ...CLOSED) || otherwise === undefined || otherwise.kind === 'dm') throw error
    }
    const live = tokens.ofPerson(actor.id, otherwise.id)
    if (live && !live.answered) {
      throw new BotError('chat.unreachable', 'The command is not answered yet, and this follows it.', {
        retryAfterMs: AFTER_THE_ANSWER_MS,
      })
    }
    if (live) {
      try {
        const sent = await wire.followUp(live.token, await encode(message), true)
        return { interaction: live.id, channel: otherwise.id, message: sent.id, for: actor.id }
      } catch (error) {
        if (!isOneOf(error, ...DEAD_TOKEN)) throw error
        tokens.drop(live.id)
      }
    }
    return sendMentioning(message, otherwise.id, actor.id)
  }

  async function sendMentioning(message: OutgoingMessage, channelId: string, userId: string): Promise<Ref> {
    return { ...(await sendTo(channelId, message, await encode(message, userId))), for: userId }
  }

  /** The thread under a message, opened when it is not there; the conversation itself where Discord has no threads. */
  async function threadOf(
    { conversation, title }: Extract<Target, { to: 'thread' }>,
    under: Ref | undefined,
  ): Promise<string> {
    if (!under || under.interaction || conversation.kind !== 'channel') return conversation.id
    if (openedThreads.has(under.message)) return under.message
    try {
      await wire.startThread(under.channel, under.message, title)
    } catch (error) {
      if (isOneOf(error, CODE.wrongChannelType)) return conversation.id
      throw error
    }
    openedThreads.add(under.message)
    return under.message
  }

  /** The answer cannot be changed any more, and what it shall say now must be told: beside it, once. */
  async function tellElsewhere(ref: Ref, message: OutgoingMessage): Promise<void> {
    const userId = ref.for
    if (userId === undefined)
      throw new BotError('chat.refused', 'An answer that one person sees cannot be changed after 15 min.')
    const known = moved.get(ref.message) ?? (await findIn(ref.channel, message.key))
    const there = known && known !== 'unknown' ? known : await sendMentioning(message, ref.channel, userId)
    moved.set(ref.message, { ...there, for: userId })
    if (!known || known === 'unknown') return
    const outgoing = await encode(message, userId)
    await awake(there.channel, () => wire.editMessage(there.channel, there.message, outgoing))
  }

  async function findIn(channelId: string, key: string): Promise<Ref | null | 'unknown'> {
    const mark = markOf(key)
    let before: string | null = null
    for (let page = 0; page < LOOK_BACK.pages; page++) {
      const messages: HeardMessage[] = await wire.history(channelId, before)
      const ours = messages.find(
        ({ author, components }) => author?.id === selfId() && components?.[0]?.id === mark,
      )
      if (ours) return { channel: channelId, message: ours.id }
      const oldest = messages.at(-1)
      if (!oldest || messages.length < HISTORY.pageSize) return null
      if (SnowflakeUtil.timestampFrom(oldest.id) < clock.now() - LOOK_BACK.ms) return null
      before = oldest.id
    }
    return 'unknown'
  }

  return {
    async post(message: OutgoingMessage, above?: readonly string[]): Promise<MessageRef> {
      const { target } = message
      if (target.to === 'person') return sendToPerson(message, target)
      const channelId =
        target.to === 'thread'
          ? await threadOf(target, message.under as Ref | undefined)
          : target.conversation.id
      return sendTo(channelId, message, await encode(message, undefined, above))
    },

    async edit(at: MessageRef, message: OutgoingMessage, above?: readonly string[]): Promise<void> {
      const ref = at as Ref
      if (ref.interaction === undefined) {
        const outgoing = await encode(message, ref.for, above)
        return awake(ref.channel, () => wire.editMessage(ref.channel, ref.message, outgoing)).catch(error => {
          if (!isOneOf(error, CODE.unknownMessage)) throw error
          throw new BotError('chat.gone', 'The message is not there any more.', { cause: error })
        })
      }
      const live = tokens.find(ref.interaction)
      if (!live) return tellElsewhere(ref, message)
      try {
        await wire.editFollowUp(live.token, ref.message, await encode(message))
      } catch (error) {
        if (!isOneOf(error, ...DEAD_TOKEN)) throw error
        tokens.drop(live.id)
        await tellElsewhere(ref, message)
      }
    },

    async remove(at: MessageRef): Promise<void> {
      const ref = at as Ref
      const elsewhere = moved.get(ref.message)
      if (elsewhere) await this.remove(elsewhere)
      moved.delete(ref.message)
      const token = ref.interaction === undefined ? null : await tokenOf(ref.interaction)
      if (ref.interaction !== undefined && token === null) {
        log.info('an answer that one person sees is out of reach', { message: ref.message })
        return
      }
      const gone = [CODE.unknownMessage, CODE.unknownChannel, ...(token === null ? [] : DEAD_TOKEN)]
      const removing =
        token !== null
          ? wire.deleteAnswer(token, ref.message === ORIGINAL ? undefined : ref.message)
          : awake(ref.channel, () => wire.deleteMessage(ref.channel, ref.message))
      await removing.catch(error => {
        if (!isOneOf(error, ...gone)) throw error
      })
    },

    async find(
      ...[key, target, under]: Parameters<ChatDoor['find']>
    ): Promise<MessageRef | null | 'unknown'> {
      try {
        if (target.to === 'conversation') return await findIn(target.conversation.id, key)
        if (target.to === 'thread') return await findIn(await threadOf(target, under as Ref | undefined), key)
        const direct = await findIn(await directChannel(target.actor.id), key)
        if (direct !== null || target.otherwise === undefined || target.otherwise.kind === 'dm') return direct
        const there = await findIn(target.otherwise.id, key)
        return there === null || there === 'unknown' ? there : { ...there, for: target.actor.id }
      } catch (error) {
        if (!(error instanceof BotError) || error.code !== 'chat.refused') throw error
        return isOneOf(error, CODE.unknownChannel) ? null : 'unknown'
      }
    },
  }
}

/** All that a message says, in order. */
const wordsOf = (components: readonly HeardComponent[] = []): string =>
  components.map(({ content = '', components: inner }) => content + wordsOf(inner)).join('\n')
