import { format, inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { BotError } from '../../../src/core/errors.js'
import { Secret } from '../../../src/core/secret.js'

const WORD = 'correct horse battery'
const secret = new Secret(WORD)

describe('a secret', () => {
  it.each<[string, () => string]>([
    ['a template', () => `${secret}`],
    ['joined text', () => ['a', secret].join(' ')],
    ['String', () => String(secret)],
    ['JSON', () => JSON.stringify({ key: secret, list: [secret] })],
    ['inspection', () => inspect(secret)],
    [
      'deep inspection',
      () => inspect({ a: { b: [secret] } }, { depth: null, showHidden: true, getters: true }),
    ],
    ['a format string', () => format('%s %o %j', secret, secret, secret)],
    ['Object.prototype.toString', () => Object.prototype.toString.call(secret)],
    ['an error that carries it', () => inspect(new BotError('bug', 'x', { cause: { secret } }))],
  ])('does not show itself in %s', (_, show) => {
    expect(show()).not.toContain('correct')
    expect(show()).toContain('[secret]')
  })

  it('has nothing to be found on it', () => {
    expect(Object.keys(secret)).toEqual([])
    expect({ ...secret }).toEqual({})
    expect(structuredClone({ ...secret })).toEqual({})
  })

  it('opens with the one word', () => {
    expect(secret.reveal()).toBe(WORD)
  })

  it('can be compared without opening', () => {
    expect(secret.equals(WORD)).toBe(true)
    expect(secret.equals(new Secret(WORD))).toBe(true)
    expect(secret.equals('correct horse batterz')).toBe(false)
    expect(secret.equals('correct')).toBe(false)
    expect(new Secret('').equals('')).toBe(true)
    expect(new Secret('é').equals('e')).toBe(false)
  })
})
