/** From an interaction to the bot and back: who, where, what; acknowledged before anything else is looked up. */
import { InteractionResponseType, InteractionType, MessageFlags } from 'discord.js'
import type { Actor, Conversation } from '../../core/actor.js'
import { BotError } from '../../core/errors.js'
import type { ChatListener } from '../../core/ports/chat.js'
import type { Log } from '../../core/ports/log.js'
import { lines, refusal } from '../../core/reply.js'
import { COMMAND_NAME, decodeCommand } from './commands.js'
import { createExchange, type DiscordExchange, type ExchangeParts } from './exchange.js'
import { decodeForm, encodeForm } from './forms.js'
import { COMMAND, INTERACTION } from './limits.js'
import { decodeActor, decodeConversation } from './people.js'
import { encodeReply } from './replies.js'
import { type HeardInteraction, interactionSchema } from './schema.js'
import { fetchUpload } from './uploads.js'

export interface HearingParts extends ExchangeParts {
  groupsOf(userId: string): Promise<string[]>
  guildIds: readonly string[]
  apiUrl: string
  listener: ChatListener
  log: Log
}

interface Heard {
  interaction: HeardInteraction
  actor: Actor
  conversation: Conversation
}

/** The longest file that a form takes, where its field sets no limit. */
const FORM_FILE_BYTES = 16_384

export function createHearing(parts: HearingParts): (payload: unknown) => Promise<void> {
  const { wire, listener, guildIds, log } = parts

  async function takeCommand({ interaction, actor, conversation }: Heard): Promise<void> {
    const { id, token, data } = interaction
    const { command, options, files } = decodeCommand(data?.options ?? [], listener.commands())
    const exchange = createExchange(parts, {
      id,
      token,
      actor,
      conversation,
      words: `/${COMMAND_NAME} ${command}`,
    })
    await answering(exchange, async () => {
      const withFiles = { ...options }
      for (const [name, maxBytes] of Object.entries(files))
        withFiles[name] = await upload(interaction, options[name]!, maxBytes)
      const said = { form: 'typed' as const, command, options: withFiles }
      return listener.onInvocation({ id, actor, conversation, said }, exchange)
    })
  }

  async function takePress(heard: Heard): Promise<void> {
    const { interaction, actor, conversation } = heard
    const { id, token, type, data } = interaction
    const customId = data?.custom_id ?? ''
    const [press, subject] = splitCustomId(customId)
    const form = type === InteractionType.MessageComponent ? listener.form(press) : null
    if (form) {
      // A form is a first answer, so there is no acknowledgement before it.
      await wire.callback(id, token, InteractionResponseType.Modal, encodeForm(form, customId))
      return
    }
    const exchange = createExchange(parts, { id, token, actor, conversation })
    await answering(exchange, async () => {
      const { fields, uploads } = decodeForm(data)
      for (const [name, attachmentId] of Object.entries(uploads)) {
        const maxBytes =
          listener.form(press)?.fields.find(field => field.name === name)?.maxLength ?? FORM_FILE_BYTES
        fields[name] = await upload(interaction, attachmentId, maxBytes)
      }
      const groups = actor.groups ?? (await parts.groupsOf(actor.id))
      const filled = type === InteractionType.ModalSubmit ? { fields } : {}
      return listener.onPress(
        { id, actor: { ...actor, groups }, conversation, press, subject, ...filled },
        exchange,
      )
    })
  }

  /** Acknowledges at once, and turns what goes wrong before the bot is asked into a sentence for the one who asks. */
  async function answering(exchange: DiscordExchange, act: () => Promise<boolean>): Promise<void> {
    const acknowledged = exchange.acknowledge()
    acknowledged.catch(() => {})
    try {
      // What is another process's to answer is left to it, with the acknowledgement.
      if (!(await act())) return
    } catch (thrown) {
      const error = BotError.from(thrown)
      log.warn('not done', { code: error.code, reason: error.message, ...error.details })
      await exchange.answer(refusal(error.message, error.hint), 'asker').catch(() => {})
    }
    await exchange.finish()
  }

  async function upload({ data }: HeardInteraction, attachmentId: string, maxBytes: number): Promise<string> {
    const attachment = data?.resolved?.attachments?.[attachmentId]
    if (!attachment)
      throw new BotError('input.invalid', 'Discord did not send the file along.', {
        hint: 'Upload it again.',
      })
    return fetchUpload(attachment, maxBytes, parts.apiUrl)
  }

  /** Never later than Discord waits, and an empty list rather than an error. */
  async function complete({ interaction, actor, conversation }: Heard): Promise<void> {
    const { command, options, focused } = decodeCommand(interaction.data?.options ?? [], listener.commands())
    const asking =
      focused === null
        ? []
        : listener.complete({ actor, conversation, command, option: focused, typed: options[focused] ?? '' })
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<string[]>(resolve => {
      timer = setTimeout(resolve, INTERACTION.completeWithinMs, [])
    })
    const found = await Promise.race([asking, tooLate]).catch(() => [])
    clearTimeout(timer)
    const choices = found
      .filter(value => value.length > 0 && value.length <= COMMAND.choiceChars)
      .slice(0, COMMAND.choices)
      .map(value => ({ name: value, value }))
    await wire.callback(
      interaction.id,
      interaction.token,
      InteractionResponseType.ApplicationCommandAutocompleteResult,
      { choices },
    )
  }

  /** The bot serves the servers of its settings, whoever invited it elsewhere. */
  async function refuseForeign({ id, token, type }: HeardInteraction): Promise<void> {
    if (type === InteractionType.ApplicationCommandAutocomplete)
      return wire.callback(id, token, InteractionResponseType.ApplicationCommandAutocompleteResult, {
        choices: [],
      })
    const { components } = encodeReply(lines('This bot does not serve this server.'))
    const flags = MessageFlags.Ephemeral | MessageFlags.IsComponentsV2
    return wire.callback(id, token, InteractionResponseType.ChannelMessageWithSource, {
      components,
      flags,
      allowed_mentions: { parse: [] },
    })
  }

  async function take(interaction: HeardInteraction): Promise<void> {
    const { guild_id: guildId, type } = interaction
    if (guildId !== undefined && !guildIds.includes(guildId)) return refuseForeign(interaction)
    const actor = decodeActor(interaction)
    const conversation = decodeConversation(interaction)
    if (!actor || !conversation) return
    const heard = { interaction, actor, conversation }
    switch (type) {
      case InteractionType.ApplicationCommand:
        return takeCommand(heard)
      case InteractionType.MessageComponent:
      case InteractionType.ModalSubmit:
        return takePress(heard)
      case InteractionType.ApplicationCommandAutocomplete:
        return complete(heard)
    }
  }

  return async payload => {
    const parsed = interactionSchema.safeParse(payload)
    if (!parsed.success) {
      log.warn('Discord sent an interaction of unknown shape', {
        at: parsed.error.issues[0]?.path.join('.') ?? '',
      })
      return
    }
    try {
      await take(parsed.data)
    } catch (thrown) {
      const error = BotError.from(thrown)
      log.warn('an interaction could not be answered', {
        code: error.code,
        reason: error.message,
        ...error.details,
      })
    }
  }
}

/** `collect:7F3K9Q2M`. What has no colon is none of ours, and goes to the bot to be answered as outdated. */
function splitCustomId(customId: string): [press: string, subject: string] {
  const colon = customId.indexOf(':')
  return colon < 0 ? [customId, ''] : [customId.slice(0, colon), customId.slice(colon + 1)]
}
