/** The stand-in for Slack as a real server on loopback: Web API, uploads, downloads, response URLs, Socket Mode. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { checkBlocks, checkText, Refused } from './block-kit.js'
import { checkArgs, METHODS, type Site, SlackRefusal, saidIn } from './methods.js'
import { BOT_USER, type World } from './world.js'

export const BOT_TOKEN = 'xoxb-fake-bot-token'
export const APP_TOKEN = 'xapp-fake-app-token'

const RESPONSE_URL_MS = 30 * 60_000
const RESPONSE_URL_USES = 5

export interface SeenRequest {
  /** The method, or `upload`, `download`, `response_url`. */
  to: string
  /** The whole body as it came over the wire, one character a byte. */
  body: string
  args: Record<string, string>
  answered: string
  atMs: number
}

export interface Trouble {
  method: string
  channel?: string
  /** HTTP status; 429 answers `Retry-After`. */
  status?: number
  retryAfterSeconds?: number
  /** `ok: false` with this code. */
  error?: string
  times?: number
  /** Does it, and cuts the connection instead of answering. */
  afterwards?: boolean
}

export interface SlackServer {
  url: string
  requests: SeenRequest[]
  /** What the bot sent against the rules; a test that ends with one has failed. */
  mistakes: string[]
  site: Site
  trouble(next: Trouble): void
  untroubled(): void
  grants: { scopes: readonly string[] | null }
  sockets(): WebSocket[]
  /** Answers what the bot answered to an envelope. */
  overSocket(type: string, payload: unknown): Promise<unknown>
  stop(): Promise<void>
}

