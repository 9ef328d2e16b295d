/** One interaction being answered: acknowledged in private at once, answered by editing that, in public beside it. */
import type { Actor, Conversation } from '../../core/actor.js'
import { BotError } from '../../core/errors.js'
import type { Exchange, MessageRef, OutgoingMessage } from '../../core/ports/chat.js'
import type { Log } from '../../core/ports/log.js'
import { type Painter, pictureFor } from '../../core/ports/painter.js'
import { lines, type Reply } from '../../core/reply.js'
import { CODE, isOneOf } from './errors.js'
import { escapeMarkdown, inlineCode } from './markup.js'
import { DEAD_TOKEN, type Messages, ORIGINAL } from './messages.js'
import { encodeReply } from './replies.js'
import type { Tokens } from './tokens.js'
import type { Wire } from './wire.js'

export interface ExchangeParts {
  wire: Wire
  tokens: Tokens
  messages: Messages
  /** Keeps what handed-over files are taken back with. */
  keepToken(interactionId: string, token: string): Promise<void>
  painter: Painter
  log: Log
}

export interface Asked {
  id: string
  token: string
  actor: Actor
  conversation: Conversation
  /** What was typed, for the line above a public answer: others see no command that was acknowledged in private. */
  words?: string
}

export interface DiscordExchange extends Exchange {
  /** Nothing more comes: an acknowledgement that was never answered goes away. */
  finish(): Promise<void>
}

export function createExchange(
  { wire, tokens, messages, keepToken, painter, log }: ExchangeParts,
  asked: Asked,
): DiscordExchange {
  const { id, token, actor, conversation } = asked
  tokens.add({ id, token, userId: actor.id, channelId: conversation.id })
  /** What the first answer shows: nothing yet, an answer, files that must not be written over; or it is deleted. */
  let first: 'thinking' | 'shown' | 'files' | 'gone' = 'thinking'
  /** A further answer for the asker, once the first is taken. */
  let second: string | null = null
  let published: { ref: MessageRef } | { followUp: string } | null = null
  let acknowledged: Promise<'by us' | 'by another'> | null = null
  let last: Promise<unknown> = Promise.resolve()

  /** One after another, and never before the acknowledgement. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(async () => {
      await acknowledge().catch(() => {})
      return act()
    })
    last = turn.catch(() => {})
    return turn
  }

  function acknowledge() {
    acknowledged ??= wire.deferPrivately(id, token).then(
      () => 'by us' as const,
      error => {
        // A second process of the bot was quicker; which of us goes on is decided in the store.
        if (isOneOf(error, CODE.alreadyAcknowledged)) return 'by another' as const
        if (!isOneOf(error, ...DEAD_TOKEN)) throw error
        tokens.drop(id)
        throw new BotError('chat.refused', 'Discord stopped waiting before the bot could answer.', {
          hint: 'Nothing was done: type the command or press the button again.',
          details: { code: CODE.unknownInteraction },
        })
      },
    )
    return acknowledged
  }

  /** Through the interaction while its token lives. `null`: it does not. */
  async function throughToken<T>(act: (token: string) => Promise<T>): Promise<T | null> {
    const live = tokens.find(id)
    if (!live) return null
    try {
      return await act(live.token)
    } catch (error) {
      if (!isOneOf(error, ...DEAD_TOKEN)) throw error
      tokens.drop(id)
      return null
    }
  }

  function noteAnswered(): void {
    const live = tokens.find(id)
    if (live) live.answered = true
  }

  async function showToAsker(message: ReturnType<typeof encodeReply>): Promise<string | null> {
    return throughToken(async token => {
      if (first === 'thinking' || first === 'shown') {
        const sent = await wire.editOriginal(token, message)
        first = 'shown'
        noteAnswered()
        return sent.id
      }
      const sent =
        second === null
          ? await wire.followUp(token, message, true)
          : await wire.editFollowUp(token, second, message)
      second = sent.id
      return sent.id
    })
  }

  async function publish(reply: Reply): Promise<void> {
    const outgoing: OutgoingMessage = {
      key: `answer/${id}`,
      target: { to: 'conversation', conversation },
      reply,
    }
    const above = asked.words === undefined ? [] : [`-# <@${actor.id}> · ${escapeMarkdown(asked.words)}`]
    if (published && 'ref' in published) return messages.edit(published.ref, outgoing, above)
    const encoded = async () => encodeReply(reply, { above, picture: await pictureFor(reply, painter) })
    if (published) {
      const { followUp } = published
      const message = await encoded()
      await throughToken(token => wire.editFollowUp(token, followUp, message))
      return
    }
    try {
      published = { ref: await messages.post(outgoing, above) }
    } catch (error) {
      // Where the bot may not write, or not now, the interaction still may. The first answer must show something before.
      if (first === 'thinking') await showToAsker(encodeReply(lines('Answered below, for everyone here.')))
      const message = await encoded()
      const sent = await throughToken(token => wire.followUp(token, message, false))
      if (sent === null) throw error
      published = { followUp: sent.id }
      return
    }
    if (first === 'files' || first === 'gone') return
    // What all can read needs no private pointer to it.
    first = 'gone'
    await throughToken(token => wire.deleteAnswer(token)).catch(error =>
      log.warn('an acknowledgement could not be taken away', { reason: (error as Error).message }),
    )
  }

  return {
    acknowledge: async () => ((await acknowledge()) === 'by another' ? 'by another' : undefined),

    answer: (reply, audience) =>
      inTurn(async () => {
        if (audience === 'everyone') return publish(reply)
        const picture = await pictureFor(reply, painter)
        if ((await showToAsker(encodeReply(reply, { picture }))) !== null) return
        await messages.post({
          key: `answer/${id}/asker`,
          target: { to: 'person', actor, otherwise: conversation },
          reply,
        })
      }),

    deliver: ({ files, passphrase, reply }, known) =>
      inTurn(async () => {
        const isAt = (message: string) => known({ interaction: id, channel: conversation.id, message })
        const message = encodeReply(reply, {
          above: passphrase ? [`Passphrase: ${inlineCode(passphrase.reveal())}`] : [],
          files: files.map(({ name, content, encoding }) => ({
            name,
            data: Buffer.from(content.reveal(), encoding),
          })),
        })
        // First: a process that dies right after sending would leave files that nobody can take back.
        await keepToken(id, token)
        if (first === 'thinking' || first === 'shown') await isAt(ORIGINAL)
        const sent = await showToAsker(message)
        if (sent === null)
          throw new BotError('chat.refused', 'Discord takes no files for this press any more.')
        first = first === 'gone' ? 'gone' : 'files'
        await isAt(sent)
      }),

    // What is said next is written into the same answer, and takes the files away with it.
    undeliver: async () => {
      if (first === 'files') first = 'shown'
    },

    async finish() {
      await last
      if (first !== 'thinking' || (await acknowledge().catch(() => 'by another')) !== 'by us') return
      first = 'gone'
      await throughToken(token => wire.deleteAnswer(token)).catch(() => {})
    },
  }
}
