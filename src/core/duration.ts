/** Durations as people write them: `90s`, `15m`, `8h`, `30d`, `12w`, `6mo`, `1y`. */
import { BotError } from './errors.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
export const DAY_MS = 24 * HOUR

/** A month is a twelfth of 365 days, so that `12mo` and `1y` are the same and `6mo` is 183 days, as OVHcloud's console offers. */
const UNITS: Record<string, number> = {
  ms: 1,
  s: SECOND,
  m: MINUTE,
  min: MINUTE,
  h: HOUR,
  d: DAY_MS,
  w: 7 * DAY_MS,
  mo: (365 / 12) * DAY_MS,
  y: 365 * DAY_MS,
}

const PATTERN = /^(\d{1,12})(ms|s|min|mo|m|h|d|w|y)$/i

/**
 * Milliseconds of a duration such as `15m` or `30d`.
 *
 * @param field what the text stands for, named in the refusal
 * @throws BotError `input.invalid` when the text is no duration
 */
export function parseDuration(text: string, field = 'duration'): number {
  const match = PATTERN.exec(text.trim())
  if (!match) {
    throw new BotError('input.invalid', `"${text}" is not a ${field}.`, {
      hint: 'Write a number and a unit, such as 45m, 12h, 30d, 12w, 6mo or 1y.',
    })
  }
  return Math.round(Number(match[1]) * (UNITS[match[2]!.toLowerCase()] ?? Number.NaN))
}

/**
 * Whole days of a validity: `30d`, `12w`, `6mo`, `1y` or plain days.
 *
 * @throws BotError `input.invalid` when the text is no validity, or not a whole number of days
 */
export function parseDays(text: string, field = 'validity'): number {
  const trimmed = text.trim()
  if (/^\d{1,5}$/.test(trimmed)) return Number(trimmed)
  const match = PATTERN.exec(trimmed)
  if (!match || !['d', 'w', 'mo', 'y'].includes(match[2]!.toLowerCase())) {
    throw new BotError('input.invalid', `"${text}" is not a ${field}.`, {
      hint: 'Write days, weeks, months or a year: 30d, 12w, 6mo, 1y, or plain days.',
    })
  }
  return Math.round(parseDuration(trimmed, field) / DAY_MS)
}

/** As people say it: 14 days, 1 day, 5 hours, 20 min. */
export function timeLeft(leftMs: number): string {
  // A minute late is not a day less.
  const days = Math.round(leftMs / DAY_MS)
  if (leftMs > DAY_MS - HOUR) return days === 1 ? '1 day' : `${days} days`
  const hours = Math.round(leftMs / HOUR)
  if (hours >= 1) return hours === 1 ? '1 hour' : `${hours} hours`
  return formatDuration(Math.max(leftMs, MINUTE))
}

/** Two units at most, for people: `12 min 4 s`, `3 d 2 h`, `6 s`. Rounds down; under a second is `0 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ')
}

/** Whole days left until an instant: 0 on the last day, negative after it. */
export function daysUntil(atMs: number, nowMs: number): number {
  return Math.floor((atMs - nowMs) / DAY_MS)
}
