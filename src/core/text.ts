/**
 * What the bot says, with the parts a platform shows in its own way: people (a mention), instants (the reader's zone) and
 * things to copy (code). A plain string is text; nothing in it is ever markup.
 */
import type { Actor } from './actor.js'

export type Span =
  | string
  | { readonly person: Pick<Actor, 'platform' | 'id' | 'name'> }
  /** ISO instant; `minute` shows date and time, `day` the date alone. */
  | { readonly instant: string; readonly to: 'minute' | 'day' }
  /** Something to copy: an id, a command, a fingerprint. */
  | { readonly code: string }

export type Text = string | readonly Span[]

/** Builds a text from a template: say`Collect it by ${instant(collectBy)}.` */
export function say(parts: TemplateStringsArray, ...spans: (Text | Span | number)[]): Text {
  const out: Span[] = []
  const push = (span: Span) => {
    const last = out.at(-1)
    if (span === '') return
    if (typeof span === 'string' && typeof last === 'string') out[out.length - 1] = last + span
    else out.push(span)
  }
  parts.forEach((part, i) => {
    push(part)
    const span = spans[i]
    if (span === undefined) return
    if (typeof span === 'number') push(String(span))
    else if (Array.isArray(span)) for (const inner of span as readonly Span[]) push(inner)
    else push(span as Span)
  })
  return out.length === 1 && typeof out[0] === 'string' ? out[0] : out
}

export const mention = (actor: Pick<Actor, 'platform' | 'id' | 'name'>): Span => ({
  person: { platform: actor.platform, id: actor.id, name: actor.name },
})
export const instant = (at: string | number | Date, to: 'minute' | 'day' = 'minute'): Span => ({
  instant: new Date(at).toISOString(),
  to,
})
export const code = (text: string): Span => ({ code: text })

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `23 Dec 2026 15:42` in UTC, or `23 Dec 2026`. */
export function formatInstant(at: string | number | Date, to: 'minute' | 'day' = 'minute'): string {
  const date = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
  return to === 'day' ? day : `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`
}

/** The plain form of a text, for terminals, notifications and screen readers. */
export function plain(text: Text): string {
  if (typeof text === 'string') return text
  return text
    .map(span => {
      if (typeof span === 'string') return span
      if ('person' in span) return span.person.name
      if ('instant' in span) return formatInstant(span.instant, span.to)
      return span.code
    })
    .join('')
}
