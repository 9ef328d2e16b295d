import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didYouMean, distance } from '../../src/core/suggest.js'

const COMMANDS = ['list', 'show', 'regions', 'credential', 'credentials', 'certificate', 'thumbprint', 'help']

describe('did you mean', () => {
  it.each([
    ['lst', 'list'],
    ['credentail', 'credential'],
    ['credentialss', 'credentials'],
    ['hlep', 'help'],
    ['LIST', 'list'],
    ['tumbprnt', 'thumbprint'],
    ['cred', 'credential'],
    ['creds', 'credential'],
    ['cert', 'certificate'],
    ['reg', 'regions'],
  ])('reads %s as %s', (typed, meant) => {
    expect(didYouMean(typed, COMMANDS)).toBe(meant)
  })

  it.each([['banana'], ['x'], ['li'], ['showroom'], ['']])('does not guess at "%s"', typed => {
    expect(didYouMean(typed, COMMANDS)).toBeNull()
  })

  it('counts a swap of neighbours as one mistake', () => {
    expect(distance('raeder', 'reader')).toBe(1)
    expect(distance('reader', 'leader')).toBe(1)
    expect(distance('', 'abc')).toBe(3)
  })

  it('counts the same both ways, and nothing for the same word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(distance(a, b)).toBe(distance(b, a))
        expect(distance(a, b) === 0).toBe(a === b)
      }),
    )
  })
})
