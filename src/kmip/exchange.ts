/** One KMIP request and its response over an open connection. */
import type { TLSSocket } from 'node:tls'
import { RESPONSE_MESSAGE } from './discover-versions.js'
import { HEADER_BYTES, readHeader, TtlvError, TYPE } from './ttlv.js'

/** A list of versions takes some hundred bytes. */
const LARGEST_RESPONSE_BYTES = 64 * 1024

/**
 * Sends the request and gathers one response message; a connection that ends before never settles this (tls-session.ts sees it).
 *
 * @throws TtlvError when what comes is no KMIP response, or larger than 64 KiB
 */
export function exchange(socket: TLSSocket, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      try {
        const total = lengthOf(received)
        if (total !== null && received.length >= total) resolve(received)
      } catch (thrown) {
        reject(thrown)
      }
    })
    socket.write(request)
  })
}

/** Bytes of the whole message; `null` while its header is not complete. */
function lengthOf(received: Buffer): number | null {
  if (received.length < HEADER_BYTES) return null
  const { tag, type, totalBytes } = readHeader(received)
  if (tag !== RESPONSE_MESSAGE || type !== TYPE.structure)
    throw new TtlvError('its first bytes are another protocol')
  if (totalBytes > LARGEST_RESPONSE_BYTES) throw new TtlvError(`it announces ${totalBytes} bytes`)
  return totalBytes
}
