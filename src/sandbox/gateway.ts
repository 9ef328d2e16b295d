/**
 * The road of a call: fault, route, credential, access rules, IAM, body, handler, answer. In which order OVHcloud looks at these is
 * in no public source. HTTP and HTTPS share it.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { BotError } from '../core/errors.js'
import type { Log } from '../core/ports/log.js'
import { demandRules } from './access.js'
import { authenticate, type Caller } from './authentication.js'
import { checkBody, readJson } from './body.js'
import { type Cut, type Faults, sufferBefore } from './faults.js'
import { notFound, Refusal } from './refusal.js'
import { Answer, type Call, canonical, type Route, type Router } from './router.js'
import type { World } from './world.js'

/** Larger bodies are refused; no route needs a tenth of it. */
const MAX_BODY_BYTES = 1024 * 1024

export interface GatewayParts {
  world: World
  router: Router
  faults: Faults
  log: Log
  /** Answers the control path; `null` when the path is another. */
  control: (request: IncomingMessage, pathname: string, raw: Buffer) => Promise<Answer | null>
}

export type Gateway = (request: IncomingMessage, response: ServerResponse) => void

export function createGateway(parts: GatewayParts): Gateway {
  return (request, response) => {
    const queryId = newQueryId()
    response.setHeader('X-OVH-QUERYID', queryId)
    travel(parts, request)
      .then(outcome => {
        const { pathname: path } = split(request.url ?? '/')
        const status = outcome instanceof Answer ? (outcome.options.status ?? 200) : outcome
        parts.log.debug('sandbox answered', { method: request.method, path, status, queryId })
        if (outcome instanceof Answer) send(response, outcome)
        else if (outcome === 'cut') request.socket.destroy()
      })
      .catch(() => request.socket.destroy())
  }
}

async function travel(parts: GatewayParts, request: IncomingMessage): Promise<Answer | Cut> {
  try {
    const raw = await readBody(request)
    const { pathname, query } = split(request.url ?? '/')
    const controlled = await parts.control(request, pathname, raw)
    if (controlled !== null) return controlled
    const found = parts.router.match(request.method ?? 'GET', pathname)
    // The API's words for a path it does not know; for a wrong method they are our choice.
    if (found === null) throw notFound('Got an invalid (or empty) URL')
    const fault = parts.faults.take(found.route)
    const suffered = await sufferBefore(fault)
    if (suffered !== null) return suffered
    const answer = await answerCall(parts.world, found.route, request, {
      params: found.params,
      query,
      headers: request.headers,
      raw,
      origin: `${schemeOf(request)}://${request.headers.host ?? ''}`,
      caller: null,
      body: undefined,
    }).catch(toAnswer(parts.log))
    return fault?.do === 'cut-after' ? 'cut' : answer
  } catch (thrown) {
    const hasLeft = request.destroyed && !request.complete
    return hasLeft ? 'cut' : toAnswer(parts.log)(thrown)
  }
}

async function answerCall(world: World, route: Route, request: IncomingMessage, call: Call): Promise<Answer> {
  world.orders.settle()
  if (route.access !== 'public') call.caller = admit(world, route, request, call)
  if (route.access === 'granted') world.iam.demand(route.iam)
  if (route.schema !== null) {
    call.body = checkBody(route.schema, readJson(call.raw))
    const more = route.iamOf(call.body)
    if (route.access === 'granted') world.iam.demand(more)
  }
  const result = await route.handler(call)
  return result instanceof Answer ? result : new Answer(result)
}

function admit(world: World, route: Route, request: IncomingMessage, call: Call): Caller {
  const target = request.url ?? '/'
  const caller = authenticate(
    {
      method: route.method,
      scheme: schemeOf(request),
      target,
      headers: request.headers,
      body: call.raw,
      remoteAddress: request.socket.remoteAddress ?? '',
    },
    world.keyring,
    world.clock,
  )
  if (route.access === 'granted') {
    demandRules(caller, route.method, canonical(split(target).pathname), route.iam)
  }
  return caller
}

function toAnswer(log: Log): (thrown: unknown) => Answer {
  return thrown => {
    if (thrown instanceof Refusal) {
      return new Answer(thrown.body(), { status: thrown.status, headers: { ...thrown.headers } })
    }
    log.error('the sandbox failed', { error: BotError.from(thrown).toRecord(), cause: String(thrown) })
    return new Answer({ message: 'Internal server error' }, { status: 500 })
  }
}

function send(response: ServerResponse, { body, options }: Answer): void {
  const text = options.html ? String(body) : JSON.stringify(body ?? null)
  response.writeHead(options.status ?? 200, {
    'Content-Type': options.html ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    ...options.headers,
  })
  response.end(text)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const piece = Buffer.from(chunk)
    bytes += piece.length
    // Read on without keeping: an answer in the middle of a body would not be heard.
    if (bytes <= MAX_BODY_BYTES) chunks.push(piece)
  }
  if (bytes > MAX_BODY_BYTES) throw new Refusal(413, null, 'The body is too large')
  return Buffer.concat(chunks)
}

function split(target: string): { pathname: string; query: URLSearchParams } {
  const mark = target.indexOf('?')
  return mark < 0
    ? { pathname: target, query: new URLSearchParams() }
    : { pathname: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) }
}

function schemeOf(request: IncomingMessage): 'http' | 'https' {
  return (request.socket as TLSSocket).encrypted ? 'https' : 'http'
}

/** Shaped like `EU.ext-99.5860f657.4632.0180` (ovh/go-ovh: ovh/ovh_test.go). */
function newQueryId(): string {
  const hex = randomBytes(8).toString('hex')
  return `EU.ext-99.${hex.slice(0, 8)}.${Number.parseInt(hex.slice(8, 12), 16)}.${hex.slice(12)}`
}
