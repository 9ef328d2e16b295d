/** One KMIP port: TLS 1.2 or newer, a client certificate asked for, its bearer judged before every answer. */
import { constants } from 'node:crypto'
import { createServer, type TLSSocket } from 'node:tls'
import type { Log } from '../../core/ports/log.js'
import { hangUpWith, listen } from '../listen.js'
import { answerRequest } from './messages.js'
import { itemBytes } from './ttlv.js'

/** Far more than Discover Versions needs. */
const MAX_MESSAGE_BYTES = 64 * 1024
const IDLE_TIMEOUT_MS = 30_000

export interface ServerIdentity {
  keyPem: string
  certificatePem: string
}

export interface DoorOptions {
  /** PEM of the authority whose certificates clients should choose from. */
  clientCa: string
  /** Why this bearer is refused; `null` when accepted. */
  judge: (der: Uint8Array | null) => string | null
  now: () => number
  log: Log
}

export interface Door {
  /** @throws the error of the system, such as EADDRINUSE */
  open(port: number, host: string): Promise<number>
  /** New connections meet this certificate. One is needed before opening. */
  change(identity: ServerIdentity): void
  close(): Promise<void>
}

export function createDoor(options: DoorOptions): Door {
  const server = createServer({
    requestCert: true,
    // Judged by ourselves: without a certificate one may still look at ours.
    rejectUnauthorized: false,
    handshakeTimeout: 10_000,
  })
  const close = hangUpWith(server)
  server.on('secureConnection', socket => {
    // Clients may leave at any moment.
    socket.on('error', () => {})
    serve(socket, options).catch(() => socket.destroy())
  })
  // A handshake that fails is the client's affair.
  server.on('tlsClientError', () => {})

  return {
    open: (port, host) => listen(server, port, host),
    change: ({ keyPem, certificatePem }) =>
      server.setSecureContext({
        key: keyPem,
        cert: certificatePem,
        ca: options.clientCa,
        minVersion: 'TLSv1.2',
        // A resumed session would carry an old judgement.
        secureOptions: constants.SSL_OP_NO_TICKET,
      }),
    close,
  }
}

async function serve(socket: TLSSocket, { judge, now, log }: DoorOptions): Promise<void> {
  socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy())
  const der = socket.getPeerX509Certificate()?.raw ?? null
  // With TLS 1.3 the client already takes itself for connected: what refuses it is that no answer comes.
  const refuse = (why: string) => {
    log.info('sandbox refused a KMIP client', { why })
    socket.destroy()
  }
  const first = judge(der)
  if (first !== null) return refuse(first)
  let pending = Buffer.alloc(0)
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, Buffer.from(chunk)])
    for (let bytes = itemBytes(pending); bytes !== null; bytes = itemBytes(pending)) {
      if (bytes > MAX_MESSAGE_BYTES) return refuse('message too large')
      if (pending.length < bytes) break
      // The credential may have been revoked since.
      const why = judge(der)
      if (why !== null) return refuse(why)
      socket.write(answerRequest(pending.subarray(0, bytes), now()))
      pending = pending.subarray(bytes)
    }
  }
}
