/**
 * The calls of Discord's REST API that we use, v10, failures turned into ours. Two clients: what answers a person waits out a limit
 * by itself, what the outbox sends is refused at once, because the outbox paces. https://docs.discord.com/developers/reference
 */
import {
  type APIMessageTopLevelComponent,
  InteractionResponseType,
  MessageFlags,
  REST,
  type RESTOptions,
  type RequestData,
  Routes,
} from 'discord.js'
import type { z } from 'zod'
import type { BotError } from '../../core/errors.js'
import type { Secret } from '../../core/secret.js'
import { CODE, chatError, isOneOf, isUnauthorized } from './errors.js'
import { HISTORY, THREAD } from './limits.js'
import type { DiscordFile } from './replies.js'
import {
  channelSchema,
  type HeardMessage,
  memberSchema,
  messageSchema,
  type SeenChannel,
  type SeenRole,
  seenChannel,
  seenRole,
  selfSchema,
} from './schema.js'

export interface WireParts {
  token: Secret
  applicationId: string
  /** Without a slash at its end. */
  apiUrl: string
  /** Called for a 401 on a call made with the bot's token. */
  onUnauthorized(): void
}

export interface Outgoing {
  components: APIMessageTopLevelComponent[]
  files: readonly DiscordFile[]
  /** Ids of people who may be notified; absent: nobody. */
  notify?: readonly string[]
}

export type Wire = ReturnType<typeof createWire>

const CALL_TIMEOUT_MS = 10_000
const VERSION = '10'

/**
 * The library calls with the undici of its own, over a connection pool that all undicis of a process share: with another version
 * loaded beside it (OVHcloud's client, Slack's), uploads fail. The fetch of Node has no such trouble.
 */
const makeRequest: RESTOptions['makeRequest'] = async (url, { method, headers, body, signal }) => {
  try {
    return await fetch(url, { method, headers, body, signal } as RequestInit)
  } catch (error) {
    // The reason stands one step behind, where the library does not look for what it may try again.
    throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error
  }
}

export const restOptions = (apiUrl: string) => ({
  api: apiUrl,
  version: VERSION,
  timeout: CALL_TIMEOUT_MS,
  makeRequest,
})

