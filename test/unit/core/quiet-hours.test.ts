/** Quiet hours by the clock on the wall of a channel, nights in which it is moved included. */
import { describe, expect, it } from 'vitest'
import { formatQuietHours, parseQuietHours, quietUntil } from '../../../src/core/quiet-hours.js'

const until = (hours: string, zone: string, at: string) => {
  const end = quietUntil(parseQuietHours(hours, zone), Date.parse(at))
  return end === null ? null : new Date(end).toISOString()
}

describe('quiet hours', () => {
  it.each([
    ['22:00-07:00', 'UTC', '2027-01-10T21:59:59Z', null],
    ['22:00-07:00', 'UTC', '2027-01-10T22:00:00Z', '2027-01-11T07:00:00.000Z'],
    ['22:00-07:00', 'UTC', '2027-01-11T06:59:59Z', '2027-01-11T07:00:00.000Z'],
    ['22:00-07:00', 'UTC', '2027-01-11T07:00:00Z', null],
    ['12:00-13:30', 'UTC', '2027-01-11T12:20:30Z', '2027-01-11T13:30:00.000Z'],
    ['12:00-13:30', 'UTC', '2027-01-11T13:30:00Z', null],
    ['22:00-07:00', 'Europe/Paris', '2027-01-10T21:00:00Z', '2027-01-11T06:00:00.000Z'],
    ['22:00-07:00', 'America/New_York', '2027-01-10T21:00:00Z', null],
    ['22:00-07:00', 'Asia/Kathmandu', '2027-01-10T16:15:00Z', '2027-01-11T01:15:00.000Z'],
    // Clocks go forward in Paris on 28 March 2027, and back on 31 October 2027.
    ['22:00-07:00', 'Europe/Paris', '2027-03-27T23:00:00Z', '2027-03-28T05:00:00.000Z'],
    ['22:00-07:00', 'Europe/Paris', '2027-10-30T22:00:00Z', '2027-10-31T06:00:00.000Z'],
  ])('%s in %s at %s last until %s', (hours, zone, at, expected) => {
    expect(until(hours, zone, at)).toBe(expected)
  })

  it.each(['22-7', '00:00-24:00', '25:00-07:00', '22:60-07:00', '22:00', '07:00-07:00', 'at night'])(
    'are not "%s"',
    text => {
      expect(() => parseQuietHours(text, 'UTC')).toThrow(`"${text}" is not a time of quiet.`)
    },
  )

  it('know only the time zones there are', () => {
    expect(() => parseQuietHours('22:00-07:00', 'Europe/Lyon')).toThrow('"Europe/Lyon" is not a time zone.')
  })

  it.each([
    [
      '22:00-02:30 in Paris, where 02:00 to 03:00 is skipped',
      '22:00-02:30',
      'Europe/Paris',
      '2027-03-28T00:45:00Z',
    ],
    [
      '22:00-02:00 in Paris, ending where the skipped hour begins',
      '22:00-02:00',
      'Europe/Paris',
      '2027-03-28T00:59:00Z',
    ],
    [
      '18:00-24:00 in Cairo, where the day begins at 01:00',
      '18:00-24:00',
      'Africa/Cairo',
      '2027-04-29T21:30:00Z',
    ],
  ])('end soon after the clocks were moved: %s', (_, text, timeZone, now) => {
    const nowMs = Date.parse(now)
    const until = quietUntil(parseQuietHours(text, timeZone), nowMs)!

    // A look at it again each millisecond would keep the reminders from everything else.
    expect(until - nowMs).toBeGreaterThanOrEqual(60_000)
    expect(until - nowMs).toBeLessThanOrEqual(2 * 3_600_000)
    expect(quietUntil(parseQuietHours(text, timeZone), until)).toBeNull()
  })

  it('read as they were written', () => {
    expect(formatQuietHours(parseQuietHours('22:00 - 7:00', 'europe/paris'))).toBe('22:00-07:00 Europe/Paris')
  })
})
