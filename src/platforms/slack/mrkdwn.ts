/**
 * Our texts in Slack's markup. What people wrote never becomes markup: a text without spans is sent as `plain_text`, and within
 * `mrkdwn` the three control characters are escaped. https://docs.slack.dev/messaging/formatting-message-text
 */
import type { types } from '@slack/bolt'
import { formatInstant, plain, type Span, type Text } from '../../core/text.js'

export type TextObject = types.PlainTextElement | types.MrkdwnElement

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Shortened so that it is not too long once escaped. */
export function escapedWithin(text: string, maxChars: number): string {
  for (let room = maxChars; ; ) {
    const all = escaped(shorten(text, room))
    if (all.length <= maxChars) return all
    room -= all.length - maxChars
  }
}

/** What Slack escaped in the text of a command or message. */
export const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

export const mrkdwn = (text: Text): string =>
  typeof text === 'string' ? escaped(text) : text.map(mrkdwnSpan).join('')

function mrkdwnSpan(span: Span): string {
  if (typeof span === 'string') return escaped(span)
  if ('person' in span) {
    const { platform, id, name } = span.person
    return platform === 'slack' && /^[UW][A-Z0-9]+$/.test(id) ? `<@${id}>` : escaped(name)
  }
  if ('instant' in span) {
    const seconds = Math.floor(Date.parse(span.instant) / 1000)
    const shown = span.to === 'day' ? '{date_short}' : '{date_short} {time}'
    return `<!date^${seconds}^${shown}|${formatInstant(span.instant, span.to)}>`
  }
  return codeSpan(span.code)
}

/** Nothing inside can end it: a backtick becomes an apostrophe. */
function codeSpan(code: string): string {
  const text = escaped(code).replaceAll('`', "'")
  if (text === '') return ''
  return text.includes('\n') ? `\`\`\`${text}\`\`\`` : `\`${text}\``
}

/** Cut visibly: the number of characters that are missing stands at the end. */
export function shorten(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const room = maxChars - 30
  return room < 20
    ? `${whole(text.slice(0, maxChars - 1))}…`
    : `${whole(text.slice(0, room))}… ${text.length - room} more characters`
}

/** Without the first half of a pair of code units at its end. */
const whole = (text: string) => text.replace(/[\uD800-\uDBFF]$/, '')

export const plainText = (text: string, maxChars: number): types.PlainTextElement => ({
  type: 'plain_text',
  text: shorten(text, maxChars),
  emoji: false,
})

/** Markup that would have to be cut is shown plain instead, since half a mention or date is none. */
export function textObject(text: Text, maxChars: number): TextObject {
  if (typeof text === 'string') return plainText(text, maxChars)
  const marked = mrkdwn(text)
  return marked.length <= maxChars
    ? { type: 'mrkdwn', text: marked, verbatim: true }
    : plainText(plain(text), maxChars)
}
