import { describe, expect, it } from 'vitest'
import { BotError, type ErrorRecord, storeUnavailable } from '../../../src/core/errors.js'

describe('a failure', () => {
  it.each<ErrorRecord>([
    { code: 'input.invalid', message: 'That is no name.' },
    {
      code: 'ovh.rate-limited',
      message: 'OVHcloud asks to wait.',
      hint: 'It is tried again.',
      details: { status: 429, queryId: 'a', retried: true },
      retryAfterMs: 3000,
    },
  ])('rests in Redis and comes back the same: $code', record => {
    const text = JSON.stringify(BotError.fromRecord(record).toRecord())

    expect(JSON.parse(text)).toEqual(record)
    expect(BotError.fromRecord(JSON.parse(text))).toMatchObject(record)
  })

  it('of a newer version is a bug here, with its sentence', () => {
    const record = { code: 'moon.full', message: 'The moon is full.' } as unknown as ErrorRecord

    expect(BotError.fromRecord(record)).toMatchObject({ code: 'bug', message: 'The moon is full.' })
  })

  it('knows by its code whether to try again, and whom to tell', () => {
    expect(new BotError('ovh.unreachable', '').retryable).toBe(true)
    expect(new BotError('input.invalid', '').retryable).toBe(false)
    expect(new BotError('input.invalid', '').tell).toBe('person')
    expect(new BotError('ovh.denied', '').tell).toBe('operator')
  })

  it('that nobody foresaw is a bug: its words stay with the operator', () => {
    const thrown = new TypeError('token abc is undefined')

    const error = BotError.from(thrown)

    expect(error).toMatchObject({ code: 'bug', cause: thrown, details: { thrown: 'TypeError' } })
    expect(JSON.stringify(error.toRecord())).not.toContain('abc')
    expect(BotError.from('just text').details).toEqual({ thrown: 'string' })
    expect(BotError.from(undefined).code).toBe('bug')
  })

  it('of ours passes as it is', () => {
    const error = new BotError('ovh.denied', 'You may not.')

    expect(BotError.from(error)).toBe(error)
  })

  it('keeps its cause out of what rests in Redis', () => {
    const error = new BotError('ovh.broken', 'It broke.', { cause: new Error('secret') })

    expect(error.cause).toBeInstanceOf(Error)
    expect(error.toRecord()).toEqual({ code: 'ovh.broken', message: 'It broke.' })
  })

  it('of Redis does not claim that nothing was started', () => {
    const error = storeUnavailable(new Error('Command timed out'))

    expect(error).toMatchObject({
      code: 'store.unavailable',
      retryable: true,
      tell: 'person',
      details: { reason: 'Error Command timed out' },
    })
    expect(`${error.message} ${error.hint}`).not.toContain('nothing was started')
  })
})
