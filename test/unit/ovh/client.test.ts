import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { segment } from '../../../src/ovh/client.js'
import { openssl } from '../../fakes/openssl.js'
import { fakeApi, json, TOKEN, testClient } from './fake-api.js'

const anything = z.unknown()

describe('a call', () => {
  it('goes to either version under one base, and gives data, query id and headers', async () => {
    const api = await fakeApi((call, response) => json(response, 201, { at: call.url }, { 'x-extra': 'yes' }))
    const { client } = testClient(api)

    const v1 = await client.request({ method: 'GET', path: '/v1/dedicatedCloud', schema: anything })
    const v2 = await client.request({
      method: 'POST',
      path: '/v2/okms/resource',
      body: { a: 1 },
      schema: anything,
    })

    expect(v1).toMatchObject({
      data: { at: '/v1/dedicatedCloud' },
      queryId: 'EU.ext-99.foobar',
      headers: { 'x-extra': 'yes' },
    })
    expect(v2.data).toEqual({ at: '/v2/okms/resource' })
    expect(api.calls.map(({ body, headers }) => [body, headers['content-type']])).toEqual([
      ['', undefined],
      ['{"a":1}', 'application/json'],
    ])
    expect(api.calls[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`)
  })

  it('takes an empty answer for null', async () => {
    const api = await fakeApi((_, response) => response.writeHead(204).end())
    const { client } = testClient(api)

    const answer = await client.request({ method: 'DELETE', path: '/v2/thing', schema: z.null() })

    expect(answer).toMatchObject({ data: null, queryId: null })
  })

  it('reads characters that arrive cut in two', async () => {
    const api = await fakeApi((_, response) => {
      const bytes = Buffer.from(JSON.stringify({ name: 'café ☃' }))
      const cut = bytes.indexOf(0xc3) + 1
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, cut))
      setTimeout(() => response.end(bytes.subarray(cut)), 20)
    })
    const { client } = testClient(api)

    const { data } = await client.request({ method: 'GET', path: '/v2/thing', schema: anything })

    expect(data).toEqual({ name: 'café ☃' })
  })

  it('keeps its connections for the next ones', async () => {
    const ports = new Set<number | undefined>()
    const api = await fakeApi((_, response) => {
      ports.add(response.socket?.remotePort)
      json(response, 200, null)
    })
    const { client } = testClient(api)

    for (let i = 0; i < 10; i++) await client.request({ method: 'GET', path: '/v2/thing', schema: anything })

    // undici lets a connection rest for one turn of the event loop, so that a second one takes turns with it.
    expect(ports.size).toBeLessThanOrEqual(2)
  })

  it('refuses a path of its own making that could mean something else', async () => {
    const { client } = testClient({ origin: 'http://127.0.0.1:1' })

    for (const path of ['/1.0/me', '/v2', '/v2/a?b', '/v2/a#b', '/v2/é', 'https://example.org/v2/a']) {
      await expect(client.request({ method: 'GET', path, schema: anything })).rejects.toMatchObject({
        code: 'bug',
      })
    }
    expect(segment('a/b?c é')).toBe('a%2Fb%3Fc%20%C3%A9')
    for (const id of ['', '.', '..'])
      expect(() => segment(id)).toThrow(expect.objectContaining({ code: 'input.invalid' }))
  })
})

describe('an answer', () => {
  const shape = z.object({ items: z.array(z.object({ id: z.string(), state: z.enum(['on', 'off']) })) })

  it('may have fields nobody knows yet', async () => {
    const api = await fakeApi((_, response) =>
      json(response, 200, { items: [{ id: 'a', state: 'on', new: 1 }], more: {} }),
    )
    const { client } = testClient(api)

    const { data } = await client.request({ method: 'GET', path: '/v2/thing', schema: shape })

    expect(data).toEqual({ items: [{ id: 'a', state: 'on' }] })
  })

  it.each([
    [
      {
        items: [
          { id: 'a', state: 'on' },
          { id: 7, state: 'on' },
        ],
      },
      'items[1].id',
      'string',
    ],
    [{ items: [{ id: 'a', state: 'sideways' }] }, 'items[0].state', 'one of on, off'],
    [{ items: [{ id: 'a' }] }, 'items[0].state', 'one of on, off'],
    [{}, 'items', 'array'],
    [null, '', 'object'],
  ])(
    'that lacks or mistakes a field is refused by the name of the field: %j',
    async (body, field, expected) => {
      const api = await fakeApi((_, response) => json(response, 200, body))
      const { client } = testClient(api)

      const failure = await client
        .request({ method: 'GET', path: '/v2/thing', schema: shape })
        .catch(error => error)

      expect(failure).toMatchObject({
        code: 'ovh.unexpected',
        details: { field, queryId: 'EU.ext-99.foobar', path: '/v2/thing' },
      })
      expect(failure.message).toContain(`should be ${expected}.`)
      expect(failure.message).not.toContain('sideways')
      expect(api.calls).toHaveLength(1)
    },
  )
})

describe('a list', () => {
  /** Items 1 to `count`, with cursors that only the page before tells. */
  const listApi = (count: number) =>
    fakeApi((call, response) => {
      const size = Number(call.headers['x-pagination-size'] ?? 100)
      const from =
        call.headers['x-pagination-cursor'] === undefined
          ? 0
          : Number(String(call.headers['x-pagination-cursor']).slice(2))
      const items = Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i + 1)
      json(
        response,
        200,
        items,
        from + size < count ? { 'x-pagination-cursor-next': `c-${from + size}` } : {},
      )
    })

  async function collect(pages: AsyncIterable<number[]>): Promise<number[][]> {
    const collected: number[][] = []
    for await (const page of pages) collected.push(page)
    return collected
  }

  it('comes page by page, with one call for each', async () => {
    const api = await listApi(7)
    const { client } = testClient(api)

    const pages = await collect(
      client.pages({ path: '/v2/list', item: z.number(), query: { kind: 'x' }, pageSize: 3 }),
    )

    expect(pages).toEqual([[1, 2, 3], [4, 5, 6], [7]])
    expect(
      api.calls.map(call => [
        call.url,
        call.headers['x-pagination-size'],
        call.headers['x-pagination-cursor'],
      ]),
    ).toEqual([
      ['/v2/list?kind=x', '3', undefined],
      ['/v2/list?kind=x', '3', 'c-3'],
      ['/v2/list?kind=x', '3', 'c-6'],
    ])
  })

  it('leaves the size of a page to the API unless told', async () => {
    const api = await listApi(2)
    const { client } = testClient(api)

    expect(await collect(client.pages({ path: '/v2/list', item: z.number() }))).toEqual([[1, 2]])
    expect(api.calls[0]?.headers).not.toHaveProperty('x-pagination-size')
  })

  it('is not read further than wanted', async () => {
    const api = await listApi(1000)
    const { client } = testClient(api)

    for await (const page of client.pages({ path: '/v2/list', item: z.number() })) {
      expect(page).toHaveLength(100)
      break
    }

    expect(api.calls).toHaveLength(1)
  })

  it('whose pages go round in a circle is left', async () => {
    const api = await fakeApi((_, response) =>
      json(response, 200, [1], { 'x-pagination-cursor-next': 'again' }),
    )
    const { client } = testClient(api)

    await expect(collect(client.pages({ path: '/v2/list', item: z.number() }))).rejects.toMatchObject({
      code: 'ovh.unexpected',
    })
    expect(api.calls.length).toBeLessThan(4)
  })
})

describe('TLS', () => {
  it('trusts one more CA when told, and nobody unknown', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ovh-tls-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
    const name = ['-subj', '/CN=fake', '-addext', 'subjectAltName=IP:127.0.0.1']
    await openssl('req', '-x509', ...ec, '-keyout', key, '-out', cert, ...name)
    const pem = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
    const api = await fakeApi((_, response) => json(response, 200, { ok: true }), pem)
    const thing = { method: 'GET', path: '/v2/thing', schema: anything } as const

    expect((await testClient(api, { caPem: pem.cert }).client.request(thing)).data).toEqual({ ok: true })
    await expect(testClient(api).client.request({ ...thing, retry: 'never' })).rejects.toMatchObject({
      code: 'ovh.unreachable',
      message: expect.stringContaining('is not to be trusted'),
      details: { sent: false },
    })
  })
})
