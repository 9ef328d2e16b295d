import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newRunId, realChance } from '../../../src/core/ports/chance.js'
import { normalizeRunId } from '../../../src/core/run-id.js'

describe('a run id', () => {
  it('is eight letters and digits that cannot be confused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), bytes => {
        const id = newRunId({ bytes: () => bytes })
        expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/)
        expect(normalizeRunId(id)).toBe(id)
      }),
    )
  })

  it('differs each time', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newRunId(realChance))).size).toBe(1000)
  })

  it.each<[string, string]>([
    ['7f3k9q2m', '7F3K9Q2M'],
    [' 7F3K9Q2M ', '7F3K9Q2M'],
    ['oOiIlL12', '00111112'],
  ])('is understood as people write it: %s', (text, id) => {
    expect(normalizeRunId(text)).toBe(id)
  })

  it.each([[''], ['7F3K9Q2'], ['7F3K9Q2M1'], ['7F3K-9Q2M'], ['7F3K9Q2U'], ['7F3K 9Q2']])(
    'is not "%s"',
    text => {
      expect(normalizeRunId(text)).toBeNull()
    },
  )
})
