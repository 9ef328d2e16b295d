/** Discord's answers as failures of ours, by status and code. https://docs.discord.com/developers/topics/opcodes-and-status-codes */
import { DiscordAPIError, HTTPError, RateLimitError, RESTJSONErrorCodes } from 'discord.js'
import { BotError } from '../../core/errors.js'

/** Codes that we answer otherwise than by giving up. */
export const CODE = {
  unknownGuild: RESTJSONErrorCodes.UnknownGuild,
  missingAccess: RESTJSONErrorCodes.MissingAccess,
  unknownChannel: RESTJSONErrorCodes.UnknownChannel,
  unknownMember: RESTJSONErrorCodes.UnknownMember,
  unknownMessage: RESTJSONErrorCodes.UnknownMessage,
  unknownWebhook: RESTJSONErrorCodes.UnknownWebhook,
  unknownInteraction: RESTJSONErrorCodes.UnknownInteraction,
  alreadyAcknowledged: RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged,
  invalidWebhookToken: RESTJSONErrorCodes.InvalidWebhookToken,
  closedDirectMessages: RESTJSONErrorCodes.CannotSendMessagesToThisUser,
  noSharedServer: RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
  openingTooFast: RESTJSONErrorCodes.OpeningDirectMessagesTooFast,
  archivedThread: RESTJSONErrorCodes.InvalidActionOnArchivedThread,
  wrongChannelType: RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType,
  threadExists: RESTJSONErrorCodes.ThreadAlreadyCreatedForMessage,
} as const

/** Whether Discord answered with one of these. */
export const isOneOf = (error: unknown, ...codes: number[]): boolean =>
  error instanceof BotError && codes.includes(Number(error.details.code))

/** The token is wrong or was reset: every further call would fail too, and count towards a ban of the address. */
export const isUnauthorized = (error: BotError): boolean => error.details.status === 401

/** Opening direct messages too fast has no time of its own to wait. */
const CALM_DOWN_MS = 60_000

/**
 * The library's own error is left behind, not even kept as a cause: it holds the whole request, and by that files and tokens.
 *
 * @param doing what was tried, for the operator; constant text
 * @returns `chat.rate-limited`, `chat.unreachable` or `chat.refused`
 */
export function chatError(error: unknown, doing: string): BotError {
  if (error instanceof BotError) return error
  if (error instanceof RateLimitError) return slowDown(error.retryAfter, { doing, global: error.global })
  if (error instanceof DiscordAPIError && error.status < 500) {
    const details = { doing, status: error.status, code: error.code }
    if (error.code === CODE.openingTooFast) return slowDown(CALM_DOWN_MS, details)
    const said = 'message' in error.rawError ? error.rawError.message : String(error.code)
    return new BotError('chat.refused', `Discord refused: ${said.replace(/\.$/, '')}.`, { details })
  }
  const status = error instanceof DiscordAPIError || error instanceof HTTPError ? error.status : 0
  if (status >= 400 && status < 500)
    return new BotError('chat.refused', `Discord refused with status ${status}.`, {
      details: { doing, status },
    })
  return new BotError('chat.unreachable', 'Discord cannot be reached right now.', {
    details: { doing, status, reason: error instanceof Error ? error.name : typeof error },
  })
}

const slowDown = (retryAfterMs: number, details: Record<string, string | number | boolean>) =>
  new BotError('chat.rate-limited', 'Discord asks the bot to slow down.', {
    // A pause of nothing would be a loop.
    retryAfterMs: Math.max(50, Math.ceil(retryAfterMs)),
    details,
  })
