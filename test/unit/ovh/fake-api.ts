/** A loopback HTTP(S) server that plays OVHcloud's part for one test, and remembers what it was asked. As strict as the test says. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { movableClock } from '../../../src/core/ports/clock.js'
import type { Log } from '../../../src/core/ports/log.js'
import { unlimited } from '../../../src/core/ports/rate-limiter.js'
import { Secret } from '../../../src/core/secret.js'
import { createOvhClient, type OvhClient, type OvhClientOptions } from '../../../src/ovh/client.js'

export interface Call {
  method: string
  /** With the query. */
  url: string
  headers: IncomingMessage['headers']
  body: string
  /** How many calls to this method and URL came before. */
  before: number
}

export type Handler = (call: Call, response: ServerResponse) => void

export interface FakeApi {
  origin: string
  calls: Call[]
  /** Calls whose URL begins with this. */
  to(prefix: string): Call[]
}

export async function fakeApi(handle: Handler, tls?: { key: string; cert: string }): Promise<FakeApi> {
  const calls: Call[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = request
    const before = calls.filter(call => call.method === method && call.url === url).length
    const call = { method, url, headers, body: Buffer.concat(chunks).toString('utf8'), before }
    calls.push(call)
    handle(call, response)
  }
  const server = tls ? createTlsServer(tls, answer) : createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    calls,
    to: prefix => calls.filter(call => call.url.startsWith(prefix)),
  }
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-ovh-queryid': 'EU.ext-99.foobar',
    ...headers,
  })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

/** The answer of `/v1/auth/time`, or of `handle` for everything else. */
export function withTime(seconds: () => number, handle: Handler): Handler {
  return (call, response) =>
    call.url === '/v1/auth/time' ? json(response, 200, seconds()) : handle(call, response)
}

/** Our own reading of how a call is signed (ovh/go-ovh: ovh/ovh.go), for checking what the client sent. */
export function expectedSignature(
  keys: { secret: string; consumer: string },
  origin: string,
  call: Call,
): string {
  const parts = [
    keys.secret,
    keys.consumer,
    call.method,
    origin + call.url,
    call.body,
    call.headers['x-ovh-timestamp'],
  ]
  return `$1$${createHash('sha1').update(parts.join('+')).digest('hex')}`
}

export const TOKEN = 'canary-access-token-8c1f'

export interface Heard {
  level: string
  text: string
  details: unknown
}

export interface TestClient {
  client: OvhClient
  heard: Heard[]
  /** Pauses the client asked for; none is really slept. */
  pausesMs: number[]
  clock: ReturnType<typeof movableClock>
}

/** A client on a fake API: an access token unless told otherwise, a clock to move, pauses that pass at once. */
export function testClient(
  api: Pick<FakeApi, 'origin'>,
  options: Partial<OvhClientOptions> = {},
): TestClient {
  const heard: Heard[] = []
  const pausesMs: number[] = []
  const clock = movableClock()
  const hear = (level: string) => (text: string, details?: unknown) =>
    void heard.push({ level, text, details })
  const log: Log = { debug: hear('debug'), info: hear('info'), warn: hear('warn'), error: hear('error') }
  const client = createOvhClient({
    endpoint: api.origin,
    auth: { way: 'token', accessToken: new Secret(TOKEN) },
    limiter: unlimited,
    clock,
    log,
    timeoutMs: 5_000,
    sleep: async (ms, signal) => {
      pausesMs.push(ms)
      signal?.throwIfAborted()
    },
    random: () => 0.5,
    ...options,
  })
  onTestFinished(() => client.close())
  return { client, heard, pausesMs, clock }
}
