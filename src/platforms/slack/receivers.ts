/**
 * The two ways in: HTTP and Socket Mode. Bolt checks signatures, but takes the same signed request twice and one from the
 * future, so both are refused in front of it. https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HTTPReceiver, type Receiver, SocketModeReceiver, verifySlackRequest } from '@slack/bolt'
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import type { Secret } from '../../core/secret.js'
import { REQUEST_BYTES, SIGNATURE } from './limits.js'
import { createSlackLogger } from './logger.js'

export const EVENTS_PATH = '/slack/events'

export interface SlackReceiver extends Receiver {
  /** Where it listens; `null` when it is called from nowhere. */
  port(): number | null
  /** Whether requests can reach us right now. */
  isConnected(): boolean
}

export interface HttpReceiverParts {
  signingSecret: Secret
  /** 0 picks a free one. */
  port: number
  clock: Clock
  log: Log
}

export function createHttpReceiver({ signingSecret, port, clock, log }: HttpReceiverParts): SlackReceiver {
  const bolt = new HTTPReceiver({
    signingSecret: signingSecret.reveal(),
    endpoints: EVENTS_PATH,
    logger: createSlackLogger(log),
  })
  const judge = createJudge(signingSecret, clock)
  let server: Server | null = null

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0]
    if (path !== EVENTS_PATH || request.method !== 'POST') return end(response, 404)
    const body = await readBody(request)
    if (body === null) return end(response, 413)
    // Slack looks whether TLS works here, unsigned; nothing comes of it.
    if (body.toString().startsWith('ssl_check=1')) return end(response, 200)
    const why = judge(request, body)
    if (why !== null) {
      log.warn("request to Slack's address refused", { why })
      return end(response, 401)
    }
    bolt.requestListener(Object.assign(request, { rawBody: body }), response)
  }

  return {
    init: app => bolt.init(app),
    start: () =>
      new Promise((resolve, reject) => {
        server = createServer((request, response) => {
          receive(request, response).catch(error => {
            log.warn("request to Slack's address failed", { reason: String(error) })
            if (!response.headersSent) end(response, 500)
          })
        })
        server.once('error', reject)
        server.listen(port, () => resolve(server))
      }),
    stop: () =>
      new Promise(resolve => {
        if (server === null) return resolve(null)
        server.close(() => resolve(null))
        server.closeIdleConnections()
      }),
    port: () => (server?.address() as AddressInfo | null)?.port ?? null,
    isConnected: () => server?.listening === true,
  }
}

/** Without its body having been read to the end, a connection is of no further use. */
function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' }).end()
}

/** Why a request is not Slack's, or not its first time; `null`: it is fine. */
function createJudge(signingSecret: Secret, clock: Clock) {
  const seen = new Map<string, number>()
  return ({ headers }: IncomingMessage, body: Buffer): string | null => {
    const now = clock.now()
    const signature = headers['x-slack-signature']
    const timestamp = headers['x-slack-request-timestamp']
    if (typeof signature !== 'string' || typeof timestamp !== 'string') return 'not signed'
    const atMs = Number(timestamp) * 1000
    if (!/^\d{1,12}$/.test(timestamp) || atMs > now + SIGNATURE.futureMs) return 'from the future'
    try {
      verifySlackRequest({
        signingSecret: signingSecret.reveal(),
        body: body.toString(),
        headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': Number(timestamp) },
        nowMilliseconds: now,
      })
    } catch {
      return 'wrong signature or too old'
    }
    // Only what Slack signed is remembered, for as long as the signature holds.
    for (const [old, untilMs] of seen) {
      if (untilMs >= now) break
      seen.delete(old)
    }
    if (seen.has(signature)) return 'sent a second time'
    seen.set(signature, now + SIGNATURE.oldestMs + SIGNATURE.futureMs)
    return null
  }
}

/** `null` when it is longer than any request of Slack's. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > REQUEST_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export interface SocketReceiverParts {
  appToken: Secret
  apiUrl: string
  log: Log
}

export function createSocketReceiver({ appToken, apiUrl, log }: SocketReceiverParts): SlackReceiver {
  const receiver = new SocketModeReceiver({
    appToken: appToken.reveal(),
    logger: createSlackLogger(log),
    installerOptions: { clientOptions: { slackApiUrl: apiUrl } },
  })
  let connected = false
  receiver.client.on('connected', () => {
    connected = true
  })
  receiver.client.on('disconnected', () => {
    connected = false
  })
  return {
    init: app => receiver.init(app),
    start: () => receiver.start(),
    stop: () => receiver.stop(),
    port: () => null,
    isConnected: () => connected,
  }
}
