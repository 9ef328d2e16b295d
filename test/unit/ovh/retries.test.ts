import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { BotError } from '../../../src/core/errors.js'
import { pauseAfter } from '../../../src/ovh/retry.js'
import { fakeApi, type Handler, json, testClient } from './fake-api.js'

const get = { method: 'GET', path: '/v2/thing', schema: z.unknown() } as const
const post = { ...get, method: 'POST', body: { name: 'x' } } as const

/** Fails the first `times` calls in a way, then answers. */
const failing = (times: number, fail: Handler): Handler => {
  let failed = 0
  return (call, response) => (failed++ < times ? fail(call, response) : json(response, 200, { ok: true }))
}
const cut: Handler = (_, response) => response.destroy()
const cutInside: Handler = (_, response) => {
  response.writeHead(200, { 'content-length': 1000 })
  response.write('{"half":')
  setTimeout(() => response.destroy(), 10)
}
const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    json(response, code, { message: 'no' }, headers)

describe('a GET', () => {
  it.each([
    ['500', status(500)],
    ['503', status(503)],
    ['408 with a page', (_, response) => response.writeHead(408).end('<html></html>')],
    ['a page instead of JSON', (_, response) => response.writeHead(200).end('<html></html>')],
    ['a cut before the answer', cut],
    ['a cut inside the answer', cutInside],
  ] as [string, Handler][])('is made again after %s', async (_, fail) => {
    const api = await fakeApi(failing(2, fail))
    const { client, pausesMs, heard } = testClient(api)

    const { data } = await client.request(get)

    expect(data).toEqual({ ok: true })
    expect(pausesMs).toEqual([225, 450])
    expect(heard.filter(({ level }) => level === 'warn').map(({ text }) => text)).toEqual(
      Array(2).fill('OVHcloud call repeated'),
    )
  })

  it('is given up after four attempts', async () => {
    const api = await fakeApi(status(502))
    const { client, pausesMs } = testClient(api)

    await expect(client.request(get)).rejects.toMatchObject({ code: 'ovh.broken', details: { status: 502 } })
    expect(api.calls).toHaveLength(4)
    expect(pausesMs).toHaveLength(3)
  })

  it('waits as long as OVHcloud asks when that is short', async () => {
    const api = await fakeApi(failing(1, status(429, { 'retry-after': '3' })))
    const { client, pausesMs } = testClient(api)

    await client.request(get)

    expect(pausesMs).toEqual([3000])
  })

  it('waits a growing while when OVHcloud does not say how long', async () => {
    const api = await fakeApi(failing(3, status(429)))
    const { client, pausesMs } = testClient(api)

    await client.request(get)

    expect(pausesMs).toEqual([225, 450, 900])
  })

  it('leaves a long wait to whoever asked', async () => {
    const api = await fakeApi(status(429, { 'retry-after': '60' }))
    const { client } = testClient(api)

    await expect(client.request(get)).rejects.toMatchObject({
      code: 'ovh.rate-limited',
      retryAfterMs: 60_000,
    })
    expect(api.calls).toHaveLength(1)
  })

  it('is made once when told so', async () => {
    const api = await fakeApi(status(500))
    const { client } = testClient(api)

    await expect(client.request({ ...get, retry: 'never' })).rejects.toMatchObject({ code: 'ovh.broken' })
    expect(api.calls).toHaveLength(1)
  })

  it.each([400, 401, 403, 404, 409])('is not repeated after %i', async code => {
    const api = await fakeApi(status(code))
    const { client } = testClient(api)

    await expect(client.request(get)).rejects.toBeInstanceOf(BotError)
    expect(api.calls).toHaveLength(1)
  })
})

describe('a write', () => {
  it.each([
    ['500', status(500), 'ovh.broken'],
    ['408', status(408), 'ovh.broken'],
    ['429', status(429, { 'retry-after': '1' }), 'ovh.rate-limited'],
    ['a cut before the answer', cut, 'ovh.unreachable'],
    ['a cut inside the answer', cutInside, 'ovh.unreachable'],
    ['a page instead of JSON', (_, response) => response.writeHead(200).end('<html></html>'), 'ovh.broken'],
  ] as [string, Handler, string][])('is never made again after %s', async (_, fail, code) => {
    const api = await fakeApi(fail)
    const { client } = testClient(api)

    for (const method of ['POST', 'PUT', 'DELETE'] as const) {
      await expect(client.request({ ...post, method })).rejects.toMatchObject({
        code,
        details: { sent: true },
      })
    }
    expect(api.calls.map(call => call.method)).toEqual(['POST', 'PUT', 'DELETE'])
  })

  it('keeps what a 429 asked for', async () => {
    const api = await fakeApi(status(429, { 'retry-after': '4' }))
    const { client } = testClient(api)

    await expect(client.request(post)).rejects.toMatchObject({ code: 'ovh.rate-limited', retryAfterMs: 4000 })
  })

  it('is made again when nobody took the connection', async () => {
    const port = await freePort()
    const { client, pausesMs } = testClient({ origin: `http://127.0.0.1:${port}` })

    await expect(client.request(post)).rejects.toMatchObject({
      code: 'ovh.unreachable',
      message: `Nobody listens at 127.0.0.1:${port} (connection refused).`,
      details: { sent: false, cause: 'ECONNREFUSED' },
    })
    expect(pausesMs).toHaveLength(3)
  })

  it('that changes nothing may be declared safe', async () => {
    const api = await fakeApi(failing(1, status(500)))
    const { client } = testClient(api)

    await client.request({ ...post, retry: 'safe' })

    expect(api.calls).toHaveLength(2)
  })
})

