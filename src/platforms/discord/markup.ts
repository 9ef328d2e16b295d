/**
 * Our texts as Discord's Markdown. What people wrote is escaped, so that it shows as it is: no formatting, no link in disguise,
 * no mention. https://docs.discord.com/developers/reference#message-formatting
 */
import { plain, type Span, type Text } from '../../core/text.js'

/** Addresses stay as they are, so that they can be clicked; only characters that mean nothing in Markdown. */
const ADDRESS = /https?:\/\/[\w.\-/:%?=&+#]+/g

/** Any character but letters, digits and blanks may stand behind a backslash. */
const MEANINGFUL = /[\\*_~`|<>[\]()#@]/g
const AT_LINE_START = /^(\s*)([-+](?=\s)|\d+(?=[.)]\s))/gm

export function escapeMarkdown(text: string): string {
  let out = ''
  let from = 0
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    out += escapeWords(text.slice(from, index)) + address
    from = index + address.length
  }
  return out + escapeWords(text.slice(from))
}

function escapeWords(text: string): string {
  return text
    .replace(MEANINGFUL, '\\$&')
    .replace(AT_LINE_START, (_, blank: string, sign: string) =>
      /\d/.test(sign) ? `${blank}${sign}\\` : `${blank}\\${sign}`,
    )
}

/** Something to copy. A backtick inside is kept by longer quotes around. */
export function inlineCode(text: string): string {
  const one = text.replaceAll(/\s+/g, ' ').trim()
  if (one === '') return ''
  if (!one.includes('`')) return `\`${one}\``
  return one.includes('``') ? escapeMarkdown(one) : `\`\` ${one} \`\``
}

/** Lines in a fixed width. An invisible blank keeps three backticks inside from ending the block. */
export const codeBlock = (text: string) => `\`\`\`\n${text.replaceAll('``', '`\u200b`')}\n\`\`\``

/** @param maxChars longer texts end in `…`, cut so that no markup is left open */
export function encodeText(text: Text, maxChars = Number.POSITIVE_INFINITY): string {
  let out = ''
  for (const span of typeof text === 'string' ? [text] : text) {
    const encoded = encodeSpan(span)
    if (out.length + encoded.length <= maxChars) {
      out += encoded
      continue
    }
    return `${out}${cut(typeof span === 'string' ? span : plain([span]), maxChars - out.length - 1)}…`
  }
  return out
}

function encodeSpan(span: Span): string {
  if (typeof span === 'string') return escapeMarkdown(span)
  if ('person' in span) {
    const { platform, id, name } = span.person
    return platform === 'discord' && /^\d+$/.test(id) ? `<@${id}>` : escapeMarkdown(name)
  }
  // Shown in the reader's own zone and language: `f` date and time, `D` the date.
  if ('instant' in span)
    return `<t:${Math.floor(Date.parse(span.instant) / 1000)}:${span.to === 'day' ? 'D' : 'f'}>`
  return inlineCode(span.code)
}

/** The longest beginning whose escaped form fits. */
function cut(text: string, maxChars: number): string {
  const letters = [...text]
  let fits = 0
  let beyond = letters.length
  while (fits < beyond) {
    const middle = Math.ceil((fits + beyond) / 2)
    if (escapeMarkdown(letters.slice(0, middle).join('')).length <= maxChars) fits = middle
    else beyond = middle - 1
  }
  return escapeMarkdown(letters.slice(0, fits).join(''))
}

/** Ids of the people on Discord that a text mentions by itself (not in what somebody wrote). */
export function mentionedIn(texts: readonly Text[]): string[] {
  const spans = texts.flatMap(text => (typeof text === 'string' ? [] : text))
  return spans.flatMap(span =>
    typeof span !== 'string' && 'person' in span && span.person.platform === 'discord'
      ? [span.person.id]
      : [],
  )
}
