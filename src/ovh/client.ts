/**
 * The client of the OVHcloud API, both versions. Ours rather than the published one, which drops response headers (paging, query
 * id) and error classes. Everything that waits has a limit; every answer is checked before anybody sees it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { z } from 'zod'
import { BotError } from '../core/errors.js'
import type { Clock } from '../core/ports/clock.js'
import type { Log } from '../core/ports/log.js'
import { type Metrics, noMetrics } from '../core/ports/metrics.js'
import type { RateLimiter } from '../core/ports/rate-limiter.js'
import type { OvhAuthentication, PlainCall } from './auth.js'
import { authenticator } from './authenticator.js'
import { apiAddress } from './endpoint.js'
import { queryIdOf, refusalOf } from './errors.js'
import { calledOff, withoutQuery } from './lost.js'
import { isSuccess, listOf, read } from './reading.js'
import { type Repeats, repeated } from './retry.js'
import { routeOf } from './route.js'
import { type Answer, createTransport, type Outgoing } from './transport.js'
import { type OvhWrite, telling } from './written.js'

export interface OvhClientOptions {
  /** `ovh-eu`, `ovh-ca`, `ovh-us`, or a base URL. */
  endpoint: string
  auth: OvhAuthentication
  /** Asked before every attempt, those of the authentication included. */
  limiter: RateLimiter
  clock: Clock
  log: Log
  metrics?: Metrics
  /** Hears of every call that writes, once it is over: for the audit trail. Called in the context of whoever asked. */
  audited?: ((call: OvhWrite) => void) | undefined
  /** PEM of a CA to trust besides the usual ones. */
  caPem?: string
  /** For one attempt; 30 s. */
  timeoutMs?: number
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  random?: () => number
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface OvhRequest<T> {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Begins with `/v1/` or `/v2/`; its segments are encoded (`segment`), and it has no query. */
  path: string
  query?: Query
  /** Sent as JSON. */
  body?: unknown
  headers?: Readonly<Record<string, string>>
  /** What the answer must be; an empty body counts as `null`. */
  schema: z.ZodType<T>
  signal?: AbortSignal | undefined
  /** `safe`: may be repeated though it is no GET, as it changes nothing. `never`: one attempt, whatever happens. */
  retry?: 'safe' | 'never'
}

export interface OvhAnswer<T> {
  data: T
  status: number
  /** What OVHcloud's support asks for. */
  queryId: string | null
  /** Names in lower case. */
  headers: Answer['headers']
}

export interface OvhPages<T> {
  path: string
  item: z.ZodType<T>
  query?: Query
  signal?: AbortSignal | undefined
  /** Items per page; the API decides when left out. */
  pageSize?: number
}

export interface OvhClient {
  /**
   * One call. GET is repeated a few times when OVHcloud cannot be reached or is broken, or asks for a short wait; anything else only
   * when nothing of it can have left. A refused signature or ended token is renewed once.
   *
   * @throws BotError `ovh.*` with `details`: `method`, `path`, `sent` (false: certainly not carried out), and of an answer
   *   `status`, `class`, `vendorMessage`, `queryId`, `missingActions` (IAM, joined by commas)
   */
  request<T>(request: OvhRequest<T>): Promise<OvhAnswer<T>>
  /** The pages of a v2 list, one at a time, asked for when wanted (OVHcloud guide "API v2", pagination by cursor). */
  pages<T>(pages: OvhPages<T>): AsyncIterable<T[]>
  /** Ends all connections at once. */
  close(): Promise<void>
}

const DEFAULT_TIMEOUT_MS = 30_000