describe('waiting', () => {
  it('ends after the time a call may take', async () => {
    const api = await fakeApi(() => {})
    const { client } = testClient(api, { timeoutMs: 500 })

    await expect(client.request({ ...get, retry: 'never' })).rejects.toMatchObject({
      code: 'ovh.unreachable',
      message: expect.stringMatching(/^No answer from 127\.0\.0\.1:\d+ within 0\.5 s\.$/),
      details: { cause: 'timeout', sent: true },
    })
  })

  it('ends also when an answer trickles without end', async () => {
    const api = await fakeApi((_, response) => {
      response.writeHead(200)
      const trickle = setInterval(() => response.write(' '), 10)
      response.on('close', () => clearInterval(trickle))
    })
    const { client } = testClient(api, { timeoutMs: 500 })

    await expect(client.request({ ...get, retry: 'never' })).rejects.toMatchObject({
      details: { cause: 'timeout' },
    })
  })

  it('ends when the caller calls off, and nothing is repeated', async () => {
    const api = await fakeApi(() => {})
    const { client } = testClient(api)
    const controller = new AbortController()

    const answer = client.request({ ...get, signal: controller.signal })
    await expect.poll(() => api.calls.length).toBe(1)
    controller.abort()

    await expect(answer).rejects.toMatchObject({
      code: 'ovh.unreachable',
      details: { cause: 'aborted', sent: true },
    })
    expect(api.calls).toHaveLength(1)
  })

  it('does not begin for a caller who has called off already', async () => {
    const api = await fakeApi((_, response) => json(response, 200, null))
    const { client } = testClient(api)

    await expect(client.request({ ...post, signal: AbortSignal.abort() })).rejects.toMatchObject({
      details: { cause: 'aborted', sent: false },
    })
    expect(api.calls).toHaveLength(0)
  })

  it('for a connection ends too, and the call does not leave later', async () => {
    const release: (() => void)[] = []
    const api = await fakeApi((_, response) => release.push(() => json(response, 200, null)))
    const { client } = testClient(api)
    const busy = Array.from({ length: 8 }, () => client.request(get))
    await expect.poll(() => api.calls.length).toBe(8)
    const controller = new AbortController()

    const waiting = client.request({ ...post, signal: controller.signal })
    setImmediate(() => controller.abort())
    await expect(waiting).rejects.toMatchObject({ details: { cause: 'aborted', sent: false } })
    for (const answer of release) answer()
    await Promise.all(busy)
    const after = client.request(get)
    await expect.poll(() => release.length).toBe(9)
    release.at(-1)?.()
    await after

    expect(api.calls.map(call => call.method)).not.toContain('POST')
  })

  it('between attempts ends when the caller calls off', async () => {
    const api = await fakeApi(status(500))
    const controller = new AbortController()
    const { client } = testClient(api, {
      sleep: async (_, signal) => {
        controller.abort()
        signal?.throwIfAborted()
      },
    })

    await expect(client.request({ ...get, signal: controller.signal })).rejects.toMatchObject({
      details: { cause: 'aborted' },
    })
    expect(api.calls).toHaveLength(1)
  })

  it('ends for every call when the client is closed', async () => {
    const api = await fakeApi(() => {})
    const { client } = testClient(api)

    const answer = client.request({ ...get, retry: 'never' })
    await expect.poll(() => api.calls.length).toBe(1)
    await Promise.all([expect(answer).rejects.toMatchObject({ code: 'ovh.unreachable' }), client.close()])
  })
})

describe('the allowance', () => {
  it('is asked before every attempt, with the signal of the caller', async () => {
    const api = await fakeApi(failing(2, status(500)))
    const signals: (AbortSignal | undefined)[] = []
    const { signal } = new AbortController()
    const { client } = testClient(api, { limiter: { take: async given => void signals.push(given) } })

    await client.request({ ...get, signal })

    expect(signals).toEqual([signal, signal, signal])
  })

  it('that waits too long ends with the caller', async () => {
    const api = await fakeApi((_, response) => json(response, 200, null))
    const limiter = {
      take: (signal?: AbortSignal) =>
        new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    }
    const { client } = testClient(api, { limiter })

    await expect(client.request({ ...get, signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: 'ovh.unreachable',
      details: { cause: 'aborted', sent: false },
    })
  })

  it('lets its own failure through', async () => {
    const gone = new BotError('store.unavailable', 'Redis is gone.')
    const { client } = testClient(
      { origin: 'http://127.0.0.1:1' },
      { limiter: { take: () => Promise.reject(gone) } },
    )

    await expect(client.request(get)).rejects.toBe(gone)
  })
})

describe('a pause', () => {
  it('grows, stays under its bound, and half of it is chance', () => {
    const failure = new BotError('ovh.unreachable', 'x', { details: { sent: true } })

    expect([1, 2, 3, 9].map(attempt => pauseAfter(failure, 'safe', attempt, 0))).toEqual([
      150, 300, 600, 2500,
    ])
    expect(pauseAfter(failure, 'safe', 1, 0.999)).toBe(300)
    expect(pauseAfter(failure, 'unsent', 1, 0)).toBeNull()
  })
})

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}
