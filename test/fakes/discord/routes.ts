/** The REST routes that the bot uses, each with what Discord checks there. https://docs.discord.com/developers/reference */

import {
  COMPONENTS_V2,
  type Component,
  checkCommand,
  checkMessage,
  checkShape,
  EPHEMERAL,
  invalid,
  type MessageBody,
  Refusal,
} from './rules.js'
import {
  APPLICATION,
  type Attachment,
  type Channel,
  FOREIGN_GUILD,
  GUILD,
  type Interaction,
  type Message,
  messagePayload,
  type World,
} from './world.js'

export interface Call {
  method: string
  /** Below `/api/v10`. */
  path: string
  query: URLSearchParams
  body: unknown
  /** By the number in `files[n]`. */
  files: Map<number, { name: string; bytes: Buffer }>
}

export interface RouteParts {
  world: World
  gatewayUrl(): string
  filesUrl(): string
  /** Somebody was answered, a form was opened, choices were shown. */
  answered(interaction: Interaction): void
}

/** `undefined`: 204. */
type Handler = (call: Call, ...ids: string[]) => unknown
/** The role that Discord makes for a bot, with the permissions it was invited with. */
const BOT_ROLE = '900000000000000801'
/** https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags */
const VIEW = 1n << 10n
const SEND = 1n << 11n
const READ_HISTORY = 1n << 16n
/** View, send, send in threads, create public threads, manage threads, attach files, read history. */
const BOT_PERMISSIONS = VIEW | SEND | (1n << 38n) | (1n << 35n) | (1n << 34n) | (1n << 15n) | READ_HISTORY

const INTERACTION_TYPE = { message: 4, deferred: 5, choices: 8, modal: 9 } as const

