import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { BotError } from '../../../src/core/errors.js'
import { fakeApi, json, testClient } from './fake-api.js'

/** What a call that is answered with this becomes. One attempt. */
async function refused(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  method: 'GET' | 'POST' = 'GET',
): Promise<BotError> {
  const api = await fakeApi((_, response) => {
    if (typeof body !== 'string') return json(response, status, body, headers)
    response.writeHead(status, {
      'content-type': 'text/html',
      'x-ovh-queryid': 'FR.ws-8.5860f657.4632.0180',
      ...headers,
    })
    response.end(body)
  })
  const { client } = testClient(api)
  return await client
    .request({ method, path: '/v2/okms/resource', schema: z.unknown(), retry: 'never' })
    .then(
      () => expect.unreachable(),
      error => error,
    )
}

const FORBIDDEN = 'Client::Forbidden'

describe('a refusal', () => {
  // Classes and messages: ovh/go-ovh: ovh/error_test.go; ovh/python-ovh: ovh/client.py; ovh/php-ovh issues 56, 62 and 97.
  it.each([
    [400, { class: 'Client::BadRequest::CredentialNameMaximumExceeded', message: 'too long' }, 'ovh.invalid'],
    [400, { class: 'Client::BadRequest::CredentialStatusInvalid', message: 'no' }, 'ovh.conflict'],
    [400, { class: 'Client::BadRequest::OKMSExpired', message: 'no' }, 'ovh.conflict'],
    [
      400,
      { errorCode: 'INVALID_SIGNATURE', httpCode: '400 Bad Request', message: 'x' },
      'ovh.unauthenticated',
    ],
    [401, { message: 'You must login first' }, 'ovh.unauthenticated'],
    [403, { class: FORBIDDEN, message: 'This application key is invalid' }, 'ovh.unauthenticated'],
    [403, { class: FORBIDDEN, message: 'This credential is not valid' }, 'ovh.unauthenticated'],
    [403, { class: FORBIDDEN, message: 'This credential does not exist' }, 'ovh.unauthenticated'],
    [403, { errorCode: 'NOT_CREDENTIAL', httpCode: '403 Forbidden', message: 'x' }, 'ovh.unauthenticated'],
    [403, { class: FORBIDDEN, message: 'This call has not been granted' }, 'ovh.denied'],
    [403, { errorCode: 'NOT_GRANTED_CALL', httpCode: '403 Forbidden', message: 'x' }, 'ovh.denied'],
    [403, { class: FORBIDDEN, message: 'User not granted for this request' }, 'ovh.denied'],
    [404, { class: 'Client::NotFound', message: 'no such thing' }, 'ovh.not-found'],
    [404, { message: 'This credential does not exist' }, 'ovh.not-found'],
    [404, undefined, 'ovh.not-found'],
    [409, { class: 'CartAlreadyExists', message: 'there is one' }, 'ovh.conflict'],
    [415, { message: 'no' }, 'ovh.invalid'],
    [460, { message: 'expired' }, 'ovh.conflict'],
    [429, { message: 'slow down' }, 'ovh.rate-limited'],
    [500, { class: 'Server::InternalServerError', message: 'oops' }, 'ovh.broken'],
    [503, 'not even HTML', 'ovh.broken'],
    [302, '', 'ovh.unexpected'],
  ])('%i %j is %s', async (status, body, code) => {
    const failure = await refused(status, body)

    expect(failure).toMatchObject({
      code,
      details: { status, sent: true, method: 'GET', path: '/v2/okms/resource' },
    })
    expect(failure.message).toMatch(/^[A-Z].*[^.]\.?$/)
    expect(failure.message).not.toContain('\n')
  })

  it('tells class, message and query id to the operator', async () => {
    const failure = await refused(400, {
      class: 'Client::BadRequest::CredentialIdentityURNsInvalidURN',
      message: 'Invalid\n  URN\u0000',
    })

    expect(failure.details).toMatchObject({
      class: 'Client::BadRequest::CredentialIdentityURNsInvalidURN',
      vendorMessage: 'Invalid URN',
      queryId: 'EU.ext-99.foobar',
    })
    expect(failure.message).toContain('It said: Invalid URN')
  })

  it('takes the older shape as well', async () => {
    const failure = await refused(403, {
      errorCode: 'NOT_GRANTED_CALL',
      httpCode: '403 Forbidden',
      message: 'This call has not been granted',
    })

    expect(failure.message).toContain('do not cover GET /v2/okms/resource')
    expect(failure.details).toMatchObject({
      class: 'NOT_GRANTED_CALL',
      vendorMessage: 'This call has not been granted',
    })
  })

  it('names every missing IAM action, once', async () => {
    const failure = await refused(403, {
      class: FORBIDDEN,
      message: 'User not granted for this request',
      details: {
        unauthorizedActionsByAuthentication: 'okms:apiovh:resource/get',
        unauthorizedActionsByIAM: 'okms:apiovh:resource/get, okms:apiovh:credential/get',
      },
    })

    expect(failure).toMatchObject({
      code: 'ovh.denied',
      message: expect.stringContaining(
        'the right okms:apiovh:resource/get, okms:apiovh:credential/get is missing',
      ),
      hint: expect.stringContaining('IAM policy'),
      details: { missingActions: 'okms:apiovh:resource/get,okms:apiovh:credential/get' },
    })
  })

  it('reads the title of a page where JSON should be', async () => {
    const page = '<html><head><title>408 Request Time-out</title></head><body><h1>Oops</h1></body></html>'

    const failure = await refused(408, page)

    expect(failure).toMatchObject({
      code: 'ovh.broken',
      details: { status: 408, vendorMessage: '408 Request Time-out', queryId: 'FR.ws-8.5860f657.4632.0180' },
    })
  })

  it.each(['<html>maintenance</html>', '{"cut": ', 'plain words'])(
    'of a kind is a success that is no JSON: %s',
    async body => {
      const failure = await refused(200, body, {}, 'POST')

      expect(failure).toMatchObject({ code: 'ovh.broken', details: { status: 200, sent: true } })
      expect(failure.cause).toBeUndefined()
      expect(failure.message).not.toContain('maintenance')
    },
  )

  it.each([
    ['12', 12_000],
    ['0', 0],
    [' 7 ', 7_000],
    ['999999999', 86_400_000],
    ['Wed, 21 Oct 2026 07:28:09 GMT', 9_000],
    ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
    ['soon', undefined],
    ['-3', undefined],
    [undefined, undefined],
  ])('with Retry-After %j asks to wait %s ms', async (value, retryAfterMs) => {
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT'

    const failure = await refused(
      429,
      { message: 'slow down' },
      { date, ...(value && { 'retry-after': value }) },
    )

    expect(failure.retryAfterMs).toBe(retryAfterMs)
    expect(failure.retryable).toBe(true)
  })

  it('shortens what the vendor says', async () => {
    const failure = await refused(400, { message: 'x'.repeat(5000) })

    expect(String(failure.details.vendorMessage)).toHaveLength(300)
  })
})
