import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeJsurl, type JsurlValue } from '../../../src/core/jsurl.js'

describe('JSURL', () => {
  it.each<[JsurlValue, string]>([
    // github.com/Sage/jsurl, README.
    [
      { name: 'John Doe', age: 42, children: ['Mary', 'Bill'] },
      "~(name~'John*20Doe~age~42~children~(~'Mary~'Bill))",
    ],
    ['', "~'"],
    [[], '~(~)'],
    [{}, '~()'],
    [null, '~null'],
    [true, '~true'],
    ['5 $ & é €', "~'5*20!*20*26*20*e9*20**20ac"],
  ])('writes %j as %s', (value, written) => {
    expect(encodeJsurl(value)).toBe(written)
  })

  it('can be read back, whatever it holds, and needs no escapes in an address', () => {
    const json = fc.letrec<{
      value: JsurlValue
      text: string
      list: JsurlValue[]
      fields: Record<string, JsurlValue>
    }>(tie => ({
      text: fc.string({ unit: 'binary' }),
      list: fc.array(tie('value'), { maxLength: 4 }),
      fields: fc.dictionary(fc.string({ minLength: 1, unit: 'binary' }), tie('value'), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      value: fc.oneof({ maxDepth: 3 }, tie('text'), fc.integer(), fc.boolean(), tie('list'), tie('fields')),
    })).value

    fc.assert(
      fc.property(json, value => {
        const written = encodeJsurl(value)
        expect(written).toMatch(/^[\w.~()'*!-]*$/)
        expect(decode(written)).toEqual(value)
      }),
    )
  })
})

/** As the other side reads it. */
function decode(written: string): unknown {
  let at = 0
  const take = (pattern: RegExp) => {
    const [found] = new RegExp(pattern.source, 'y').exec(written.slice(at)) ?? ['']
    at += found.length
    return found
  }
  const word = () =>
    take(/[^~()]*/)
      .replaceAll('!', '$')
      .replaceAll(/\*\*(....)|\*(..)/g, (_, four, two) =>
        String.fromCharCode(Number.parseInt(four ?? two, 16)),
      )
  const value = (): unknown => {
    take(/~/)
    if (take(/'/)) return word()
    if (!take(/\(/)) return JSON.parse(take(/[^~()]*/))
    const isList = written[at] === '~'
    const items: unknown[] = []
    const fields: [string, unknown][] = []
    if (isList && written[at + 1] === ')') at++
    while (!take(/\)/)) {
      if (isList) items.push(value())
      else {
        take(/~/)
        const key = word()
        fields.push([key, value()])
      }
    }
    return isList ? items : Object.fromEntries(fields)
  }
  return value()
}
