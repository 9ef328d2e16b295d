/**
 * Answers that are not what we asked for, as BotErrors: by status and class; by prose only for the fixed sentences that no class
 * tells apart. Shapes and classes: ovh/go-ovh: ovh/error.go, ovh/error_test.go (v2), ovh/python-ovh: ovh/client.py (older bodies).
 */
import { BotError, type ErrorCode } from '../core/errors.js'
import { type Attempted, withoutQuery } from './lost.js'
import { type Kind, kindOfClass, kindOfSentence, kindOfStatus } from './refusals.js'
import type { Answer } from './transport.js'

/** What a vendor's text may fill of a message or a log line. */
const LONGEST_VENDOR_TEXT = 300
/** A wait beyond this is no wait but a mistake. */
const LONGEST_RETRY_AFTER_MS = 24 * 3600 * 1000

interface VendorBody {
  class: string | null
  message: string | null
  /** IAM actions, each once. */
  missingActions: string[]
}

/**
 * The failure that an answer outside 200 to 299 means.
 *
 * @param redact takes known secrets out of a text: a vendor may quote what it was sent
 */
export function refusalOf(call: Attempted, answer: Answer, redact: (text: string) => string): BotError {
  const body = readBody(answer, redact)
  const path = withoutQuery(call.path)
  const kind =
    kindOfClass(body.class) ?? kindOfSentence(body.message, answer.status) ?? kindOfStatus(answer.status)
  const retryAfterMs = retryAfter(answer)
  const { code, message, hint } = worded(kind, {
    method: call.method,
    path,
    status: answer.status,
    body,
    retryAfterMs,
  })
  return new BotError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: {
      method: call.method,
      path,
      status: answer.status,
      sent: true,
      ...(body.class === null ? {} : { class: body.class }),
      ...(body.message === null ? {} : { vendorMessage: body.message }),
      ...(body.missingActions.length === 0 ? {} : { missingActions: body.missingActions.join(',') }),
      ...queryIdDetail(answer),
    },
  })
}

/** A success whose body is no JSON: a front end's page, or an answer cut short. What was asked may have been done. */
export function unreadable(call: Attempted, answer: Answer): BotError {
  const path = withoutQuery(call.path)
  const what = looksLikeHtml(answer) ? 'a web page' : 'something that is not JSON'
  return new BotError('ovh.broken', `OVHcloud answered ${call.method} ${path} with ${what}.`, {
    details: { method: call.method, path, status: answer.status, sent: true, ...queryIdDetail(answer) },
  })
}

/**
 * A success whose JSON is not shaped as documented.
 *
 * @param field where in the body, such as `[3].status`; the value itself is never told
 * @param expected what should be there, such as `string`
 */
export function misshapen(call: Attempted, answer: Answer, field: string, expected: string): BotError {
  const path = withoutQuery(call.path)
  const where = field === '' ? 'the body' : `the field ${field}`
  return new BotError(
    'ovh.unexpected',
    `OVHcloud's answer to ${call.method} ${path} is not as documented: ${where} should be ${expected}.`,
    {
      details: {
        method: call.method,
        path,
        status: answer.status,
        sent: true,
        field,
        ...queryIdDetail(answer),
      },
    },
  )
}

/** OVHcloud's name for one call, such as `FR.ws-8.5860f657.4632.0180`; support asks for it. */
export function queryIdOf(answer: Answer): string | null {
  const value = answer.headers['x-ovh-queryid']
  return typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value) ? value : null
}

function queryIdDetail(answer: Answer): { queryId?: string } {
  const queryId = queryIdOf(answer)
  return queryId === null ? {} : { queryId }
}

interface Circumstances {
  method: string
  path: string
  status: number
  body: VendorBody
  retryAfterMs: number | undefined
}

function worded(
  kind: Kind,
  at: Circumstances,
): { code: ErrorCode; message: string; hint?: string | undefined } {
  const call = `${at.method} ${at.path}`
  const said = at.body.message === null ? '' : ` It said: ${at.body.message.replace(/[^.!?…]$/, '$&.')}`
  if (kind.code === 'ovh.denied' && at.body.missingActions.length > 0) {
    const missing = at.body.missingActions.join(', ')
    return {
      code: kind.code,
      message: `OVHcloud does not allow the bot's account ${call}: the right ${missing} is missing.`,
      hint: `Add ${missing} to the IAM policy of the bot's account.`,
    }
  }
  const wait = at.retryAfterMs === undefined ? '' : ` It asks to wait ${Math.ceil(at.retryAfterMs / 1000)} s.`
  return { code: kind.code, message: `${kind.message(call, at.status)}${wait}${said}`, hint: kind.hint }
}

/** Both shapes are taken on both versions: `{class, message, details}` and the older `{errorCode, httpCode, message}`. */
function readBody(answer: Answer, redact: (text: string) => string): VendorBody {
  const text = answer.body.toString('utf8')
  const body = parseObject(text)
  const clean = (value: unknown) =>
    typeof value === 'string' && value.trim() !== '' ? oneLine(redact(value)) : null
  if (body === null) return { class: null, message: clean(pageTitle(text)), missingActions: [] }
  const details =
    typeof body.details === 'object' && body.details !== null ? (body.details as Record<string, unknown>) : {}
  const actions = [details.unauthorizedActionsByIAM, details.unauthorizedActionsByAuthentication]
    .filter(list => typeof list === 'string')
    .flatMap(list => list.split(','))
    .map(action => clean(action))
    .filter(action => action !== null)
  return {
    // The last two are how an OAuth2 token address refuses (RFC 6749 §5.2).
    class: clean(body.class) ?? clean(body.errorCode) ?? clean(body.error),
    message: clean(body.message) ?? clean(body.error_description),
    missingActions: [...new Set(actions)],
  }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

const looksLikeHtml = (answer: Answer) => /^\s*</.test(answer.body.subarray(0, 64).toString('latin1'))

/** The one telling line of a front end's page. */
function pageTitle(text: string): string | null {
  return /<title>([^<]{1,200})<\/title>/i.exec(text)?.[1] ?? null
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g

function oneLine(text: string): string {
  const line = text
    .replace(PRIVATE_KEY, '[private key]')
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
  return line.length > LONGEST_VENDOR_TEXT ? `${line.slice(0, LONGEST_VENDOR_TEXT - 1)}…` : line
}

/** `Retry-After` (RFC 9110 §10.2.3): seconds, or an instant, which is measured by the answer's own `Date`. */
function retryAfter(answer: Answer): number | undefined {
  const value = answer.headers['retry-after']
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Math.min(Number(value) * 1000, LONGEST_RETRY_AFTER_MS)
  if (!value.endsWith('GMT')) return undefined
  const waitMs = Date.parse(value) - Date.parse(String(answer.headers.date))
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), LONGEST_RETRY_AFTER_MS)
}
