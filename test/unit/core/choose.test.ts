import { describe, expect, it } from 'vitest'
import { type Choosable, choose } from '../../../src/core/choose.js'

const prod = { id: '1F6B2A10-0000-4000-8000-000000000001', name: 'prod-kms' }
const lab = { id: '1f6b2a10-0000-4000-8000-000000000002', name: 'lab-kms' }
const labToo = { id: '1f6b2a10-0000-4000-8000-000000000003', name: 'lab-kms' }

const pick = (all: readonly Choosable[], wanted?: string) => choose(all, wanted, 'OKMS', '/okms list')
const refused = (code: string, message: string, hint?: string) =>
  expect.objectContaining({ code, message, ...(hint === undefined ? {} : { hint }) })

describe('one of several', () => {
  it('is found by name or id, whatever the capitals', () => {
    expect(pick([prod, lab], 'PROD-kms')).toBe(prod)
    expect(pick([prod, lab], prod.id.toLowerCase())).toBe(prod)
    expect(pick([prod, lab, labToo], labToo.id)).toBe(labToo)
  })

  it('is the only one when nobody says which', () => {
    expect(pick([prod])).toBe(prod)
  })

  it('is found by id even when another bears that id as its name', () => {
    expect(pick([{ id: 'x', name: prod.id }, prod], prod.id)).toBe(prod)
  })

  it('is asked for when there are several', () => {
    expect(() => pick([prod, lab])).toThrowError(
      refused(
        'input.ambiguous',
        'There are 2 OKMS: prod-kms, lab-kms.',
        'Say which one by its name or id; /okms list shows them.',
      ),
    )
    const many = Array.from({ length: 8 }, (_, i) => ({ id: `${i}`, name: `kms-${i}` }))
    expect(() => pick(many)).toThrowError(
      refused('input.ambiguous', 'There are 8 OKMS: kms-0, kms-1, kms-2, kms-3, kms-4, … 3 more.'),
    )
  })

  it('is a numbered choice where the name is not enough', () => {
    expect(() => pick([prod, lab, labToo], 'lab-kms')).toThrowError(
      refused('input.ambiguous', `2 OKMS are called "lab-kms": 1) ${lab.id}  2) ${labToo.id}`),
    )
  })

  it('is missing with a guess, or with the way to see all', () => {
    expect(() => pick([], undefined)).toThrowError(
      refused('input.not-found', 'There is no OKMS in this account.'),
    )
    expect(() => pick([prod, lab], 'prd-kms')).toThrowError(
      refused(
        'input.not-found',
        'There is no OKMS "prd-kms".',
        'Did you mean prod-kms? /okms list shows them.',
      ),
    )
    expect(() => pick([prod], 'banana')).toThrowError(
      refused('input.not-found', 'There is no OKMS "banana".', '/okms list shows them.'),
    )
  })
})
