/** Which thresholds fit a life, which is crossed, and which comes next. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS as DAY } from '../../../src/core/duration.js'
import { mostUrgent, nextCrossing, thresholdsFor } from '../../../src/core/thresholds.js'

const DEFAULT = [30, 14, 7, 3, 1, 0].map(days => days * DAY)
const days = (thresholds: readonly number[]) => thresholds.map(ms => ms / DAY)

describe('the thresholds of a life', () => {
  it.each([
    [365, [30, 14, 7, 3, 1, 0]],
    [31, [30, 14, 7, 3, 1, 0]],
    [30, [14, 7, 3, 1, 0]],
    [7, [3, 1, 0]],
    [4, [3, 1, 0]],
    [3, [1.5, 0.75, 0.3, 0]],
    [1, [0.5, 0.25, 0.1, 0]],
  ])('of %d days are %j', (life, expected) => {
    expect(days(thresholdsFor(life * DAY, DEFAULT))).toEqual(expected)
  })

  it('are not scaled where people chose so few themselves', () => {
    expect(days(thresholdsFor(365 * DAY, [7 * DAY, 0]))).toEqual([7, 0])
    expect(days(thresholdsFor(365 * DAY, [0]))).toEqual([0])
  })

  it('are none where people want none, and hold no overdue notice that nobody chose', () => {
    expect(thresholdsFor(3 * DAY, [])).toEqual([])
    expect(days(thresholdsFor(4 * DAY, [30 * DAY, 7 * DAY]))).toEqual([2, 1, 0.4])
  })

  it('do not begin with the credential itself, though its clock be a minute off', () => {
    expect(days(thresholdsFor(30 * DAY + 60_000, DEFAULT))).toEqual([14, 7, 3, 1, 0])
  })
})

describe('what is crossed', () => {
  const expires = 100 * DAY

  it('is the most urgent of all that are, and at the very instant', () => {
    expect(mostUrgent(DEFAULT, expires, 69 * DAY)).toBeNull()
    expect(mostUrgent(DEFAULT, expires, 70 * DAY)).toBe(30 * DAY)
    expect(mostUrgent(DEFAULT, expires, 95 * DAY)).toBe(7 * DAY)
    expect(mostUrgent(DEFAULT, expires, 100 * DAY)).toBe(0)
    expect(mostUrgent(DEFAULT, expires, 300 * DAY)).toBe(0)
  })

  it('is followed by the next that is more urgent than what was told', () => {
    expect(nextCrossing(DEFAULT, expires, null, 0)).toBe(70 * DAY)
    expect(nextCrossing(DEFAULT, expires, null, 90 * DAY)).toBe(93 * DAY)
    expect(nextCrossing(DEFAULT, expires, 1 * DAY, 90 * DAY)).toBe(100 * DAY)
    expect(nextCrossing(DEFAULT, expires, 0, 99 * DAY)).toBeNull()
    expect(nextCrossing(DEFAULT, expires, null, 100 * DAY)).toBeNull()
  })

  it('comes to every threshold in turn for whoever goes from crossing to crossing', () => {
    const wanted = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 365 }), wanted, (life, chosen) => {
        const thresholds = thresholdsFor(
          life * DAY,
          chosen.map(one => one * DAY),
        )
        const told: number[] = []
        for (let at: number | null = 0; at !== null; ) {
          const crossed = mostUrgent(thresholds, life * DAY, at)
          if (crossed !== null) told.push(crossed)
          at = nextCrossing(thresholds, life * DAY, crossed, at)
        }
        expect(told).toEqual(thresholds)
      }),
    )
  })
})