export async function startSlackServer(world: World): Promise<SlackServer> {
  const requests: SeenRequest[] = []
  const mistakes: string[] = []
  const troubles: Trouble[] = []
  const grants: SlackServer['grants'] = { scopes: null }
  const waiting = new Map<string, (payload: unknown) => void>()
  const server = createServer((request, response) => void serve(request, response))
  const websockets = new WebSocketServer({ server, path: '/socket' })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const site: Site = {
    url: `http://127.0.0.1:${port}`,
    socketUrl: () => `ws://127.0.0.1:${port}/socket`,
    shareAfterMs: 120,
  }

  websockets.on('connection', socket => {
    socket.on('message', data => {
      const { envelope_id: id, payload } = JSON.parse(String(data)) as {
        envelope_id: string
        payload: unknown
      }
      waiting.get(id)?.(payload)
      waiting.delete(id)
    })
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1 }))
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const raw = Buffer.concat(chunks)
    const [, kind = '', name = ''] = (request.url ?? '').split('/')
    const to = kind === 'api' ? name : { upload: 'upload', files: 'download', respond: 'response_url' }[kind]
    const seen: SeenRequest = {
      to: to ?? `${request.url}`,
      body: raw.toString('latin1'),
      args: {},
      answered: '',
      atMs: Date.now(),
    }
    requests.push(seen)
    const finish = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      seen.answered = typeof body === 'string' || Buffer.isBuffer(body) ? `${status}` : JSON.stringify(body)
      const isData = Buffer.isBuffer(body) || typeof body === 'string'
      response.writeHead(status, { 'content-type': isData ? 'text/plain' : 'application/json', ...headers })
      response.end(isData ? body : JSON.stringify(body))
      return true as const
    }
    try {
      if (kind === 'api') {
        api(name, request, raw, seen, finish, () => request.socket.destroy())
        return
      }
      if (kind === 'upload') {
        await upload(name, request, raw, finish)
        return
      }
      if (kind === 'files') {
        download(name, request, finish)
        return
      }
      if (kind === 'respond') {
        respond(name, raw, finish)
        return
      }
      mistakes.push(`a request to ${request.url}`)
      finish(404, 'not found')
    } catch (error) {
      mistakes.push(`${to}: ${error}`)
      finish(500, 'broken')
    }
  }

  /** Every request is answered, or cut off on purpose. */
  type Done = true
  type Finish = (status: number, body: unknown, headers?: Record<string, string>) => Done

  function api(
    name: string,
    request: IncomingMessage,
    raw: Buffer,
    seen: SeenRequest,
    finish: Finish,
    cut: () => void,
  ): Done {
    const args = Object.fromEntries(new URLSearchParams(raw.toString()))
    seen.args = args
    const token = request.headers.authorization
    if (name === 'apps.connections.open') {
      if (token !== `Bearer ${APP_TOKEN}`) return finish(200, { ok: false, error: 'invalid_auth' })
      return finish(200, { ok: true, url: site.socketUrl() })
    }
    const fault = takeFault(name, args)
    if (fault?.status !== undefined) {
      const retry = fault.retryAfterSeconds
      return finish(
        fault.status,
        { ok: false, error: 'ratelimited' },
        retry === undefined ? {} : { 'retry-after': `${retry}` },
      )
    }
    if (fault?.error !== undefined) return finish(200, { ok: false, error: fault.error })
    const method = METHODS[name]
    try {
      if (!method) throw new SlackRefusal('unknown_method', `${name} is not known here`)
      if (token !== `Bearer ${BOT_TOKEN}`)
        throw new SlackRefusal('invalid_auth', `${name} without the bot token`)
      const { scopes } = grants
      if (scopes && method.scopes && !method.scopes.some(scope => scopes.includes(scope))) {
        throw new SlackRefusal('missing_scope', `${name} needs ${method.scopes.join(' or ')}`)
      }
      checkArgs(name, method, args)
      const answer = { ok: true, ...method.run(args, world, site) }
      if (fault?.afterwards) {
        cut()
        return true
      }
      return finish(200, answer, scopes ? { 'x-oauth-scopes': scopes.join(',') } : {})
    } catch (error) {
      if (!(error instanceof SlackRefusal)) throw error
      if (error.ours !== null) mistakes.push(`${name}: ${error.code}: ${error.ours}`)
      return finish(200, { ok: false, error: error.code })
    }
  }

  function takeFault(name: string, args: Record<string, string>): Trouble | undefined {
    const at = troubles.findIndex(
      ({ method, channel }) =>
        method === name && (channel === undefined || channel === (args.channel ?? args.channel_id)),
    )
    const found = troubles[at]
    if (found?.times !== undefined && --found.times <= 0) troubles.splice(at, 1)
    return found
  }

  /** Takes multipart, as the official client sends it, and the bytes alone. */
  async function upload(id: string, request: IncomingMessage, raw: Buffer, finish: Finish): Promise<Done> {
    const file = world.files.get(id)
    const type = request.headers['content-type'] ?? ''
    if (!file || file.bytes !== null) return finish(404, 'no such upload')
    let bytes = raw
    if (type.startsWith('multipart/')) {
      const form = await new Response(new Uint8Array(raw), { headers: { 'content-type': type } }).formData()
      const [part] = [...form.values()]
      bytes = Buffer.from(await (part as Blob).arrayBuffer())
    }
    if (bytes.length !== file.length) return finish(400, 'the length is another')
    file.bytes = bytes
    return finish(200, `OK - ${bytes.length}`)
  }

  function download(id: string, request: IncomingMessage, finish: Finish): Done {
    const file = world.files.get(id)
    if (request.headers.authorization !== `Bearer ${BOT_TOKEN}`) return finish(403, 'forbidden')
    if (!file?.bytes) return finish(404, 'not found')
    return finish(200, file.bytes)
  }

  function respond(id: string, raw: Buffer, finish: Finish): Done {
    const entry = world.responseUrls.get(id)
    if (!entry || world.clock.now() - entry.atMs > RESPONSE_URL_MS) return finish(404, 'expired_url')
    if (++entry.uses > RESPONSE_URL_USES) return finish(404, 'used_url')
    const {
      response_type: type,
      replace_original: replaces,
      text,
      blocks,
      unfurl_links,
      unfurl_media,
      ...rest
    } = JSON.parse(raw.toString()) as Record<string, unknown>
    const unknown = Object.keys(rest)
    if (unknown.length > 0) mistakes.push(`response_url knows no ${unknown}`)
    if (unfurl_links !== false || unfurl_media !== false) mistakes.push('response_url would unfurl links')
    try {
      checkText(String(text))
      checkBlocks(blocks)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      mistakes.push(`response_url: ${error.message}`)
      return finish(400, 'invalid_blocks')
    }
    const said = saidIn({ text: String(text), blocks: JSON.stringify(blocks) }, 40_000)
    const earlier = replaces === true ? (entry.source ?? entry.last) : null
    if (earlier) Object.assign(earlier, said)
    else {
      entry.last = world.add({
        channel: entry.channel,
        threadTs: entry.threadTs,
        by: BOT_USER,
        only: type === 'in_channel' ? null : entry.user,
        ...said,
      })
    }
    return finish(200, 'ok')
  }

  return {
    url: `${site.url}/api/`,
    requests,
    mistakes,
    site,
    grants,
    trouble: next => void troubles.push({ ...next }),
    untroubled: () => void troubles.splice(0),
    sockets: () => [...websockets.clients],
    overSocket(type, payload) {
      // A connection that is being closed takes nothing any more.
      const socket = [...websockets.clients].filter(({ readyState }) => readyState === 1).at(-1)
      if (!socket) throw new Error('no Socket Mode connection is open')
      const id = world.next('envelope-')
      const answer = new Promise<unknown>(resolve => waiting.set(id, resolve))
      socket.send(JSON.stringify({ envelope_id: id, type, payload, accepts_response_payload: true }))
      return answer
    },
    async stop() {
      for (const socket of websockets.clients) socket.terminate()
      websockets.close()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
