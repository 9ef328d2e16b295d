/**
 * The Web API methods we use, in our words. Never repeats a call by itself and never waits out a 429: the outbox does both,
 * knowing what may have been sent. https://docs.slack.dev/reference/methods
 */

import type { types } from '@slack/bolt'
import { webApi } from '@slack/bolt'
import { z } from 'zod'
import { BotError } from '../../core/errors.js'
import type { Log } from '../../core/ports/log.js'
import type { Secret } from '../../core/secret.js'
import { asked } from './errors.js'
import { createSlackLogger } from './logger.js'

export interface OutgoingBlocks {
  text: string
  blocks: types.KnownBlock[]
}

/** Where in Slack: a channel or direct message, and the thread in it. */
export interface Spot {
  channel: string
  threadTs: string | null
}

/** Marks our own messages; other apps may read it, so it holds the key alone. https://docs.slack.dev/messaging/message-metadata */
export const METADATA_TYPE = 'okms_message'

export interface FoundMessage {
  ts: string
  key: string | null
}

export type SlackWeb = ReturnType<typeof createSlackWeb>

const TIMEOUT_MS = 10_000
/** For what a person's first answer waits for. */
const QUICK_TIMEOUT_MS = 2_000
const PAGE = 200
/** How far back a message is looked for. */
const MOST_PAGES = 5

