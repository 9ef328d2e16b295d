/**
 * One command or press being answered: privately through its `response_url` while that lasts (5 uses in 30 min), afterwards by an
 * ephemeral or direct message; publicly in the channel. https://docs.slack.dev/interactivity/handling-user-interaction
 */
import { BotError } from '../../core/errors.js'
import type { Exchange, MessageRef } from '../../core/ports/chat.js'
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import { type Painter, pictureFor } from '../../core/ports/painter.js'
import type { Reply } from '../../core/reply.js'
import type { Heard } from './commands.js'
import { slackErrorOf } from './errors.js'
import type { HandOver } from './hand-over.js'
import { RESPONSE_URL } from './limits.js'
import { contextBlock, encodeReply, type SlackFile, withPicture } from './replies.js'
import type { OutgoingBlocks, SlackWeb, Spot } from './web.js'

export interface ExchangeParts {
  web: SlackWeb
  handOver: HandOver
  clock: Clock
  log: Log
  painter: Painter
}

/** A person waits for this answer, so it is given up early for another way. */
const RESPOND_TIMEOUT_MS = 5_000

/** Where the bot is no member it may not post, but answer. */
const NO_MEMBER = new Set(['not_in_channel', 'channel_not_found', 'restricted_action'])

export function createExchange(heard: Heard, parts: ExchangeParts): Exchange {
  const { web, log } = parts
  const { actor, spot } = heard
  const respond = createResponder(heard, parts.clock)
  let publicTs: string | null = null
  /** Where handed-over files are, or may be. */
  let delivered: MessageRef | null = null

  /** Visible to the asker alone, wherever that is still possible. */
  async function tellAsker(message: OutgoingBlocks): Promise<void> {
    if (await respond('ephemeral', message)) return
    try {
      await web.postEphemeral(spot, actor.id, message)
    } catch (error) {
      log.debug('no ephemeral answer, so a direct message', { reason: String(error) })
      await web.post({ channel: await web.directMessages(actor.id), threadTs: null }, message)
    }
  }

  async function tellEveryone(message: OutgoingBlocks): Promise<Spot | null> {
    if (publicTs !== null) {
      await web.update(spot.channel, publicTs, message)
      return null
    }
    try {
      publicTs = await web.post(spot, message)
      return { channel: spot.channel, threadTs: spot.threadTs ?? publicTs }
    } catch (error) {
      // Only where it was certainly not posted: what timed out may stand there already.
      const isElsewherePossible = isNoMember(error) || BotError.from(error).code === 'chat.rate-limited'
      if (isElsewherePossible && (await respond('in_channel', message))) return null
      throw error
    }
  }

  /** In the person's direct messages, since an ephemeral message carries none. Answers what to say about it. */
  async function sendFilesToAsker(files: readonly SlackFile[]): Promise<string> {
    const names = files.map(({ name }) => name).join(', ')
    try {
      await web.upload({ channel: await web.directMessages(actor.id), threadTs: null }, files)
      return `${names}: in your direct messages with the bot.`
    } catch (error) {
      log.warn('files not sent', { reason: String(error) })
      return `${names}: could not be sent just now. Ask again.`
    }
  }

  return {
    // Slack was told before anything else (listening.ts); more than that would cost one of five answers.
    acknowledge: async () => undefined,

    async answer(reply: Reply, audience: 'asker' | 'everyone') {
      const { text, blocks, files: beside } = encodeReply(reply)
      const drawn = async () => withPicture(beside, await pictureFor(reply, parts.painter))
      if (audience === 'asker') {
        const files = await drawn()
        const note = files.length === 0 ? [] : [contextBlock(await sendFilesToAsker(files))]
        await tellAsker({ text, blocks: [...blocks, ...note] })
        return
      }
      const thread = await tellEveryone({ text, blocks })
      const files = await drawn()
      if (files.length === 0) return
      const shared =
        thread !== null &&
        (await web.upload(thread, files).then(
          () => true,
          error => {
            log.warn('files not shared', { reason: String(error) })
            return false
          },
        ))
      if (shared) return
      const said = await sendFilesToAsker(files)
      await tellAsker({ text: said, blocks: [contextBlock(said)] })
    },

    async undeliver() {
      if (delivered) await parts.handOver.takeBack(delivered)
    },

    async deliver(handover, known) {
      const noting = (ref: MessageRef) => {
        delivered = ref
        return known(ref)
      }
      const { channel } = await parts.handOver.deliver(actor.id, handover, noting).catch(thrown => {
        const { code, message, details } = BotError.from(thrown)
        // The person is told that it did not work; why is for the operator.
        log.warn('files not handed over', { code, reason: message, ...details })
        throw thrown
      })
      if (channel !== spot.channel) {
        const said = 'The files are in your direct messages with the bot.'
        // They are there all the same when this cannot be said.
        await tellAsker({ text: said, blocks: [contextBlock(said)] }).catch(error =>
          log.warn('a pointer could not be shown', { reason: String(error) }),
        )
      }
    },
  }
}

/** Answers through the `response_url`; `false` when it is used up, too old or refused. */
function createResponder({ responseUrl, mayReplace }: Heard, clock: Clock) {
  const untilMs = clock.now() + RESPONSE_URL.lifeMs
  let uses = 0
  let saidPrivately = false
  return async (how: 'ephemeral' | 'in_channel', message: OutgoingBlocks): Promise<boolean> => {
    if (responseUrl === null || uses >= RESPONSE_URL.uses || clock.now() >= untilMs) return false
    uses++
    const isNewer = how === 'ephemeral' && saidPrivately && mayReplace
    const sent = await post(responseUrl, { response_type: how, replace_original: isNewer, ...message })
    if (sent && how === 'ephemeral') saidPrivately = true
    return sent
  }
}

async function post(url: string, body: Record<string, unknown>): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ unfurl_links: false, unfurl_media: false, ...body }),
      redirect: 'error',
      signal: AbortSignal.timeout(RESPOND_TIMEOUT_MS),
    })
    return response.ok
  } catch {
    return false
  }
}

const isNoMember = (error: unknown) => NO_MEMBER.has(slackErrorOf(error) ?? '')
