/**
 * Files with a key go to the requester's direct messages, since ephemeral messages carry none: uploaded, shared, seen to be
 * shared, and taken back later together with the message beside them. https://docs.slack.dev/messaging/working-with-files
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { types } from '@slack/bolt'
import { BotError } from '../../core/errors.js'
import type { Handover, MessageRef } from '../../core/ports/chat.js'
import { slackErrorOf } from './errors.js'
import { BLOCKS } from './limits.js'
import { plainText } from './mrkdwn.js'
import { encodeReply } from './replies.js'
import type { SlackWeb } from './web.js'

export interface HandOver {
  /** Resolves when Slack shows every file in the person's direct messages. `known`: as of `Exchange.deliver`. */
  deliver(
    userId: string,
    handover: Handover,
    known: (ref: MessageRef) => Promise<void>,
  ): Promise<{ channel: string }>
  /** Deletes files and messages; those that are gone already are fine. */
  takeBack(ref: MessageRef): Promise<void>
}

/** Sharing is asynchronous, and now and then never happens though the answer was `ok`. */
const FIRST_LOOK_MS = 200
const LONGEST_LOOK_MS = 2_000
const GIVE_UP_MS = 20_000

const GONE = new Set([
  'file_not_found',
  'file_deleted',
  'message_not_found',
  'channel_not_found',
  'thread_not_found',
])

/** @param giveUpMs how long is waited for each file to be shown */
export function createHandOver(web: SlackWeb, giveUpMs = GIVE_UP_MS): HandOver {
  async function sharedAt(fileId: string, channel: string): Promise<string> {
    let waitedMs = 0
    for (let pauseMs = FIRST_LOOK_MS; waitedMs < giveUpMs; pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_MS)) {
      const ts = await web.sharedAt(fileId, channel)
      if (ts !== null) return ts
      await sleep(pauseMs)
      waitedMs += pauseMs
    }
    throw new BotError('chat.unreachable', 'Slack took the files and does not show them.')
  }

  async function takeBack(ref: MessageRef): Promise<void> {
    const failed: unknown[] = []
    const gone = async (deed: Promise<void>) => {
      await deed.catch(error => {
        if (!GONE.has(slackErrorOf(error) ?? '')) failed.push(error)
      })
    }
    for (const file of listed(ref.files)) await gone(web.deleteFile(file))
    for (const ts of listed(ref.messages)) await gone(web.deleteMessage(ref.channel!, ts))
    if (failed.length > 0) throw BotError.from(failed[0])
  }

  return {
    takeBack,

    async deliver(userId, { files, passphrase, reply }, known) {
      const channel = await web.directMessages(userId)
      const messages: string[] = []
      const isAt = (uploaded: readonly string[]) =>
        known({ channel, files: uploaded.join(','), messages: [...new Set(messages)].join(',') })
      const uploaded = await web.upload(
        { channel, threadTs: null },
        files.map(({ name, content, encoding }) => ({
          name,
          bytes: Buffer.from(content.reveal(), encoding),
        })),
        isAt,
      )
      for (const file of uploaded) messages.push(await sharedAt(file, channel))
      await isAt(uploaded)
      const { text, blocks } = encodeReply(reply)
      const shown = passphrase === null ? blocks : [passphraseBlock(passphrase.reveal()), ...blocks]
      // The passphrase stands in a block alone: `text` is what a locked phone shows.
      messages.push(await web.post({ channel, threadTs: null }, { text, blocks: shown }))
      await isAt(uploaded)
      return { channel }
    },
  }
}

const listed = (text: string | undefined) => (text ?? '').split(',').filter(one => one !== '')

const passphraseBlock = (passphrase: string): types.SectionBlock => ({
  type: 'section',
  text: plainText(`Passphrase: ${passphrase}`, BLOCKS.textObjectChars),
})
