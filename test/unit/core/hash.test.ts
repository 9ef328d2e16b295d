/** What an approval is bound to. */
import { expect, it } from 'vitest'
import { planHashOf, shortHash } from '../../../src/core/hash.js'

const plan = { cloud: 'pcc-192-0-2-10', calls: [{ method: 'POST', ip: '203.0.113.7' }], reason: null }

it('is the same however the plan is written down, and another for any change of it', () => {
  const turned = { reason: null, calls: [{ ip: '203.0.113.7', method: 'POST' }], cloud: 'pcc-192-0-2-10' }
  const others = [
    { ...plan, reason: 'x' },
    { ...plan, calls: [] },
    { ...plan, calls: [{ method: 'POST', ip: '203.0.113.8' }] },
    { ...plan, calls: [...plan.calls, ...plan.calls] },
  ]

  expect(planHashOf(turned)).toBe(planHashOf(plan))
  expect(new Set([plan, ...others].map(planHashOf)).size).toBe(5)
})

it('is compared whole, and shown short', () => {
  // SHA-256 of `{"a":1}`, by openssl.
  expect(planHashOf({ a: 1 })).toBe('015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862')
  expect(shortHash(planHashOf({ a: 1 }))).toBe('015a·bd7f')
})
