/** What the outbox has sent: to channels, threads and direct messages, and where those are closed, beside them. */
import type { Actor } from '../../core/actor.js'
import { BotError } from '../../core/errors.js'
import type { ChatDoor, MessageRef, OutgoingMessage, Target } from '../../core/ports/chat.js'
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import { type Painter, pictureFor } from '../../core/ports/painter.js'
import type { Reply } from '../../core/reply.js'
import { mention } from '../../core/text.js'
import { slackErrorOf } from './errors.js'
import type { HandOver } from './hand-over.js'
import { spotOf } from './place.js'
import { contextBlock, type EncodedReply, encodeReply, withPicture } from './replies.js'
import type { SlackWeb, Spot } from './web.js'

export interface MessageParts {
  web: SlackWeb
  handOver: HandOver
  clock: Clock
  log: Log
  painter: Painter
}

/** A message that may have been sent is looked for in so much of the past; the outbox gives up after a day. */
const LOOK_BACK_MS = 24 * 3_600_000

/**
 * A ref is `{channel, ts, files?}`, of handed-over files `{channel, messages, files}`, and of what only one person could see
 * `{ephemeral, user}`, which cannot be changed any more.
 */
export function createMessages(parts: MessageParts): Pick<ChatDoor, 'post' | 'edit' | 'find' | 'remove'> {
  const { web, handOver, clock, log, painter } = parts

  async function send(spot: Spot, message: OutgoingMessage): Promise<MessageRef> {
    const { key, reply } = message
    const { files: beside, ...said } = encoded(message)
    const ts = await web.post(spot, said, key)
    const ref = { channel: spot.channel, ts }
    const all = withPicture(beside, await pictureFor(reply, painter))
    if (all.length === 0) return ref
    const thread = { channel: spot.channel, threadTs: spot.threadTs ?? ts }
    // The message stands; failing now would send it twice.
    const files = await web.upload(thread, all).catch(error => {
      log.warn('files not shared', { key, reason: String(error) })
      return []
    })
    return files.length === 0 ? ref : { ...ref, files: files.join(',') }
  }

  async function sendToPerson(
    { actor, otherwise }: Extract<Target, { to: 'person' }>,
    message: OutgoingMessage,
  ): Promise<MessageRef> {
    try {
      const channel = await web.directMessages(actor.id)
      return await send({ channel, threadTs: null }, message)
    } catch (error) {
      const isClosed = BotError.from(error).code === 'chat.refused'
      if (!isClosed || otherwise === undefined || otherwise.kind === 'dm') throw error
      log.info('direct messages are closed', { key: message.key, slackError: slackErrorOf(error) })
      return sendBeside(actor, spotOf(otherwise), message)
    }
  }

  async function sendBeside(actor: Actor, spot: Spot, message: OutgoingMessage): Promise<MessageRef> {
    try {
      await web.postEphemeral(spot, actor.id, encoded(message))
      return { ephemeral: `${spot.channel}/${spot.threadTs ?? ''}`, user: actor.id }
    } catch (error) {
      if (BotError.from(error).code !== 'chat.refused') throw error
      return send(spot, { ...message, reply: addressed(message.reply, actor) })
    }
  }

  async function spotFor(target: Target, under: MessageRef | undefined): Promise<Spot> {
    if (target.to === 'person') return { channel: await web.directMessages(target.actor.id), threadTs: null }
    if (target.to === 'conversation') return spotOf(target.conversation)
    // Slack opens a thread with its first message; without one to hang under, it stands in the channel.
    if (under?.ts === undefined) return spotOf(target.conversation)
    return { channel: under.channel!, threadTs: under.ts }
  }

  return {
    async post(message) {
      if (message.target.to === 'person') return sendToPerson(message.target, message)
      return orGone(send(await spotFor(message.target, message.under), message))
    },

    async edit(ref, message) {
      if (ref.ephemeral !== undefined) {
        if (!isWorthRepeating(message.reply)) return
        const [channel, threadTs] = ref.ephemeral.split('/')
        await web.postEphemeral(
          { channel: channel!, threadTs: threadTs === '' ? null : threadTs! },
          ref.user!,
          encoded(message),
        )
        return
      }
      // What hangs beside it stays as it was: a picture says of when it is.
      await orGone(web.update(ref.channel!, ref.ts!, encoded(message), message.key))
    },

    async find(key, target, under) {
      try {
        const spot = await spotFor(target, under)
        const { messages, whole } = await web.messagesSince(spot, clock.now() - LOOK_BACK_MS)
        const found = messages.find(message => message.key === key)
        if (found) return { channel: spot.channel, ts: found.ts }
        return whole ? null : 'unknown'
      } catch (error) {
        if (BotError.from(error).code === 'chat.rate-limited') throw error
        log.info('history not read', { key, reason: String(error) })
        return 'unknown'
      }
    },

    async remove(ref) {
      if (ref.ephemeral !== undefined) return
      await handOver.takeBack({
        channel: ref.channel!,
        files: ref.files ?? '',
        messages: ref.messages ?? ref.ts ?? '',
      })
    },
  }
}

const GONE = ['message_not_found', 'thread_not_found']

/** @throws BotError `chat.gone` for what somebody has deleted */
async function orGone<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (cause) {
    if (!GONE.includes(slackErrorOf(cause) ?? '')) throw cause
    throw new BotError('chat.gone', 'The message is not there any more.', { cause })
  }
}

function encoded({ reply, possibleRepeat }: OutgoingMessage): EncodedReply {
  const message = encodeReply(reply)
  if (!possibleRepeat) return message
  const note = contextBlock('You may have seen this before: the bot was interrupted while sending it.')
  return { ...message, blocks: [note, ...message.blocks] }
}

/** A newer ephemeral message stands below the older, so only what asks for something or ends something is worth one. */
const isWorthRepeating = (reply: Reply) =>
  reply.kind !== 'card' || reply.ending !== undefined || (reply.buttons?.length ?? 0) > 0

/** In a channel, with the person's name in front so that they see it. */
function addressed(reply: Reply, actor: Actor): Reply {
  const name = mention(actor)
  switch (reply.kind) {
    case 'text':
      return { ...reply, lines: [[name], ...reply.lines] }
    case 'table':
    case 'fields':
    case 'card':
      return {
        ...reply,
        title: typeof reply.title === 'string' ? [name, ` ${reply.title}`] : [name, ' ', ...reply.title],
      }
  }
}
