/** Discord's answers as failures of ours, by status and code. https://docs.discord.com/developers/topics/opcodes-and-status-codes */
import { DiscordAPIError, HTTPError, RateLimitError, RESTJSONErrorCodes } from 'discord.js'
import { BotError } from '../../core/errors.js'

/** Codes that we answer otherwise than by giving up. */
export const CODE = {
  unknownChannel: RESTJSONErrorCodes.UnknownChannel,
  unknownMember: RESTJSONErrorCodes.UnknownMember,
  unknownMessage: RESTJSONErrorCodes.UnknownMessage,
  unknownWebhook: RESTJSONErrorCodes.UnknownWebhook,
  unknownInteraction: RESTJSONErrorCodes.UnknownInteraction,
  alreadyAcknowledged: RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged,
  invalidWebhookToken: RESTJSONErrorCodes.InvalidWebhookTokenProvided,
  closedDirectMessages: RESTJSONErrorCodes.CannotSendMessagesToThisUser,
  /** "Cannot send messages to this user due to having no mutual guilds". */
  noSharedServer: 50278,
  openingTooFast: 40003,
  archivedThread: 50083,
  wrongChannelType: RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType,
  threadExists: RESTJSONErrorCodes.ThreadAlreadyCreatedForMessage,
} as const

/** What Discord answered, kept on the failure for those who can do something else about it. */
export function codeOf(error: unknown): number | null {
  const cause = error instanceof BotError ? error.cause : error
  return cause instanceof DiscordAPIError && typeof cause.code === 'number' ? cause.code : null
}

export const isOneOf = (error: unknown, ...codes: number[]) => codes.includes(codeOf(error) ?? -1)

/** The token is wrong or was reset: every further call would fail too, and count towards a ban of the address. */
export const isUnauthorized = (error: unknown) =>
  (error instanceof DiscordAPIError || error instanceof HTTPError) && error.status === 401

/** Opening direct messages too fast has no time of its own to wait. */
const CALM_DOWN_MS = 60_000

/**
 * @param doing what was tried, for the operator; constant text
 * @returns `chat.rate-limited`, `chat.unreachable` or `chat.refused`
 */
export function chatError(error: unknown, doing: string): BotError {
  if (error instanceof BotError) return error
  if (error instanceof RateLimitError) {
    return new BotError('chat.rate-limited', 'Discord asks the bot to slow down.', {
      retryAfterMs: Math.max(50, error.retryAfter),
      details: { doing, global: error.global },
      cause: error,
    })
  }
  if (error instanceof DiscordAPIError) {
    const details = { doing, status: error.status, code: error.code }
    if (error.code === CODE.openingTooFast) {
      return new BotError('chat.rate-limited', 'Discord asks the bot to slow down.', {
        retryAfterMs: CALM_DOWN_MS,
        details,
        cause: error,
      })
    }
    if (error.status < 500)
      return new BotError('chat.refused', `Discord refused: ${error.rawError && 'message' in error.rawError ? error.rawError.message : error.code}.`, { details, cause: error })
    return new BotError('chat.unreachable', 'Discord does not answer properly right now.', { details, cause: error })
  }
  const status = error instanceof HTTPError ? { status: error.status } : {}
  return new BotError('chat.unreachable', 'Discord cannot be reached right now.', {
    details: { doing, ...status, reason: error instanceof Error ? error.name : typeof error },
    cause: error,
  })
}
