import { describe, expect, it } from 'vitest'
import { code, formatInstant, instant, mention, plain, say } from '../../../src/core/text.js'

const ana = { platform: 'slack', id: 'U00ANA', name: 'Ana', person: 'ana', groups: ['group:S00OPS'] } as const

describe('a text', () => {
  it('is a plain string where nothing in it is special', () => {
    expect(say`Hello ${'world'}, ${3} times`).toBe('Hello world, 3 times')
    expect(say`${''}`).toEqual([])
    expect(plain(say`${''}`)).toBe('')
  })

  it('keeps people, instants and code as what they are, and joins the rest', () => {
    const text = say`${mention(ana)} asked: ${say`collect ${code('7F3K9Q2M')} by`} ${instant('2026-12-23T15:42:31Z')}${'.'}`

    expect(text).toEqual([
      { person: { platform: 'slack', id: 'U00ANA', name: 'Ana' } },
      ' asked: collect ',
      { code: '7F3K9Q2M' },
      ' by ',
      { instant: '2026-12-23T15:42:31.000Z', to: 'minute' },
      '.',
    ])
    expect(plain(text)).toBe('Ana asked: collect 7F3K9Q2M by 23 Dec 2026 15:42 UTC.')
  })

  it('never takes what a person wrote for markup', () => {
    const name = '<@U00EVE> *now* `rm` &amp;'

    expect(say`Credential ${name}`).toBe(`Credential ${name}`)
  })

  it('rests in Redis as it is', () => {
    const text = say`${mention(ana)} at ${instant(0, 'day')}`

    expect(JSON.parse(JSON.stringify(text))).toEqual(text)
  })
})

describe('an instant', () => {
  it.each<[string | number | Date, 'minute' | 'day', string]>([
    ['2026-12-23T15:42:59.999Z', 'minute', '23 Dec 2026 15:42 UTC'],
    ['2026-12-23T23:30:00-05:00', 'day', '24 Dec 2026'],
    [0, 'minute', '1 Jan 1970 00:00 UTC'],
    [new Date('2027-01-05T04:05:06Z'), 'day', '5 Jan 2027'],
  ])('%s to the %s is %s', (at, to, text) => {
    expect(formatInstant(at, to)).toBe(text)
  })
})
