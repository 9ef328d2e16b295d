/** A name and a password before a page: HTTP Basic (RFC 7617). For a private network or behind TLS, as it crosses in the clear. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Log } from '../core/ports/log.js'
import type { Secret } from '../core/secret.js'

export interface Login {
  user: string
  password: Secret
}

/** Hands on what comes with the right name and password, and answers 401 to anything else. */
export function behindPassword({ user, password }: Login, page: RequestListener, log: Log): RequestListener {
  // Both sides through a keyed hash: neither content nor length tells by its time how much was right.
  const key = randomBytes(32)
  const digestOf = (text: string) => createHmac('sha256', key).update(text).digest()
  const expected = digestOf(`${user}:${password.reveal()}`)

  return (request, response) => {
    const given = credentialsOf(request.headers.authorization)
    if (given !== null && timingSafeEqual(digestOf(given), expected)) return page(request, response)
    // The first look of a browser brings none; that is no attempt.
    if (given !== null)
      log.warn('queue board: wrong name or password', { from: request.socket.remoteAddress })
    const text = 'The queue board asks for OPS_USER and OPS_PASSWORD.\n'
    response.writeHead(401, {
      'www-authenticate': 'Basic realm="okms-bot", charset="UTF-8"',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
  }
}

/** `user:password`; `null` when the header holds none. */
function credentialsOf(header: string | undefined): string | null {
  const encoded = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(header ?? '')?.[1]
  return encoded === undefined ? null : Buffer.from(encoded, 'base64').toString('utf8')
}