export function createRoutes({ world, gatewayUrl, filesUrl, answered }: RouteParts): {
  find(call: Call): (() => unknown) | null
} {
  const shown = (message: Message) => messagePayload(message, filesUrl())
  const attached = ({ files }: Call): Attachment[] =>
    [...files.values()].map(({ name, bytes }) => ({ id: world.newId(), name, bytes }))
  const checked = (name: Parameters<typeof checkShape>[0], call: Call): MessageBody => {
    checkShape(name, call.body)
    const body = call.body as MessageBody
    checkMessage(body, new Map([...call.files].map(([number, file]) => [number, file.name])))
    for (const id of body.allowed_mentions?.users ?? []) world.user(id)
    if (!body.allowed_mentions || (body.allowed_mentions.parse ?? ['everyone']).length > 0)
      throw invalid('allowed_mentions: the bot means to keep them closed')
    return body
  }
  const ours = (guildId: string) => {
    if (guildId !== GUILD && guildId !== FOREIGN_GUILD) throw new Refusal(404, 10004, 'Unknown Guild')
  }

  function writable(channel: Channel): void {
    if (!channel.botMayWrite) throw new Refusal(403, 50001, 'Missing Access')
    if (channel.recipientId !== null && world.user(channel.recipientId).closedDms)
      throw new Refusal(403, 50007, 'Cannot send messages to this user')
  }

  function edit(message: Message, call: Call, name: 'editMessage' | 'editAnswer') {
    const body = checked(name, call)
    if ((message.flags & COMPONENTS_V2) !== 0 && ((body.flags ?? 0) & COMPONENTS_V2) === 0)
      throw invalid('flags: IS_COMPONENTS_V2 cannot be taken off')
    if (((body.flags ?? 0) & EPHEMERAL) !== 0) throw invalid('flags: EPHEMERAL cannot be set by an edit')
    message.components = body.components ?? []
    message.flags |= (body.flags ?? 0) & COMPONENTS_V2
    message.attachments = attached(call)
    message.isThinking = false
    return shown(message)
  }

  function create(
    call: Call,
    body: MessageBody,
    where: Partial<Message> & Pick<Message, 'channelId'>,
  ): Message {
    return world.add({
      components: body.components ?? [],
      flags: body.flags ?? 0,
      attachments: attached(call),
      notified: body.allowed_mentions?.users ?? [],
      ...where,
    })
  }

  const onlyForAsker = (flags: number, { userId }: Interaction) => ((flags & EPHEMERAL) !== 0 ? userId : null)

  const routes: [method: string, path: RegExp, handler: Handler][] = [
    [
      'GET',
      /^\/gateway\/bot$/,
      () => ({
        url: gatewayUrl(),
        shards: 1,
        session_start_limit: { total: 1000, remaining: 999, reset_after: 0, max_concurrency: 1 },
      }),
    ],

    [
      'GET',
      /^\/applications\/(\d+)\/guilds\/(\d+)\/commands$/,
      (_, application, guild) => {
        isOurApplication(application!)
        ours(guild!)
        return (world.commands.get(guild!) ?? []).map(({ id, body }) => publishedCommand(id, guild!, body))
      },
    ],
    [
      'PUT',
      /^\/applications\/(\d+)\/guilds\/(\d+)\/commands$/,
      ({ body }, application, guild) => {
        isOurApplication(application!)
        ours(guild!)
        if (!Array.isArray(body)) throw invalid('not a list')
        for (const command of body) {
          checkShape('command', command)
          checkCommand(command)
        }
        const set = body.map(command => ({ id: world.newId(), body: command as Record<string, unknown> }))
        world.commands.set(guild!, set)
        return set.map(({ id, body: command }) => publishedCommand(id, guild!, command))
      },
    ],

    [
      'POST',
      /^\/interactions\/(\d+)\/([^/]+)\/callback$/,
      (call, id, token) => {
        const { type, data } = call.body as { type: number; data?: Record<string, unknown> }
        const interaction = world.unanswered(id!, decodeURIComponent(token!))
        takeFirstAnswer(call, interaction, type, data)
        interaction.answeredAs = type
        answered(interaction)
        return undefined
      },
    ],
    [
      'POST',
      /^\/webhooks\/(\d+)\/([^/]+)$/,
      (call, application, token) => {
        isOurApplication(application!)
        const interaction = world.answered(decodeURIComponent(token!))
        const body = checked('followUp', call)
        const original = world.messages.find(({ id }) => id === interaction.originalId)
        // The first follow-up after a defer becomes the answer itself and keeps the privacy of the defer.
        if (original?.isThinking)
          return edit(original, { ...call, body: { ...body, flags: COMPONENTS_V2 } }, 'editAnswer')
        return shown(
          create(call, body, {
            channelId: interaction.channelId,
            interactionId: interaction.id,
            onlyFor: onlyForAsker(body.flags ?? 0, interaction),
          }),
        )
      },
    ],
    [
      'PATCH',
      /^\/webhooks\/(\d+)\/([^/]+)\/messages\/(@original|\d+)$/,
      (call, application, token, message) => {
        isOurApplication(application!)
        const interaction = world.answered(decodeURIComponent(token!))
        return edit(world.answer(interaction, message!), call, 'editAnswer')
      },
    ],
    [
      'DELETE',
      /^\/webhooks\/(\d+)\/([^/]+)\/messages\/(@original|\d+)$/,
      (_, application, token, message) => {
        isOurApplication(application!)
        world.delete(world.answer(world.answered(decodeURIComponent(token!)), message!))
      },
    ],

    [
      'POST',
      /^\/channels\/(\d+)\/messages$/,
      (call, id) => {
        const channel = world.channel(id!)
        const body = checked('createMessage', call)
        writable(channel)
        if (((body.flags ?? 0) & EPHEMERAL) !== 0)
          throw invalid('flags: a message of the bot cannot be ephemeral')
        if (channel.archived && channel.locked) throw new Refusal(400, 50083, 'Thread is archived')
        if (body.nonce !== undefined && body.enforce_nonce) {
          const before = world.withNonce(body.nonce)
          if (before) return shown(before)
        }
        channel.archived = false
        const message = create(call, body, { channelId: channel.id })
        if (body.nonce !== undefined) world.noteNonce(body.nonce, message.id)
        return { ...shown(message), nonce: body.nonce }
      },
    ],
    [
      'GET',
      /^\/channels\/(\d+)\/messages$/,
      ({ query }, id) => {
        const channel = world.channel(id!)
        if (!channel.botMayReadHistory) throw new Refusal(403, 50001, 'Missing Access')
        const before = query.get('before')
        return world.messages
          .filter(
            ({ channelId, onlyFor, id: messageId }) =>
              channelId === id && onlyFor === null && (before === null || BigInt(messageId) < BigInt(before)),
          )
          .reverse()
          .slice(0, Number(query.get('limit') ?? 50))
          .map(shown)
      },
    ],
    [
      'PATCH',
      /^\/channels\/(\d+)\/messages\/(\d+)$/,
      (call, channel, id) => {
        if (world.channel(channel!).archived) throw new Refusal(400, 50083, 'Thread is archived')
        const message = world.message(channel!, id!)
        if (message.authorId !== APPLICATION)
          throw new Refusal(403, 50005, 'Cannot edit a message authored by another user')
        return edit(message, call, 'editMessage')
      },
    ],
    [
      'DELETE',
      /^\/channels\/(\d+)\/messages\/(\d+)$/,
      (_, channel, id) => {
        if (world.channel(channel!).archived) throw new Refusal(400, 50083, 'Thread is archived')
        world.delete(world.message(channel!, id!))
      },
    ],
    [
      'POST',
      /^\/channels\/(\d+)\/messages\/(\d+)\/threads$/,
      ({ body }, channelId, id) => {
        checkShape('startThread', body)
        const channel = world.channel(channelId!)
        if (channel.type !== 0) throw new Refusal(400, 50024, 'Cannot execute action on this channel type')
        world.message(channelId!, id!)
        if (world.channels.has(id!))
          throw new Refusal(400, 160004, 'A thread has already been created for this message')
        const { name } = body as { name: string }
        world.addChannel({ id: id!, type: 11, name, parentId: channelId! })
        return { id, type: 11, name, parent_id: channelId }
      },
    ],
    [
      'PATCH',
      /^\/channels\/(\d+)$/,
      ({ body }, id) => {
        const thread = world.channel(id!)
        const { archived, locked, ...rest } = body as { archived?: boolean; locked?: boolean }
        if (thread.type !== 11 || Object.keys(rest).length > 0) throw invalid('only threads are reopened')
        Object.assign(thread, {
          ...(archived === undefined ? {} : { archived }),
          ...(locked === undefined ? {} : { locked }),
        })
        return { id, type: 11, name: thread.name }
      },
    ],
    ['GET', /^\/users\/@me$/, () => ({ id: APPLICATION, username: 'okms', bot: true, discriminator: '0' })],
    [
      'GET',
      /^\/guilds\/(\d+)\/roles$/,
      (_, guild) => {
        ours(guild!)
        return [
          { id: guild, name: '@everyone', permissions: String(VIEW) },
          { id: BOT_ROLE, name: 'okms', permissions: String(BOT_PERMISSIONS) },
        ]
      },
    ],
    [
      'GET',
      /^\/channels\/(\d+)$/,
      (_, id) => {
        const channel = world.channel(id!)
        const denied = (channel.botMayWrite ? 0n : SEND) | (channel.botMayReadHistory ? 0n : READ_HISTORY)
        return {
          id,
          type: channel.type,
          name: channel.name,
          ...(channel.guildId === null ? {} : { guild_id: channel.guildId }),
          permission_overwrites:
            denied === 0n ? [] : [{ id: BOT_ROLE, type: 0, allow: '0', deny: String(denied) }],
        }
      },
    ],
    [
      'POST',
      /^\/users\/@me\/channels$/,
      ({ body }) => {
        checkShape('openDirectMessages', body)
        const { id } = world.directMessages((body as { recipient_id: string }).recipient_id)
        return { id, type: 1 }
      },
    ],
    [
      'GET',
      /^\/guilds\/(\d+)\/members\/(\d+)$/,
      (_, guild, user) => {
        ours(guild!)
        if (user === APPLICATION && guild === GUILD)
          return { user: { id: APPLICATION, username: 'okms' }, roles: [BOT_ROLE], nick: null }
        const member = world.users.get(user!)
        if (!member || guild !== GUILD) throw new Refusal(404, 10007, 'Unknown Member')
        return { user: { id: member.id, username: member.name }, roles: member.roles, nick: null }
      },
    ],
  ]

  function takeFirstAnswer(
    call: Call,
    interaction: Interaction,
    type: number,
    data: Record<string, unknown> | undefined,
  ): void {
    const isCompletion = interaction.type === 4
    if (isCompletion !== (type === INTERACTION_TYPE.choices))
      throw invalid('type: not an answer to this interaction')
    switch (type) {
      case INTERACTION_TYPE.choices: {
        checkShape('callbackChoices', call.body)
        const choices = data!.choices as { name: string; value: string }[]
        if (choices.length > 25 || choices.some(({ name, value }) => name.length > 100 || value.length > 100))
          throw invalid('choices')
        interaction.choices = choices.map(({ value }) => value)
        return
      }
      case INTERACTION_TYPE.modal: {
        checkShape('callbackModal', call.body)
        if (interaction.type === 5) throw invalid('type: a form is not answered by a form')
        const {
          title,
          custom_id: customId,
          components,
        } = data as { title: string; custom_id: string; components: Component[] }
        if (title.length > 45 || components.length < 1 || components.length > 5) throw invalid('modal')
        interaction.modal = { title, customId, components }
        return
      }
      case INTERACTION_TYPE.deferred: {
        checkShape('callbackMessage', call.body)
        const flags = Number(data?.flags ?? 0)
        if ((flags & ~EPHEMERAL) !== 0) throw invalid('flags: only EPHEMERAL with a deferred answer')
        const original = world.add({
          channelId: interaction.channelId,
          flags,
          interactionId: interaction.id,
          onlyFor: onlyForAsker(flags, interaction),
          isThinking: true,
        })
        interaction.originalId = original.id
        return
      }
      case INTERACTION_TYPE.message: {
        checkShape('callbackMessage', call.body)
        const body = data as MessageBody
        checkMessage(body, new Map())
        const onlyFor = onlyForAsker(body.flags ?? 0, interaction)
        interaction.originalId = create(call, body, {
          channelId: interaction.channelId,
          interactionId: interaction.id,
          onlyFor,
        }).id
        return
      }
      default:
        throw invalid(`type: ${type} is not expected from this bot`)
    }
  }

  return {
    find(call) {
      for (const [method, path, handler] of routes) {
        const ids = method === call.method ? path.exec(call.path) : null
        if (ids) return () => handler(call, ...ids.slice(1))
      }
      return null
    },
  }
}

function isOurApplication(id: string): void {
  if (id !== APPLICATION) throw new Refusal(404, 10002, 'Unknown Application')
}

/** Discord adds its own fields and leaves out what is false. */
function publishedCommand(
  id: string,
  guildId: string,
  body: Record<string, unknown>,
): Record<string, unknown> {
  const lean = (node: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(node)
        .filter(([name, value]) => !((name === 'required' || name === 'autocomplete') && value === false))
        .map(([name, value]) => [
          name,
          name === 'options' ? (value as Record<string, unknown>[]).map(lean) : value,
        ]),
    )
  return {
    ...lean(body),
    id,
    application_id: APPLICATION,
    guild_id: guildId,
    version: id,
    default_member_permissions: null,
    nsfw: false,
    name_localizations: null,
    description_localizations: null,
  }
}
