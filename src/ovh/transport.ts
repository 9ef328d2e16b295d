/**
 * HTTP/1.1 with kept-alive connections on undici: one call out, one whole answer in. Knows whether anything was sent, so that a
 * caller may tell a call that never left from one whose answer was lost. No redirects, no repeats, no decoding.
 */
import { setMaxListeners } from 'node:events'
import { createSecureContext, rootCertificates } from 'node:tls'
import { Agent, type Dispatcher } from 'undici'
import type { BotError } from '../core/errors.js'
import { calledOff, lostCall } from './lost.js'

export interface Outgoing {
  method: string
  /** Scheme, host and port. */
  origin: string
  /** With the query, as it goes over the wire. */
  path: string
  headers: Record<string, string>
  body: string | null
  signal?: AbortSignal | undefined
}

export interface Answer {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
}

export interface Transport {
  /** @throws BotError `ovh.unreachable` with `details.sent`, `ovh.unexpected` for an answer too large to be one */
  send(call: Outgoing): Promise<Answer>
  /** Ends every connection; calls under way fail as lost. */
  close(): Promise<void>
}

export interface TransportOptions {
  /** For one call, from asking for a connection to the last byte of the answer. */
  timeoutMs: number
  /** PEM of a CA to trust besides the usual ones. */
  caPem?: string | undefined
}

/** Far more than the allowance of calls asks for; a burst waits its turn rather than make a handshake per call. */
const CONNECTIONS = 8
const LONGEST_CONNECT_MS = 10_000
/** No documented answer comes near; what is larger is something else. */
const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024

export function createTransport({ timeoutMs, caPem }: TransportOptions): Transport {
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    // Our own timer covers the whole call.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: LARGEST_ANSWER_BYTES,
    connect: {
      timeout: Math.min(timeoutMs, LONGEST_CONNECT_MS),
      // Made once: reading all root certificates anew for each connection would cost more than the handshake.
      ...(caPem === undefined
        ? {}
        : { secureContext: createSecureContext({ ca: [...rootCertificates, caPem] }) }),
    },
  })
  return {
    send: call =>
      new Promise((resolve, reject) => {
        if (call.signal?.aborted) return reject(calledOff(call, false))
        // Many calls of one question share its signal; each takes its listener away again.
        if (call.signal) setMaxListeners(0, call.signal)
        new Exchange(call, timeoutMs, resolve, reject).begin(agent)
      }),
    close: () => agent.destroy(),
  }
}

/** One call on its way. Settles once; what comes later is dropped. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #chunks: Buffer[] = []
  readonly #call: Outgoing
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (failure: BotError) => void
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | null = null
  #sent = false
  #settled = false
  #status = 0
  #headers: Answer['headers'] = {}

  constructor(
    call: Outgoing,
    timeoutMs: number,
    resolve: (answer: Answer) => void,
    reject: (failure: BotError) => void,
  ) {
    this.#call = call
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(() => this.#giveUp(lostCall(call, this.#sent, { timeoutMs })), timeoutMs)
    call.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  begin(agent: Agent): void {
    const { origin, path, method, headers, body } = this.#call
    try {
      agent.dispatch({ origin, path, method, headers, body }, this)
    } catch (thrown) {
      this.#fail(lostCall(this.#call, false, { error: thrown }))
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection: it must not leave any more.
    if (this.#settled) {
      controller.abort(new Error('given up'))
      return
    }
    this.#sent = true
    this.#controller = controller
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (!this.#settle()) return
    const [only, ...more] = this.#chunks
    const body = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#chunks)
    this.#resolve({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(lostCall(this.#call, this.#sent, { error }))
  }

  readonly #onAbort = () => this.#giveUp(calledOff(this.#call, this.#sent))

  #giveUp(failure: BotError): void {
    this.#fail(failure)
    this.#controller?.abort(new Error('given up'))
  }

  #fail(failure: BotError): void {
    if (this.#settle()) this.#reject(failure)
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    clearTimeout(this.#timer)
    this.#call.signal?.removeEventListener('abort', this.#onAbort)
    return true
  }
}