export function createWire({ token, applicationId, apiUrl, onUnauthorized }: WireParts) {
  // Interactions do not count towards the limit of 50 calls per second, which the library keeps for all it sends.
  const prompt = new REST({
    ...restOptions(apiUrl),
    retries: 2,
    globalRequestsPerSecond: Number.POSITIVE_INFINITY,
  }).setToken(token.reveal())
  const paced = new REST({ ...restOptions(apiUrl), retries: 0, rejectOnRateLimit: () => true }).setToken(
    token.reveal(),
  )

  async function tried<T>(doing: string, act: () => Promise<T>, isOurs = true): Promise<T> {
    try {
      return await act()
    } catch (thrown) {
      const error: BotError = chatError(thrown, doing)
      if (isOurs && isUnauthorized(error)) onUnauthorized()
      throw error
    }
  }

  /** The answer of a call to the interaction's own webhook: its token stands in the address, the bot's is not sent. */
  const webhook = (token: string, messageId?: string) =>
    Routes.webhookMessage(applicationId, token, messageId)
  const asAnswer = (doing: string, act: () => Promise<unknown>) =>
    tried(doing, async () => messageSchema.parse(await act()), false)

  return {
    /** @param data of a form or of choices; absent for what has none */
    async callback(id: string, token: string, type: InteractionResponseType, data?: object): Promise<void> {
      const body = data === undefined ? { type } : { type, data }
      await tried(
        'answer an interaction',
        () => prompt.post(Routes.interactionCallback(id, token), { body, auth: false }),
        false,
      )
    },
    /** Sign of life that only the asker sees. The privacy holds for the answer too and cannot be changed later. */
    deferPrivately(id: string, token: string): Promise<void> {
      return this.callback(id, token, InteractionResponseType.DeferredChannelMessageWithSource, {
        flags: MessageFlags.Ephemeral,
      })
    },
    editOriginal: (token: string, message: Outgoing): Promise<HeardMessage> =>
      asAnswer('edit an answer', () => prompt.patch(webhook(token), { ...edited(message), auth: false })),
    editFollowUp: (token: string, messageId: string, message: Outgoing): Promise<HeardMessage> =>
      asAnswer('edit a follow-up', () =>
        prompt.patch(webhook(token, messageId), { ...edited(message), auth: false }),
      ),
    followUp: (token: string, message: Outgoing, privately: boolean): Promise<HeardMessage> =>
      asAnswer('follow up', () =>
        prompt.post(Routes.webhook(applicationId, token), {
          ...created(message, privately ? MessageFlags.Ephemeral : 0),
          query: new URLSearchParams({ wait: 'true' }),
          auth: false,
        }),
      ),
    /** @param messageId absent: the first answer */
    async deleteAnswer(token: string, messageId?: string): Promise<void> {
      await tried('delete an answer', () => prompt.delete(webhook(token, messageId), { auth: false }), false)
    },

    /** The same nonce within a few minutes answers the message that is there already. */
    createMessage: (channelId: string, message: Outgoing, nonce: string): Promise<HeardMessage> =>
      tried('post a message', async () => {
        const request = created(message, 0)
        const body = { ...request.body, nonce, enforce_nonce: true }
        return messageSchema.parse(await paced.post(Routes.channelMessages(channelId), { ...request, body }))
      }),
    async editMessage(channelId: string, messageId: string, message: Outgoing): Promise<void> {
      await tried('edit a message', () =>
        paced.patch(Routes.channelMessage(channelId, messageId), edited(message)),
      )
    },
    async deleteMessage(channelId: string, messageId: string): Promise<void> {
      await tried('delete a message', () => paced.delete(Routes.channelMessage(channelId, messageId)))
    },
    /** A page of a channel's messages, newest first. */
    history: (channelId: string, before: string | null): Promise<HeardMessage[]> =>
      tried('read a channel', async () => {
        const query = new URLSearchParams({
          limit: String(HISTORY.pageSize),
          ...(before === null ? {} : { before }),
        })
        return messageSchema.array().parse(await paced.get(Routes.channelMessages(channelId), { query }))
      }),
    openDirectMessages: (userId: string): Promise<string> =>
      tried('open direct messages', async () => {
        const opened = await paced.post(Routes.userChannels(), { body: { recipient_id: userId } })
        return channelSchema.parse(opened).id
      }),
    /** One thread per message, of the same id; one that is there already is fine. */
    async startThread(channelId: string, messageId: string, name: string): Promise<void> {
      const body = {
        name: [...name].slice(0, THREAD.nameChars).join(''),
        auto_archive_duration: THREAD.archiveAfterMinutes,
      }
      await tried('open a thread', () => paced.post(Routes.threads(channelId, messageId), { body })).catch(
        error => {
          if (!isOneOf(error, CODE.threadExists)) throw error
        },
      )
    },
    async unarchive(threadId: string): Promise<void> {
      const body = { archived: false, locked: false }
      await tried('reopen a thread', () => paced.patch(Routes.channel(threadId), { body }))
    },

    /** Ids of the person's roles; `null`: no member there. */
    rolesOf: (guildId: string, userId: string): Promise<string[] | null> =>
      tried(
        'read a member',
        async () => memberSchema.parse(await paced.get(Routes.guildMember(guildId, userId))).roles,
      ).catch(error => {
        if (isOneOf(error, CODE.unknownMember)) return null
        throw error
      }),
    /** The bot's own account. */
    self: () => tried('read who the bot is', async () => selfSchema.parse(await paced.get(Routes.user()))),
    seeChannel: (channelId: string): Promise<SeenChannel> =>
      tried('look at a channel', async () => seenChannel.parse(await paced.get(Routes.channel(channelId)))),
    rolesIn: (guildId: string): Promise<SeenRole[]> =>
      tried('read roles', async () => seenRole.array().parse(await paced.get(Routes.guildRoles(guildId)))),
    commandsOf: <T>(guildId: string, shape: z.ZodType<T>): Promise<T> =>
      tried('read commands', async () =>
        shape.parse(await prompt.get(Routes.applicationGuildCommands(applicationId, guildId))),
      ),
    async setCommands(guildId: string, body: readonly object[]): Promise<void> {
      await tried('publish commands', () =>
        prompt.put(Routes.applicationGuildCommands(applicationId, guildId), { body }),
      )
    },
    close() {
      for (const rest of [prompt, paced]) {
        rest.clearHashSweeper()
        rest.clearHandlerSweeper()
      }
    },
  }
}

type Request = Pick<RequestData, 'files'> & { body: Record<string, unknown> }

function request({ components, files, notify = [] }: Outgoing): Request {
  return {
    body: {
      components,
      allowed_mentions: { parse: [], users: [...new Set(notify)] },
      attachments: files.map(({ name }, i) => ({ id: String(i), filename: name })),
    },
    ...(files.length > 0 ? { files: files.map(({ name, data }) => ({ name, data })) } : {}),
  }
}

function created(message: Outgoing, flags: number): Request {
  const { body, files } = request(message)
  return { body: { ...body, flags: flags | MessageFlags.IsComponentsV2 }, ...(files ? { files } : {}) }
}

/** The list of attachments is whole: those of the earlier version go. */
function edited(message: Outgoing): Request {
  const { body, files } = request(message)
  return { body: { ...body, flags: MessageFlags.IsComponentsV2 }, ...(files ? { files } : {}) }
}
