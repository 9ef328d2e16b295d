/** A KMIP client of the tests' own: whether a server reads a Discover Versions request from this pair and answers it. */
import { connect } from 'node:tls'

/**
 * KMIP 1.4 §9.1 (TTLV): Request Message { Request Header { Protocol Version { 1, 0 }, Batch Count 1 }, Batch Item { Operation
 * Discover Versions, Request Payload {} } }.
 */
const DISCOVER_VERSIONS = Buffer.from(
  [
    '42007801' + '00000060',
    '42007701' + '00000038',
    '42006901' + '00000020',
    '42006a02' + '00000004' + '0000000100000000',
    '42006b02' + '00000004' + '0000000000000000',
    '42000d02' + '00000004' + '0000000100000000',
    '42000f01' + '00000018',
    '42005c05' + '00000004' + '0000001e00000000',
    '42007901' + '00000000',
  ].join(''),
  'hex',
)
const RESPONSE_MESSAGE = '42007b01'

/** `address` is `host:port`. */
export function isAcceptedByKmip(
  address: string,
  pair: { key?: Buffer | string; cert?: Buffer | string },
): Promise<boolean> {
  const [host, port] = address.split(':')
  return new Promise(resolve => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ...pair })
    const end = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.setTimeout(5000, () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
    socket.on('secureConnect', () => socket.write(DISCOVER_VERSIONS))
    socket.once('data', (data: Buffer) => end(data.subarray(0, 4).toString('hex') === RESPONSE_MESSAGE))
  })
}
