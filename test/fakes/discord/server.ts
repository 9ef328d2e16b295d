/**
 * A stand-in Discord: REST API v10 and gateway on one loopback port, strict on schemas, limits, clocks and privacy. What it does not know
 * it refuses and remembers. Records every request, for those who search the wire.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type MovableClock, movableClock } from '../../../src/core/ports/clock.js'
import { type FakeGateway, startGateway } from './gateway.js'
import { createPerson, type DiscordPerson } from './person.js'
import { type Call, createRoutes } from './routes.js'
import { Refusal } from './rules.js'
import {
  APPLICATION,
  type Channel,
  FOREIGN_GUILD,
  GUILD,
  type Interaction,
  type User,
  World,
} from './world.js'

export interface RecordedRequest {
  method: string
  path: string
  raw: Buffer
  status: number
  /** The code of a refusal. */
  code: number | null
  /** Why it was refused. */
  why: string
  authorization: string | undefined
}

export interface Fault {
  method: string
  /** Matched against the path below `/api/v10`. */
  path: RegExp
  /** `lose`: done, and the answer lost on its way. */
  do: { status: number; code?: number; retryAfterSeconds?: number } | 'lose'
  times: number
}

export interface FakeDiscord {
  readonly apiUrl: string
  readonly token: string
  readonly applicationId: string
  readonly guildId: string
  readonly clock: MovableClock
  readonly world: World
  readonly gateway: FakeGateway
  readonly requests: RecordedRequest[]
  /** Refusals that nobody asked for by a fault: mistakes of the bot. */
  refusals(): RecordedRequest[]
  faults: Fault[]
  person(name: string, roles?: readonly string[]): DiscordPerson
  channel(name: string, more?: Partial<Channel>): Channel
  /** Resolves when the interaction has its first answer; rejects when Discord would have given up on it. */
  firstAnswer(interaction: Interaction): Promise<void>
  upload(name: string, bytes: Buffer): { id: string; filename: string; size: number; url: string }
  stop(): Promise<void>
}

const PREFIX = '/api/v10'
const FILES = '/attachments'
const GIVE_UP_MS = 3000
const TOKEN = 'fake-bot-token.fake'

