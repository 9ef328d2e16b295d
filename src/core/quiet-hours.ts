/** Hours of the day in which a channel wants no reminders, by the clock on its wall. */
import { BotError } from './errors.js'

export interface QuietHours {
  /** Minutes since midnight. Where `to` is not after `from`, the quiet lasts over midnight. */
  from: number
  to: number
  /** As the IANA names it: `Europe/Paris`. https://www.iana.org/time-zones */
  timeZone: string
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60

/** `22:00-07:00`. @throws BotError `input.invalid` */
export function parseQuietHours(text: string, timeZone: string): QuietHours {
  const match = /^(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})$/.exec(text.trim())
  const [from, to] = match
    ? [minuteOf(Number(match[1]), Number(match[2])), minuteOf(Number(match[3]), Number(match[4]))]
    : [null, null]
  if (from === null || to === null || from === to % DAY_MINUTES) {
    throw new BotError('input.invalid', `"${text}" is not a time of quiet.`, {
      hint: 'Write from and to on the 24-hour clock, such as 22:00-07:00.',
    })
  }
  return { from, to: to % DAY_MINUTES, timeZone: parseTimeZone(timeZone) }
}

/** 24:00 is the end of a day. */
function minuteOf(hours: number, minutes: number): number | null {
  const minute = hours * 60 + minutes
  return minutes < 60 && minute <= DAY_MINUTES ? minute : null
}

/** @throws BotError `input.invalid` */
export function parseTimeZone(text: string): string {
  const name = text.trim()
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (cause) {
    throw new BotError('input.invalid', `"${text}" is not a time zone.`, {
      hint: 'Write one as the IANA names it, such as Europe/Paris or UTC.',
      cause,
    })
  }
}

/** `22:00-07:00 Europe/Paris` */
export function formatQuietHours({ from, to, timeZone }: QuietHours): string {
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  return `${clock(from)}-${clock(to)} ${timeZone}`
}

/** The instant at which the quiet ends that reigns now; `null`: it is not quiet. */
export function quietUntil({ from, to, timeZone }: QuietHours, nowMs: number): number | null {
  const minute = minuteOfDay(nowMs, timeZone)
  const isQuiet = from < to ? minute >= from && minute < to : minute >= from || minute < to
  if (!isQuiet) return null
  const wholeMinute = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS
  const end = wholeMinute + ((to - minute + DAY_MINUTES) % DAY_MINUTES) * MINUTE_MS
  // A night in which the clocks are moved is an hour shorter or longer than it looks.
  const off = ((to - minuteOfDay(end, timeZone) + DAY_MINUTES * 1.5) % DAY_MINUTES) - DAY_MINUTES / 2
  const moved = end + off * MINUTE_MS
  // Where the clocks skip the end of the quiet, it ends as they do.
  return moved > nowMs ? moved : end
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function minuteOfDay(atMs: number, timeZone: string): number {
  let clock = clocks.get(timeZone)
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    clocks.set(timeZone, clock)
  }
  const [hours, minutes] = clock.format(atMs).split(':').map(Number)
  return hours! * 60 + minutes!
}
