/** What Slack answers, in our words, by its error code and never by its prose. https://docs.slack.dev/apis/web-api/#responses */
import { webApi } from '@slack/bolt'
import { BotError } from '../../core/errors.js'

/** Slack's own trouble, which passes. */
const PASSING = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'accesslimited',
])
/** An operator mends these and starts the bot again, so that messages wait rather than get lost. */
const TOKEN = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'missing_scope',
])
const DEFAULT_REST_MS = 30_000

/** The code that Slack gave, such as `not_in_channel`; `null` when it gave none. */
export function slackErrorOf(error: unknown): string | null {
  const code = error instanceof BotError ? error.details.slackError : undefined
  return typeof code === 'string' ? code : null
}

/** Whether it may be otherwise in a while without anybody mending it. */
export function isPassing(error: BotError): boolean {
  const slackError = slackErrorOf(error)
  return error.retryable && (slackError === null || PASSING.has(slackError))
}

/** @throws BotError `chat.rate-limited`, `chat.unreachable`, `chat.refused`, all with `details.method` */
export async function asked<T>(method: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw translated(method, error)
  }
}

function translated(method: string, cause: unknown): BotError {
  if (cause instanceof BotError) return cause
  if (cause instanceof webApi.WebAPIRateLimitedError) return rateLimited(method, cause.retryAfter)
  if (cause instanceof webApi.WebAPIPlatformError) return platformError(method, cause)
  const status = cause instanceof webApi.WebAPIHTTPError ? cause.statusCode : 0
  return new BotError('chat.unreachable', 'Slack could not be reached.', {
    details: { method, ...(status === 0 ? {} : { status }) },
    cause,
  })
}

function platformError(method: string, cause: InstanceType<typeof webApi.WebAPIPlatformError>): BotError {
  const slackError = cause.data.error
  if (slackError === 'ratelimited' || slackError === 'rate_limited') return rateLimited(method, null)
  const details = { method, slackError: String(slackError).slice(0, 80) }
  if (TOKEN.has(slackError)) {
    return new BotError('chat.unreachable', `Slack does not take the bot's token for this (${slackError}).`, {
      hint: 'Install the app again with the scopes that npm run slack:manifest prints, and set SLACK_BOT_TOKEN anew.',
      details,
      cause,
    })
  }
  const code = PASSING.has(slackError) ? 'chat.unreachable' : 'chat.refused'
  return new BotError(code, `Slack refused ${method}: ${details.slackError}.`, { details, cause })
}

const rateLimited = (method: string, retryAfterSeconds: number | null) =>
  new BotError('chat.rate-limited', 'Slack asks to slow down.', {
    details: { method },
    retryAfterMs: retryAfterSeconds === null ? DEFAULT_REST_MS : retryAfterSeconds * 1000,
  })
