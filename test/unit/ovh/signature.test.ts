import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Clock } from '../../../src/core/ports/clock.js'
import { Secret } from '../../../src/core/secret.js'
import { signatureKeys } from '../../../src/ovh/signature.js'
import {
  type Call,
  expectedSignature,
  type FakeApi,
  fakeApi,
  json,
  testClient,
  withTime,
} from './fake-api.js'

const KEYS = {
  application: '7kbG7Bk7S9Nt7ZSV',
  secret: 'EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF',
  consumer: 'MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1',
}

const auth = {
  way: 'application' as const,
  applicationKey: KEYS.application,
  applicationSecret: new Secret(KEYS.secret),
  consumerKey: new Secret(KEYS.consumer),
}
const clockAt = (seconds: number): Clock => ({ now: () => seconds * 1000 + 400 })
const unixNow = () => Math.floor(Date.now() / 1000)
const signed = (api: FakeApi, call: Call | undefined) => call && expectedSignature(KEYS, api.origin, call)
const thing = { method: 'GET', path: '/v2/thing', schema: z.unknown() } as const

describe('a signed call', () => {
  it('carries the signature that openssl computes for the same keys, URL and second', async () => {
    const keys = signatureKeys(auth, {
      origin: 'https://eu.api.ovh.com',
      tokenUrl: null,
      clock: clockAt(1366560945),
      fetch: async () => 1366560945 as never,
    })

    const stamp = await keys.stamp({ method: 'GET', url: 'https://eu.api.ovh.com/1.0/auth/time', body: null })

    // printf '%s' "<secret>+<consumer key>+GET+https://eu.api.ovh.com/1.0/auth/time++1366560945" | openssl sha1
    expect(stamp.headers).toEqual({
      'x-ovh-application': KEYS.application,
      'x-ovh-consumer': KEYS.consumer,
      'x-ovh-timestamp': '1366560945',
      'x-ovh-signature': '$1$066cedb94434cf96676cbf39094f794e14f170a0',
    })
  })

  it('signs the URL as sent, with port and query, and the exact bytes of the body', async () => {
    const api = await fakeApi(withTime(unixNow, (_, response) => json(response, 200, null)))
    const { client } = testClient(api, { auth })

    await client.request({ ...thing, query: { publicCA: true, name: 'a b&c' } })
    await client.request({ ...thing, method: 'POST', body: { name: 'Zoë ☃', nested: [1] } })

    const [get, post] = api.to('/v2/')
    expect(get?.url).toBe('/v2/thing?publicCA=true&name=a+b%26c')
    expect(get?.headers['x-ovh-signature']).toBe(signed(api, get))
    expect(post?.body).toBe('{"name":"Zoë ☃","nested":[1]}')
    expect(post?.headers['x-ovh-signature']).toBe(signed(api, post))
    expect(post?.headers['content-type']).toBe('application/json')
  })

  it('follows the clock of the server when ours is eight minutes slow', async () => {
    const serverSeconds = 1_780_000_480
    const api = await fakeApi(
      withTime(
        () => serverSeconds,
        (_, response) => json(response, 200, null),
      ),
    )
    const { client } = testClient(api, { auth, clock: clockAt(1_780_000_000) })

    await client.request(thing)

    expect(api.to('/v2/')[0]?.headers['x-ovh-timestamp']).toBe(String(serverSeconds))
    expect(api.to('/v1/auth/time')[0]?.headers).not.toHaveProperty('x-ovh-signature')
  })

  it('asks the time once for many first calls at once', async () => {
    const api = await fakeApi(withTime(unixNow, (_, response) => json(response, 200, null)))
    const { client } = testClient(api, { auth })

    await Promise.all(Array.from({ length: 20 }, () => client.request(thing)))
    await client.request(thing)

    expect(api.to('/v1/auth/time')).toHaveLength(1)
    expect(api.to('/v2/')).toHaveLength(21)
  })

  it.each([
    ['v2', { class: 'Client::BadRequest', message: 'Invalid signature' }],
    ['old', { errorCode: 'INVALID_SIGNATURE', httpCode: '400 Bad Request', message: 'Invalid signature' }],
    ['late', { errorCode: 'QUERY_TIME_OUT', httpCode: '400 Bad Request', message: 'Query out of time' }],
  ])(
    'reads the time again when it is refused in the %s shape, and repeats even a POST',
    async (_, refusal) => {
      let serverSeconds = 1_780_000_000
      const api = await fakeApi(
        withTime(
          () => serverSeconds,
          (call, response) => {
            const skew = Math.abs(Number(call.headers['x-ovh-timestamp']) - serverSeconds)
            if (skew > 300) json(response, 400, refusal)
            else json(response, 200, { made: true })
          },
        ),
      )
      const { client } = testClient(api, { auth, clock: clockAt(1_780_000_000) })
      await client.request(thing)
      serverSeconds += 86_400

      const answer = await client.request({ ...thing, method: 'POST', body: {} })

      expect(answer.data).toEqual({ made: true })
      expect(api.to('/v1/auth/time')).toHaveLength(2)
      expect(api.to('/v2/').filter(call => call.method === 'POST')).toHaveLength(2)
    },
  )

  it('gives up after one renewal when the signature itself is wrong', async () => {
    const api = await fakeApi(
      withTime(unixNow, (_, response) =>
        json(response, 400, { class: 'Client::BadRequest', message: 'Invalid signature' }),
      ),
    )
    const { client } = testClient(api, { auth })

    await expect(client.request(thing)).rejects.toMatchObject({
      code: 'ovh.unauthenticated',
      hint: expect.stringContaining('OVH_APPLICATION_SECRET'),
    })
    expect(api.to('/v2/')).toHaveLength(2)
    expect(api.to('/v1/auth/time')).toHaveLength(2)
  })

  it('repeats a POST whose time could not be read, as nothing of it has left', async () => {
    const api = await fakeApi((call, response) => {
      if (call.url !== '/v1/auth/time') json(response, 200, null)
      else if (call.before === 0) json(response, 503, { message: 'down' })
      else json(response, 200, unixNow())
    })
    const { client, pausesMs } = testClient(api, { auth })

    await client.request({ ...thing, method: 'POST', body: {} })

    expect(pausesMs).toHaveLength(1)
    expect(api.to('/v2/')).toHaveLength(1)
  })
})
