/** The horizon as people see it: real PNG, read pixel by pixel; and in words. */
import { expect, it } from 'vitest'
import { horizonOf } from '../../../jobs/credential/horizon.js'
import { DAY_MS } from '../../../src/core/duration.js'
import type { Log } from '../../../src/core/ports/log.js'
import { silentLog } from '../../../src/core/ports/log.js'
import type { Horizon, HorizonRow } from '../../../src/core/reply.js'
import { describeHorizon, encodeHorizon } from '../../../src/pictures/horizon.js'
import { createPainter } from '../../../src/pictures/painter.js'
import { type Pixels, readPng } from '../../fakes/png.js'

const NOW = Date.parse('2026-11-27T20:15:00Z')
const row = (days: number, more: Partial<HorizonRow> = {}): HorizonRow => ({
  name: `reader-${days}`,
  okms: 'prod-kms',
  expiresAtMs: NOW + days * DAY_MS,
  left: days <= 0 ? 'expired' : `${days} days`,
  isSolved: false,
  ...more,
})
const horizon = (rows: readonly HorizonRow[]): Horizon => horizonOf(rows, NOW, 'credentials.png')

async function drawn(rows: readonly HorizonRow[]): Promise<Pixels> {
  const picture = await createPainter(silentLog).draw(horizon(rows))
  return readPng(picture!.bytes)
}

/** Where the bars stand: from x 238, rows of 20 pixels from y 70. */
const colourOfRow = (pixels: Pixels, i: number) => pixels.at(239, 70 + i * 20 + 10)
function lengthOfRow(pixels: Pixels, i: number): number {
  const y = 70 + i * 20 + 10
  let x = 240
  while (pixels.at(x, y) === pixels.at(240, y)) x++
  return x - 238
}
const inkIn = (pixels: Pixels, from: number, to: number, y: number, height: number) => {
  let ink = 0
  for (let x = from; x < to; x++)
    for (let dy = 0; dy < height; dy++) if (pixels.at(x, y + dy) < '#808080') ink++
  return ink
}

it('tells urgency by colour, and time by length', async () => {
  const pixels = await drawn([-2, 3, 10, 20, 90].map(days => row(days)))

  expect([0, 1, 2, 3, 4].map(i => colourOfRow(pixels, i))).toEqual([
    '#6e1423',
    '#d1242f',
    '#f0803c',
    '#f5c542',
    '#2f8f5b',
  ])
  const lengths = [1, 2, 3, 4].map(i => lengthOfRow(pixels, i))
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b))
  expect(lengths.at(-1)).toBe(400)
})

it('writes name and days in letters, with a font that it brings along', async () => {
  const pixels = await drawn([row(3), row(40)])

  for (const i of [0, 1]) {
    expect(inkIn(pixels, 16, 230, 70 + i * 20, 20)).toBeGreaterThan(50)
    expect(inkIn(pixels, 648, 760, 70 + i * 20, 20)).toBeGreaterThan(30)
  }
  // Between name and bar stands nothing.
  expect(inkIn(pixels, 232, 237, 70, 40)).toBe(0)
})

it('greys what is taken care of', async () => {
  expect(colourOfRow(await drawn([row(3, { isSolved: true, left: 'renewed' })]), 0)).toBe('#b4bcc4')
})

it('has one row each, at most 30, the most urgent, and counts the rest', async () => {
  const few = await drawn([row(3), row(9)])
  expect(few.height).toBe(70 + 2 * 20 + 40)

  const rows = Array.from({ length: 100 }, (_, i) => row(100 - i))
  const { rows: shown, more } = horizon([...rows, row(-1), row(2, { isSolved: true })])
  expect(shown.map(({ name }) => name)).toEqual(Array.from({ length: 30 }, (_, i) => `reader-${i + 1}`))
  expect(more).toBe(72)
  expect((await drawn(rows)).height).toBe(70 + 30 * 20 + 40)
  expect(encodeHorizon(horizon(rows))).toContain('and 70 more')
})

it('fills up with what ended last, then with what is solved', () => {
  const { rows } = horizon([row(-400), row(-1), row(5, { isSolved: true }), row(7)])
  expect(rows.map(({ name }) => name)).toEqual(['reader--400', 'reader--1', 'reader-5', 'reader-7'])

  const crowded = horizon([...Array.from({ length: 29 }, (_, i) => row(i + 1)), row(-400), row(-1)])
  expect(crowded.rows[0]!.name).toBe('reader--1')
})

it('draws whatever people call their credentials', async () => {
  const names = ['<b>&"\'', '\u0000\u0007', '\ud800', '🔑'.repeat(40), 'x'.repeat(500), 'Ключ', '']
  const pixels = await drawn(names.map((name, i) => row(i + 1, { name, okms: `${name} & co` })))

  expect(pixels.height).toBe(70 + names.length * 20 + 40)
})

it('says the same in words, as many as fit', () => {
  const said = describeHorizon(horizon([row(3), row(-2)]), 1000)
  expect(said).toBe(
    'Timeline of what expires when, as of 27 Nov 2026 20:15 UTC: reader--2 of prod-kms expired; reader-3 of prod-kms 3 days.',
  )
  const many = horizon(Array.from({ length: 100 }, (_, i) => row(i + 1)))
  const short = describeHorizon(many, 300)
  expect(short.length).toBeLessThanOrEqual(300)
  expect(short).toMatch(/; and \d+ more\.$/)
})

it('goes without where it cannot be drawn, and says so to the operator', async () => {
  const warned: string[] = []
  const log: Log = { ...silentLog, warn: said => void warned.push(said) }

  expect(await createPainter(log).draw({ ...horizon([row(3)]), rows: null as never })).toBeNull()
  expect(warned).toEqual(['a picture could not be drawn'])
})