export async function startFakeDiscord(clock: MovableClock = movableClock()): Promise<FakeDiscord> {
  const world = new World(clock)
  const requests: RecordedRequest[] = []
  const waiting = new Map<string, () => void>()
  const uploads = new Map<string, Buffer>()
  const server = createServer((request, response) => void serve(request, response))
  const port = await new Promise<number>(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
  const origin = `http://127.0.0.1:${port}`
  const gatewayUrl = () => `ws://127.0.0.1:${port}/gateway`
  const gateway = startGateway(server, world, { token: TOKEN, url: gatewayUrl })
  const routes = createRoutes({
    world,
    gatewayUrl,
    filesUrl: () => origin + FILES,
    answered: ({ id }) => waiting.get(id)?.(),
  })
  world.addChannel({ id: '900000000000000100', type: 0, name: 'ops' })
  world.addChannel({ id: '900000000000000199', type: 0, name: 'elsewhere', guildId: FOREIGN_GUILD })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const raw = Buffer.concat(chunks)
    const url = new URL(request.url ?? '/', origin)
    if (url.pathname.startsWith(FILES)) return serveFile(url, response)
    const call: Call = {
      method: request.method ?? 'GET',
      path: url.pathname.replace(PREFIX, ''),
      query: url.searchParams,
      body: null,
      files: new Map(),
    }
    const recorded: RecordedRequest = {
      method: call.method,
      path: call.path,
      raw,
      status: 0,
      code: null,
      why: '',
      authorization: request.headers.authorization,
    }
    requests.push(recorded)
    const fault = fake.faults.find(
      ({ method, path, times }) => times > 0 && method === call.method && path.test(call.path),
    )
    try {
      if (fault) fault.times--
      if (fault && fault.do !== 'lose') return sendFault(response, recorded, fault.do)
      await readBody(call, raw, request.headers['content-type'])
      const body = handle(call, request.headers.authorization)
      if (fault) return void request.socket.destroy()
      send(response, recorded, body === undefined ? 204 : 200, body)
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 0, String((error as Error).stack))
      recorded.code = refusal.code
      recorded.why = refusal.message
      send(response, recorded, refusal.status, { code: refusal.code, message: refusal.message })
    }
  }

  function handle(call: Call, authorization: string | undefined): unknown {
    const isByToken = call.path.startsWith('/interactions/') || call.path.startsWith('/webhooks/')
    if (!isByToken && authorization !== `Bot ${TOKEN}`) throw new Refusal(401, 0, '401: Unauthorized')
    const act = routes.find(call)
    if (!act) throw new Refusal(404, 0, `nobody expected ${call.method} ${call.path}`)
    return act()
  }

  function serveFile(url: URL, response: ServerResponse): void {
    const id = url.pathname.split('/')[2]!
    const stored = world.messages
      .flatMap(({ attachments }) => attachments)
      .find(attachment => attachment.id === id)
    const bytes = stored?.bytes ?? uploads.get(id)
    response.writeHead(bytes ? 200 : 404).end(bytes)
  }

  const fake: FakeDiscord = {
    apiUrl: `${origin}/api`,
    token: TOKEN,
    applicationId: APPLICATION,
    guildId: GUILD,
    clock,
    world,
    gateway,
    requests,
    faults: [],
    refusals: () => requests.filter(({ code }) => code !== null),
    channel: (name, more = {}) =>
      [...world.channels.values()].find(one => one.name === name) ??
      world.addChannel({ id: world.newId(), type: 0, name, ...more }),
    person(name, roles = []) {
      const known = [...world.users.values()].find(user => user.name === name)
      const user: User = known ?? {
        id: `90000000000000000${world.users.size + 1}`,
        name,
        roles: [...roles],
        closedDms: false,
      }
      world.users.set(user.id, user)
      return createPerson(fake, user)
    },
    firstAnswer: interaction =>
      new Promise((resolve, reject) => {
        if (interaction.answeredAs !== null) return resolve()
        const timer = setTimeout(() => reject(new Error('The application did not respond')), GIVE_UP_MS)
        waiting.set(interaction.id, () => {
          clearTimeout(timer)
          resolve()
        })
      }),
    upload(name, bytes) {
      const id = world.newId()
      uploads.set(id, bytes)
      return { id, filename: name, size: bytes.length, url: `${origin}${FILES}/${id}/${name}` }
    },
    async stop() {
      await gateway.close()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return fake
}

async function readBody(call: Call, raw: Buffer, contentType = ''): Promise<void> {
  if (raw.length === 0) return
  if (!contentType.startsWith('multipart/form-data')) {
    call.body = JSON.parse(raw.toString())
    return
  }
  const form = await new Response(new Uint8Array(raw), {
    headers: { 'content-type': contentType },
  }).formData()
  for (const [name, value] of form) {
    const number = /^files\[(\d+)\]$/.exec(name)?.[1]
    if (number !== undefined && typeof value !== 'string') {
      call.files.set(Number(number), { name: value.name, bytes: Buffer.from(await value.arrayBuffer()) })
    } else if (name === 'payload_json' && typeof value === 'string') call.body = JSON.parse(value)
    else throw new Refusal(400, 50035, `Invalid Form Body: ${name}`)
  }
}

function sendFault(
  response: ServerResponse,
  recorded: RecordedRequest,
  fault: Exclude<Fault['do'], 'lose'>,
): void {
  const { status, code = 0, retryAfterSeconds } = fault
  if (retryAfterSeconds !== undefined) {
    response.setHeader('retry-after', String(retryAfterSeconds))
    response.setHeader('x-ratelimit-scope', 'user')
  }
  send(response, recorded, status, {
    code,
    message: 'as the test wants it',
    ...(retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds, global: false }),
  })
}

function send(response: ServerResponse, recorded: RecordedRequest, status: number, body: unknown): void {
  recorded.status = status
  if (body === undefined) {
    response.writeHead(status).end()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
