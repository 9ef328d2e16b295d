import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, daysUntil, formatDuration, parseDays, parseDuration } from '../../../src/core/duration.js'

describe('a duration', () => {
  it.each<[string, number]>([
    ['250ms', 250],
    ['90s', 90_000],
    ['15m', 900_000],
    ['15min', 900_000],
    ['8h', 28_800_000],
    ['30d', 30 * DAY_MS],
    ['12w', 84 * DAY_MS],
    ['12mo', 365 * DAY_MS],
    ['1y', 365 * DAY_MS],
    [' 2H ', 7_200_000],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    [''],
    ['30'],
    ['d'],
    ['1.5h'],
    ['-1d'],
    ['1d 2h'],
    ['ten days'],
    ['1e3s'],
    ['1 d'],
    ['9999999999999d'],
  ])('"%s" is none', text => {
    expect(() => parseDuration(text, 'snooze')).toThrowError(
      expect.objectContaining({ code: 'input.invalid', message: `"${text}" is not a snooze.` }),
    )
  })
})

describe('a validity', () => {
  it.each<[string, number]>([
    ['30d', 30],
    ['12w', 84],
    ['6mo', 183],
    ['1mo', 30],
    ['12mo', 365],
    ['1y', 365],
    ['45', 45],
    [' 1Y ', 365],
    ['0', 0],
    ['400d', 400],
  ])('%s is %d whole days', (text, days) => {
    expect(parseDays(text)).toBe(days)
  })

  it.each([['banana'], ['24h'], ['30m'], ['90s'], ['1.5d'], [''], ['-3'], ['100000']])(
    '"%s" is none',
    text => {
      expect(() => parseDays(text)).toThrowError(
        expect.objectContaining({ code: 'input.invalid', hint: expect.stringContaining('plain days') }),
      )
    },
  )
})

describe('shown to people', () => {
  it.each<[number, string]>([
    [0, '0 s'],
    [999, '0 s'],
    [-5000, '0 s'],
    [6400, '6 s'],
    [724_000, '12 min 4 s'],
    [720_000, '12 min'],
    [3_600_000, '1 h'],
    [3_604_000, '1 h'],
    [266_400_000, '3 d 2 h'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('never has more than two units, nor a zero among them', () => {
    fc.assert(
      fc.property(fc.nat(400 * DAY_MS), ms => {
        expect(formatDuration(ms)).toMatch(/^(0 s|[1-9]\d* (d|h|min|s)( [1-9]\d* (h|min|s))?)$/)
      }),
    )
  })
})

describe('days left', () => {
  it.each<[number, number]>([
    [DAY_MS * 3, 3],
    [DAY_MS * 3 - 1, 2],
    [1, 0],
    [0, 0],
    [-1, -1],
  ])('%d ms before the end: %d', (ms, days) => {
    expect(daysUntil(1_800_000_000_000 + ms, 1_800_000_000_000)).toBe(days)
  })
})
