/** A horizon as SVG: one bar per credential from today to its end, days left in words and by colour. Pure: facts in, text out. */
import type { Horizon, HorizonRow } from '../core/reply.js'
import { formatInstant } from '../core/text.js'

const DAY_MS = 24 * 3_600_000

/** Pixels. */
const WIDTH = 760
const LABEL = { from: 16, width: 214 }
const BARS = { from: 238, width: 400 }
const LEFT_FROM = BARS.from + BARS.width + 10
const HEAD = 70
const ROW = 20
const FOOT = 40
/** The widest a letter of the font gets on average, at 12 pixels. */
const LETTER = 7.2

const TICKS_DAYS = [1, 7, 14, 30, 90, 180, 365]
/** By days left, the first that fits; told apart by lightness too. */
const URGENCY = [
  { under: 0, colour: '#6e1423', said: 'expired' },
  { under: 7, colour: '#d1242f', said: 'under 7 days' },
  { under: 14, colour: '#f0803c', said: 'under 14' },
  { under: 30, colour: '#f5c542', said: 'under 30' },
  { under: Number.POSITIVE_INFINITY, colour: '#2f8f5b', said: '30 and more' },
] as const
const SOLVED = { colour: '#b4bcc4', said: 'taken care of' }
const INK = '#1f2328'
const FAINT = '#6a737d'
const LINE = '#e3e6ea'

export const FONT_FAMILY = 'DejaVu Sans'

const daysOf = ({ expiresAtMs }: HorizonRow, nowMs: number) => (expiresAtMs - nowMs) / DAY_MS

function colourOf(row: HorizonRow, nowMs: number): string {
  if (row.isSolved) return SOLVED.colour
  const days = daysOf(row, nowMs)
  return URGENCY.find(({ under }) => (under === 0 ? days <= 0 : days < under))!.colour
}

export function encodeHorizon({ rows, more, nowMs }: Horizon): string {
  const furthest = Math.max(7, ...rows.map(row => daysOf(row, nowMs)))
  // The next days get the most room: 0, 1, 7, 14, 30 and 365 days stand about as far from each other as they matter.
  const at = (days: number) => BARS.from + (BARS.width * Math.log1p(Math.max(0, days))) / Math.log1p(furthest)
  const height = HEAD + rows.length * ROW + FOOT
  const bottom = HEAD + rows.length * ROW
  const rest = more === 0 ? '' : ` · and ${more} more`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="${FONT_FAMILY}" font-size="12" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LABEL.from}" y="24" font-size="15">What expires when</text>`,
    `<text x="${LABEL.from}" y="42" font-size="11" fill="${FAINT}">as of ${formatInstant(nowMs)}${rest}</text>`,
    ...ticksUpTo(furthest).flatMap(days => tick(at(days), days, bottom)),
    ...rows.flatMap((row, i) => bar(row, HEAD + i * ROW, at(daysOf(row, nowMs)), colourOf(row, nowMs))),
    ...legend(bottom + 24),
    '</svg>',
  ].join('')
}

const ticksUpTo = (furthest: number) => [0, ...TICKS_DAYS.filter(days => days <= furthest)]

const tick = (x: number, days: number, bottom: number) => [
  `<line x1="${px(x)}" y1="${HEAD - 6}" x2="${px(x)}" y2="${bottom}" stroke="${LINE}"/>`,
  `<text x="${px(x)}" y="${HEAD - 10}" font-size="10" fill="${FAINT}" text-anchor="middle">${days === 0 ? 'now' : `${days} d`}</text>`,
]

function bar({ name, okms, left }: HorizonRow, y: number, end: number, colour: string): string[] {
  const middle = y + ROW / 2 + 4
  const room = Math.floor(LABEL.width / LETTER)
  const shownName = shorten(name, Math.max(room - okms.length - 1, Math.ceil(room * 0.6)))
  const shownOkms = shorten(okms, room - [...shownName].length - 1)
  return [
    `<text x="${LABEL.from}" y="${middle}">${escapeXml(shownName)}<tspan fill="${FAINT}" dx="6">${escapeXml(shownOkms)}</tspan></text>`,
    `<rect x="${BARS.from}" y="${y + 4}" width="${px(Math.max(end - BARS.from, 3))}" height="${ROW - 8}" rx="2" fill="${colour}"/>`,
    `<text x="${LEFT_FROM}" y="${middle}">${escapeXml(shorten(left, 14))}</text>`,
  ]
}

function legend(y: number): string[] {
  let x = LABEL.from
  return [...URGENCY, SOLVED].flatMap(({ colour, said }) => {
    const from = x
    x += 30 + said.length * 6.6
    return [
      `<rect x="${px(from)}" y="${y - 9}" width="10" height="10" rx="2" fill="${colour}"/>`,
      `<text x="${px(from + 15)}" y="${y}" font-size="10" fill="${FAINT}">${said}</text>`,
    ]
  })
}

/** The same facts in words, as many as fit. */
export function describeHorizon({ rows, more, nowMs }: Horizon, maxChars: number): string {
  const head = `Timeline of what expires when, as of ${formatInstant(nowMs)}: `
  const said = rows.map(({ name, okms, left }) => `${name} of ${okms} ${left}`)
  const ending = (count: number) => (count === 0 ? '.' : `; and ${count} more.`)
  let shown = said.length
  const whole = () => head + said.slice(0, shown).join('; ') + ending(more + said.length - shown)
  while (shown > 0 && whole().length > maxChars) shown--
  return whole()
}

const px = (value: number) => String(Math.round(value * 10) / 10)

function shorten(text: string, maxLetters: number): string {
  const letters = [...text]
  return letters.length <= maxLetters ? text : `${letters.slice(0, Math.max(0, maxLetters - 1)).join('')}…`
}

/** Names are other people's; control characters may not stand in XML at all. */
const escapeXml = (text: string) =>
  text
    .replaceAll(/[\u0000-\u001f\u007f\ufffe\uffff]|\p{Cs}/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