export function createSlackWeb({ botToken, apiUrl, log }: { botToken: Secret; apiUrl: string; log: Log }) {
  const createClient = (timeout: number) =>
    new webApi.WebClient(botToken.reveal(), {
      slackApiUrl: apiUrl,
      retryConfig: { retries: 0 },
      timeout,
      rejectRateLimitedCalls: true,
      logger: createSlackLogger(log),
    })
  const client = createClient(TIMEOUT_MS)
  const quickClient = createClient(QUICK_TIMEOUT_MS)
  const directMessages = new Map<string, string>()
  const names = new Map<string, string>()
  const threaded = (threadTs: string | null) => (threadTs === null ? {} : { thread_ts: threadTs })

  return {
    /** Who the bot is. */
    async identify() {
      const answer = await asked('auth.test', () => client.auth.test())
      return {
        teamId: answer.team_id ?? '',
        userId: answer.user_id ?? '',
        botId: answer.bot_id ?? '',
        /** From a header of the answer; `null` where Slack sends none. */
        scopes: answer.response_metadata?.scopes ?? null,
      }
    },

    /** Resolves for a member; other channels are refused by name. Asks no scope beyond those for looking messages up. */
    async isIn(channel: string): Promise<void> {
      await asked('conversations.history', () => client.conversations.history({ channel, limit: 1 }))
    },

    /** Answers the `ts` that names the message. */
    async post({ channel, threadTs }: Spot, { text, blocks }: OutgoingBlocks, key?: string): Promise<string> {
      const answer = await asked('chat.postMessage', () =>
        client.chat.postMessage({
          channel,
          ...threaded(threadTs),
          text,
          blocks,
          unfurl_links: false,
          unfurl_media: false,
          ...metadata(key),
        }),
      )
      if (answer.ts !== undefined) return answer.ts
      throw new BotError('chat.refused', 'Slack gave no address for a message.')
    },

    async update(channel: string, ts: string, { text, blocks }: OutgoingBlocks, key?: string) {
      await asked('chat.update', () => client.chat.update({ channel, ts, text, blocks, ...metadata(key) }))
    },

    /** Visible to one person, until they reload; cannot be changed. */
    async postEphemeral(
      { channel, threadTs }: Spot,
      user: string,
      { text, blocks }: OutgoingBlocks,
    ): Promise<void> {
      await asked('chat.postEphemeral', () =>
        client.chat.postEphemeral({ channel, user, ...threaded(threadTs), text, blocks }),
      )
    },

    async deleteMessage(channel: string, ts: string): Promise<void> {
      await asked('chat.delete', () => client.chat.delete({ channel, ts }))
    },

    /** The D… id of one's conversation with the bot. Uploads do not take a user id. */
    async directMessages(user: string): Promise<string> {
      const known = directMessages.get(user)
      if (known !== undefined) return known
      const answer = await asked('conversations.open', () => client.conversations.open({ users: user }))
      const id = answer.channel?.id
      if (id === undefined) throw new BotError('chat.refused', 'Slack opened no direct messages.')
      directMessages.set(user, id)
      return id
    },

    /** What people call somebody; their id where Slack does not say. */
    async nameOf(user: string): Promise<string> {
      const known = names.get(user)
      if (known !== undefined) return known
      try {
        const answer = await asked('users.info', () => quickClient.users.info({ user }))
        const name = answer.user?.name ?? user
        names.set(user, name)
        return name
      } catch (error) {
        log.info('a name was not read', { reason: String(error) })
        return user
      }
    },

    /**
     * Our messages with a key since an instant, newest first; `whole: false` where there are more than we look through.
     */
    async messagesSince(
      { channel, threadTs }: Spot,
      sinceMs: number,
    ): Promise<{ messages: FoundMessage[]; whole: boolean }> {
      const messages: FoundMessage[] = []
      let cursor: string | undefined
      for (let page = 0; page < MOST_PAGES; page++) {
        const args = {
          channel,
          oldest: String(Math.floor(sinceMs / 1000)),
          limit: PAGE,
          include_all_metadata: true,
          ...(cursor === undefined ? {} : { cursor }),
        }
        const answer = await (threadTs === null
          ? asked('conversations.history', () => client.conversations.history(args))
          : asked('conversations.replies', () => client.conversations.replies({ ...args, ts: threadTs })))
        for (const { ts, metadata } of answer.messages ?? []) {
          const payload = metadata?.event_payload as Record<string, unknown> | undefined
          const isOurs = metadata?.event_type === METADATA_TYPE && typeof payload?.key === 'string'
          if (ts !== undefined) messages.push({ ts, key: isOurs ? String(payload.key) : null })
        }
        cursor = answer.response_metadata?.next_cursor
        if (!answer.has_more || cursor === undefined || cursor === '') return { messages, whole: true }
      }
      return { messages, whole: false }
    },

    async openView(triggerId: string, view: types.View): Promise<void> {
      await asked('views.open', () => quickClient.views.open({ trigger_id: triggerId, view }))
    },

    /** Every user group with its members. */
    async userGroups(): Promise<{ id: string; users: string[] }[]> {
      const answer = await asked('usergroups.list', () =>
        quickClient.usergroups.list({ include_users: true }),
      )
      return (answer.usergroups ?? []).flatMap(({ id, users }) =>
        id === undefined ? [] : [{ id, users: users ?? [] }],
      )
    },

    /**
     * Uploads and shares; one message holds all files. Answers the file ids. Shared does not mean seen yet: `sharedAt` tells. In
     * calls of our own, since the library's helper tells the ids only once the files are shared. Without `snippet_type`, which would
     * make Slack show the text as a snippet. https://docs.slack.dev/messaging/working-with-files#upload
     *
     * @param known hears the ids before anybody can see the files
     */
    async upload(
      { channel, threadTs }: Spot,
      files: readonly { name: string; bytes: Buffer; alt?: string }[],
      known: (fileIds: readonly string[]) => Promise<void> = async () => {},
    ): Promise<string[]> {
      const places = await Promise.all(
        files.map(async ({ name, bytes, alt }) => {
          // The library's types call the description `alt_text`; the method knows `alt_txt`.
          const args = {
            filename: name,
            length: bytes.length,
            ...(alt === undefined ? {} : { alt_txt: alt }),
          }
          return uploadPlace.parse(
            await asked('files.getUploadURLExternal', () => client.files.getUploadURLExternal(args)),
          )
        }),
      )
      if (places.some(({ upload_url: url }) => !isSlacks(new URL(url), apiUrl))) {
        throw new BotError('chat.refused', 'Slack gave no address for the file.')
      }
      const ids = places.map(({ file_id: id }) => id)
      await known(ids)
      await Promise.all(
        files.map(({ name, bytes }, i) =>
          asked('upload', () => send(new URL(places[i]!.upload_url), name, bytes)),
        ),
      )
      await asked('files.completeUploadExternal', () =>
        client.files.completeUploadExternal({
          files: files.map(({ name }, i) => ({ id: ids[i]!, title: name })) as [
            { id: string; title: string },
          ],
          channel_id: channel,
          ...(threadTs === null ? {} : { thread_ts: threadTs }),
        }),
      )
      return ids
    },

    /** The `ts` of the message that shows a file in a channel; `null`: not shared there yet. */
    async sharedAt(fileId: string, channel: string): Promise<string | null> {
      const answer = await asked('files.info', () => client.files.info({ file: fileId }))
      const { private: inPrivate, public: inPublic } = answer.file?.shares ?? {}
      return inPrivate?.[channel]?.[0]?.ts ?? inPublic?.[channel]?.[0]?.ts ?? null
    },

    /** The text of a file that a person uploaded. @throws BotError `input.invalid` when it is longer than `maxBytes` */
    async download(fileId: string, maxBytes: number): Promise<string> {
      const { file } = await asked('files.info', () => client.files.info({ file: fileId }))
      const tooLong = () =>
        new BotError('input.invalid', `The file is longer than ${maxBytes} bytes.`, {
          hint: 'A certificate signing request is one to four kilobytes.',
        })
      if ((file?.size ?? 0) > maxBytes) throw tooLong()
      const url = new URL(file?.url_private_download ?? file?.url_private ?? 'about:blank')
      if (!isSlacks(url, apiUrl)) throw new BotError('chat.refused', 'Slack gave no address for the file.')
      const bytes = await asked('url_private', () => fetchBytes(url, botToken, maxBytes))
      if (bytes === null) throw tooLong()
      return bytes.toString('utf8')
    },

    async deleteFile(fileId: string): Promise<void> {
      await asked('files.delete', () => client.files.delete({ file: fileId }))
    },
  }
}

/** `files.getUploadURLExternal` */
const uploadPlace = z.object({ upload_url: z.url(), file_id: z.string() })

const metadata = (key: string | undefined) =>
  key === undefined ? {} : { metadata: { event_type: METADATA_TYPE, event_payload: { key } } }

/** The token goes to Slack and nowhere else. */
function isSlacks(url: URL, apiUrl: string): boolean {
  if (url.origin === new URL(apiUrl).origin) return true
  return url.protocol === 'https:' && (url.hostname === 'slack.com' || url.hostname.endsWith('.slack.com'))
}

/** To an address that Slack gave for this one file; it needs no token. */
async function send(url: URL, name: string, bytes: Buffer): Promise<void> {
  const body = new FormData()
  body.append('filename', new Blob([new Uint8Array(bytes)]), name)
  const response = await fetch(url, {
    method: 'POST',
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`status ${response.status}`)
}

/** `null` when there is more than `maxBytes`. */
async function fetchBytes(url: URL, botToken: Secret, maxBytes: number): Promise<Buffer | null> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${botToken.reveal()}` },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    length += chunk.byteLength
    if (length > maxBytes) return null
  }
  return Buffer.concat(chunks)
}
