/** A client for these tests alone: signs as ovh/go-ovh does (ovh/ovh.go), from its own reading of it. */
import { createHash } from 'node:crypto'
import type { SandboxInfo } from '../../../src/sandbox/sandbox.js'

export interface Reply {
  status: number
  headers: Headers
  // What the API answered; every test says what it expects in there.
  body: Json
}

export type Json = null | boolean | number | string | Json[] | { [field: string]: Json }

export interface CallOptions {
  headers?: Record<string, string>
  /** Seconds the client's clock is off. */
  skewSeconds?: number
  signedUrl?: string
  signal?: AbortSignal
}

export interface Keys {
  applicationKey: string
  applicationSecret: string
  consumerKey: string
}

export type Client = (method: string, path: string, body?: unknown, options?: CallOptions) => Promise<Reply>

/** Reads the time before each call, because tests move the clock. */
export function signedClient(info: SandboxInfo, keys: Keys = info): Client {
  return async (method, path, body, options = {}) => {
    const url = `${info.url}${path}`
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
    const time = Number(await (await fetch(`${info.url}/v1/auth/time`)).text()) + (options.skewSeconds ?? 0)
    const signed = [
      keys.applicationSecret,
      keys.consumerKey,
      method,
      options.signedUrl ?? url,
      text,
      String(time),
    ].join('+')
    return send(url, method, text, options, {
      'X-Ovh-Application': keys.applicationKey,
      'X-Ovh-Consumer': keys.consumerKey,
      'X-Ovh-Timestamp': String(time),
      'X-Ovh-Signature': `$1$${createHash('sha1').update(signed).digest('hex')}`,
    })
  }
}

export function plainClient(info: SandboxInfo, headers: Record<string, string> = {}): Client {
  return (method, path, body, options = {}) => {
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
    return send(`${info.url}${path}`, method, text, options, headers)
  }
}

async function send(
  url: string,
  method: string,
  text: string,
  options: CallOptions,
  headers: Record<string, string>,
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...options.headers },
    redirect: 'manual',
    // Bytes rather than text, so that fetch adds no Content-Type.
    ...(text === '' ? {} : { body: new TextEncoder().encode(text) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const answer = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer }
}

/** A field of an object that came as JSON. */
export function field(value: Json, name: string): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('not an object')
  return value[name] ?? null
}

export function text(value: Json, name: string): string {
  const found = field(value, name)
  if (typeof found !== 'string') throw new Error(`${name} is no text`)
  return found
}

export function list(value: Json): Json[] {
  if (!Array.isArray(value)) throw new Error('not a list')
  return value
}

export function texts(value: Json, name: string): string[] {
  return list(value).map(item => text(item, name))
}

export async function jsonOf(response: Response): Promise<Json> {
  return JSON.parse(await response.text())
}