export function createOvhClient(options: OvhClientOptions): OvhClient {
  const { limiter, clock, log, caPem, timeoutMs = DEFAULT_TIMEOUT_MS, random = Math.random } = options
  const metrics = options.metrics ?? noMetrics
  const sleep = options.sleep ?? ((ms, signal) => pause(ms, undefined, signal ? { signal } : {}))
  const { origin, tokenUrl } = apiAddress(options.endpoint)
  const transport = createTransport({ timeoutMs, caPem })
  const auth = authenticator(options.auth, { origin, tokenUrl, clock, fetch: fetchPlain })

  function redact(text: string): string {
    const values = auth.secrets().map(secret => secret.reveal())
    return values
      .filter(value => value !== '')
      .reduce((clean, value) => clean.replaceAll(value, '[secret]'), text)
  }

  /** One attempt: the answer, whatever its status. */
  async function send(call: Outgoing): Promise<Answer> {
    const startedAt = performance.now()
    const measured = (status: string) =>
      metrics.observe('ovh-call', (performance.now() - startedAt) / 1000, {
        route: routeOf(call.method, call.path),
        status,
      })
    const answer = await transport.send(call).catch((failure: unknown) => {
      measured('none')
      throw failure
    })
    measured(String(answer.status))
    log.debug('OVHcloud call', {
      method: call.method,
      path: withoutQuery(call.path),
      status: answer.status,
      elapsedMs: Math.round(performance.now() - startedAt),
      queryId: queryIdOf(answer),
    })
    return answer
  }

  /** For the authentication's own calls. Not repeated here: the call that needs them is. */
  async function fetchPlain<T>(plain: PlainCall, schema: z.ZodType<T>): Promise<T> {
    const url = new URL(plain.url)
    const call: Outgoing = { ...plain, origin: url.origin, path: url.pathname + url.search }
    try {
      await limiter.take()
      const answer = await send({ ...call, headers: { accept: 'application/json', ...plain.headers } })
      if (!isSuccess(answer)) throw refusalOf(call, answer, redact)
      return read(call, answer, schema)
    } catch (thrown) {
      throw notSent(thrown)
    }
  }

  /** One attempt, and a second one at once when a new time or a new token may cure the refusal. */
  async function attempt(call: Outgoing): Promise<Answer> {
    const url = call.origin + call.path
    for (let cured = false; ; cured = true) {
      await limiter.take(call.signal)
      const stamp = await auth.stamp({ method: call.method, url, body: call.body, signal: call.signal })
      const answer = await send({ ...call, headers: { ...call.headers, ...stamp.headers } })
      if (isSuccess(answer)) return answer
      const refusal = refusalOf(call, answer, redact)
      if (cured || !stamp.isCurable(refusal)) throw refusal
    }
  }

  const request = <T>(asked: OvhRequest<T>) => telling(options.audited, asked, () => requested(asked))

  async function requested<T>(asked: OvhRequest<T>): Promise<OvhAnswer<T>> {
    const call = outgoing(origin, asked)
    const { signal } = asked
    const paused = (failure: BotError, count: number, pauseMs: number) =>
      log.warn('OVHcloud call repeated', { ...failure.details, code: failure.code, attempt: count, pauseMs })
    try {
      return await repeated({ sleep, random, paused }, repeatsOf(asked), signal, async () => {
        const answer = await attempt(call)
        return {
          data: read(call, answer, asked.schema),
          status: answer.status,
          queryId: queryIdOf(answer),
          headers: answer.headers,
        }
      })
    } catch (thrown) {
      // Waiting for the allowance, for a token or for the next try ends with the signal's reason.
      if (signal?.aborted && !(thrown instanceof BotError)) throw calledOff(call, false)
      throw thrown
    }
  }

  async function* pages<T>({ path, item, query, signal, pageSize }: OvhPages<T>): AsyncGenerator<T[]> {
    const schema = listOf(item)
    const seen = new Set<string>()
    for (let cursor: string | null = null; ; ) {
      const headers: Record<string, string> = {
        ...(pageSize === undefined ? {} : { 'x-pagination-size': String(pageSize) }),
        ...(cursor === null ? {} : { 'x-pagination-cursor': cursor }),
      }
      const page: OvhAnswer<T[]> = await request({
        method: 'GET',
        path,
        ...(query && { query }),
        headers,
        schema,
        signal,
      })
      yield page.data
      const next = page.headers['x-pagination-cursor-next']
      if (typeof next !== 'string' || next === '') return
      if (seen.has(next)) {
        throw new BotError('ovh.unexpected', `The pages of GET ${path} go round in a circle.`, {
          details: { path },
        })
      }
      seen.add(next)
      cursor = next
    }
  }

  return { request, pages, close: () => transport.close() }
}

/**
 * A value as one segment of a path.
 *
 * @throws BotError `input.invalid` for a value that would climb or vanish: empty, `.` or `..`
 */
export function segment(value: string): string {
  if (/^\.{0,2}$/.test(value)) throw new BotError('input.invalid', `"${value}" cannot be an id.`)
  return encodeURIComponent(value)
}

function outgoing(
  origin: string,
  { method, path, query, body, headers, signal }: OvhRequest<unknown>,
): Outgoing {
  if (!/^\/v[12]\/[\w\-.~%!'()*/:]+$/.test(path)) {
    throw new BotError('bug', 'A path of the OVHcloud API begins with /v1/ or /v2/, and is encoded.')
  }
  return {
    method,
    origin,
    path: path + queryText(query),
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal,
  }
}

function queryText(query: Query | undefined): string {
  if (query === undefined) return ''
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value))
  }
  return parameters.size === 0 ? '' : `?${parameters}`
}

function repeatsOf({ method, retry }: OvhRequest<unknown>): Repeats {
  return retry ?? (method === 'GET' ? 'safe' : 'unsent')
}

/** A failure of the authentication's own call: the call that needed it has not left. */
function notSent(thrown: unknown): unknown {
  if (!(thrown instanceof BotError)) return thrown
  const { code, message, hint, details, retryAfterMs, cause } = thrown
  return new BotError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: { ...details, sent: false },
    cause,
  })
}
