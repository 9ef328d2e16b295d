/** How the stand-in for Slack reaches the bot: signed requests, or envelopes over Socket Mode, each to be acknowledged within 3 s. */
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../../src/core/ports/clock.js'
import type { SlackServer } from './server.js'

export const SIGNING_SECRET = 'fake-signing-secret'

/** https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response */
const ACK_WITHIN_MS = 3000
/** Events alone are sent again. https://docs.slack.dev/apis/events-api#retries */
const EVENT_TRIES = 4

export type Kind = 'command' | 'interactive' | 'event'

export interface Acknowledged {
  status: number
  /** What the bot said with it: an update of the form, errors in it. */
  body: unknown
  tookMs: number
}

export interface Delivery {
  /** @throws when the bot did not acknowledge in time */
  send(kind: Kind, payload: Record<string, unknown>): Promise<Acknowledged>
}

const SOCKET_TYPES: Record<Kind, string> = {
  command: 'slash_commands',
  interactive: 'interactive',
  event: 'events_api',
}

/** @param tookMs how long each acknowledgement took is added here */
export function deliverOverSocket(server: SlackServer, tookMs: number[]): Delivery {
  return {
    async send(kind, payload) {
      const began = performance.now()
      const late = Symbol('late')
      const body = await Promise.race([
        server.overSocket(SOCKET_TYPES[kind], payload),
        sleep(ACK_WITHIN_MS, late, { ref: false }),
      ])
      if (body === late) throw new Error(`${kind} was not acknowledged within 3 s`)
      tookMs.push(performance.now() - began)
      return { status: 200, body, tookMs: tookMs.at(-1)! }
    },
  }
}

export interface SignedRequest {
  body: string
  headers: Record<string, string>
}

/** `atMs`: what its timestamp says. */
export function signed(
  kind: Kind,
  payload: Record<string, unknown>,
  atMs: number,
  secret = SIGNING_SECRET,
): SignedRequest {
  const body =
    kind === 'event'
      ? JSON.stringify(payload)
      : new URLSearchParams(
          kind === 'command' ? (payload as Record<string, string>) : { payload: JSON.stringify(payload) },
        ).toString()
  const timestamp = String(Math.floor(atMs / 1000))
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  return {
    body,
    headers: {
      'content-type': kind === 'event' ? 'application/json' : 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${mac}`,
    },
  }
}

export async function postSigned(port: number, request: SignedRequest): Promise<Acknowledged> {
  const began = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}/slack/events`, {
    method: 'POST',
    ...request,
    signal: AbortSignal.timeout(ACK_WITHIN_MS),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? {} : JSON.parse(text),
    tookMs: performance.now() - began,
  }
}

/** @param tookMs how long each acknowledgement took is added here */
export function deliverOverHttp(port: () => number, clock: Clock, tookMs: number[]): Delivery {
  return {
    async send(kind, payload) {
      for (let attempt = 0; ; attempt++) {
        const request = signed(kind, payload, clock.now())
        if (attempt > 0) request.headers['x-slack-retry-num'] = String(attempt)
        const answer = await postSigned(port(), request).catch(() => null)
        if (answer?.status === 200) {
          tookMs.push(answer.tookMs)
          return answer
        }
        if (kind !== 'event' || attempt + 1 >= EVENT_TRIES) {
          throw new Error(
            `${kind} was answered ${answer === null ? 'not within 3 s' : `with ${answer.status}`}`,
          )
        }
      }
    },
  }
}
