/**
 * The operators' door on OPS_PORT: whether the process lives, whether it may be given work, its numbers, and the queue board where
 * one is given. Plain HTTP for a private network: no secrets in any answer, nothing can be changed through it.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BotError } from '../core/errors.js'
import type { Log } from '../core/ports/log.js'
import { shared, within } from './bounded.js'
import type { Readiness } from './readiness.js'

export interface OpsServerParts {
  /** 0 picks a free one. */
  port: number
  /** Every address of the machine when left out: probes and Prometheus come from elsewhere. */
  host?: string
  ready(): Promise<Readiness>
  /** In the Prometheus text format, as `contentType` says. */
  metrics(): Promise<string>
  contentType: string
  /** Answers everything below /queues, and asks for a password itself. */
  board?: RequestListener
  log: Log
  /** For one answer; 5 s. */
  answerWithinMs?: number
}

export interface OpsServer {
  port: number
  /** Answers what was asked before, if that takes no second, and ends every connection. */
  close(): Promise<void>
}

const ANSWER_WITHIN_MS = 5_000
/** Probes and scrapers are few; whoever opens more is none of them. */
const MOST_CONNECTIONS = 100
const CLOSE_WITHIN_MS = 1_000

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
} as const
/** Nothing here but the board is a page. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'"

interface Page {
  status: number
  type: string
  text: string
  headers?: Readonly<Record<string, string>>
}

const plain = (status: number, text: string): Page => ({
  status,
  type: 'text/plain; charset=utf-8',
  text: `${text}\n`,
})

/** @throws BotError `input.invalid` when the port is taken or may not be used */
export async function startOpsServer(parts: OpsServerParts): Promise<OpsServer> {
  const { log, board } = parts
  const pages = pagesOf(parts)

  const server = createServer(
    {
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: 8_192,
    },
    (request, response) => {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
      if (!server.listening) response.setHeader('connection', 'close')
      const path = (request.url ?? '/').split('?', 1)[0]!
      const refusal = refusalOf(request)
      if (refusal) return answer(response, refusal)
      if (board && (path === '/queues' || path.startsWith('/queues/'))) return board(request, response)
      const page = Object.hasOwn(pages, path) ? pages[path] : undefined
      if (!page) return answer(response, plain(404, 'There is no such page.'))
      page().then(
        found => answer(response, found),
        (thrown: unknown) => {
          log.warn('operators were not answered', { path, reason: String(thrown) })
          answer(response, plain(503, 'The answer could not be put together; the log says why.'))
        },
      )
    },
  )
  server.maxConnections = MOST_CONNECTIONS
  server.setTimeout(30_000)

  const opened = once(server, 'listening')
  server.listen({ port: parts.port, ...(parts.host === undefined ? {} : { host: parts.host }) })
  try {
    await opened
  } catch (error) {
    throw portTrouble(parts.port, error)
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      const impatient = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
      await closed
      clearTimeout(impatient)
    },
  }
}

function pagesOf(parts: OpsServerParts): Record<string, () => Promise<Page>> {
  const limitMs = parts.answerWithinMs ?? ANSWER_WITHIN_MS
  const ready = shared(parts.ready)
  const metrics = shared(parts.metrics)
  return {
    // A process that is gone, or whose event loop is stuck, does not come to answer: the prober's own limit is the finding.
    '/healthz': async () => plain(200, 'ok'),
    '/readyz': async () => {
      const found = await within(limitMs, 'Looking whether the bot is ready', ready())
      return {
        status: found.ok ? 200 : 503,
        type: 'application/json; charset=utf-8',
        text: `${JSON.stringify(found)}\n`,
      }
    },
    '/metrics': async () => {
      const text = await within(limitMs, 'Gathering the metrics', metrics())
      return { status: 200, type: parts.contentType, text }
    },
  }
}

function refusalOf({ method, headers }: IncomingMessage): Page | null {
  if (method !== 'GET' && method !== 'HEAD') {
    const refusal = plain(405, 'Here one can only look: GET or HEAD.')
    // What else it carries is not read.
    return { ...refusal, headers: { allow: 'GET, HEAD', connection: 'close' } }
  }
  if ((headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined) {
    return { ...plain(400, 'A look needs no body.'), headers: { connection: 'close' } }
  }
  return null
}

function answer(response: ServerResponse, { status, type, text, headers = {} }: Page): void {
  response.writeHead(status, {
    ...headers,
    'content-security-policy': NO_PAGE,
    'content-type': type,
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

function portTrouble(port: number, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = { EADDRINUSE: 'is taken', EACCES: 'may not be used by this account' }[code]
  if (why === undefined) return error
  return new BotError('input.invalid', `OPS_PORT is ${port}, which ${why}.`, {
    hint: 'Set OPS_PORT to another port; 0 takes any free one.',
    cause: error,
  })
}
