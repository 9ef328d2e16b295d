/** Loopback servers that an endpoint probe may meet, and certificates for them. Gone when the test is. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { onTestFinished } from 'vitest'
import type { Secret } from '../../../src/core/secret.js'
import { type Authority, createAuthority } from '../../../src/pki/authority.js'
import { generateKeyPair } from '../../../src/pki/keys.js'

const DAY_MS = 86_400_000
const daysFromNow = (days: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + days * DAY_MS)

export interface Identity {
  key: string
  cert: string
}

export async function authority(commonName = 'Test CA'): Promise<Authority> {
  return await createAuthority({
    commonName,
    algorithm: 'ec-p256',
    notBefore: daysFromNow(-1),
    notAfter: daysFromNow(400),
  })
}

/** A server certificate for 60 days, until then from yesterday on. */
export async function serverIdentity(
  ca: Authority,
  algorithm: 'rsa-2048' | 'ec-p256' = 'ec-p256',
): Promise<Identity> {
  const { privateKey, publicKeySpki } = await generateKeyPair(algorithm)
  const cert = await ca.issueServer({
    commonName: 'kms.example.org',
    dnsNames: ['kms.example.org'],
    ipAddresses: ['127.0.0.1'],
    publicKeySpki,
    notBefore: daysFromNow(-1),
    notAfter: daysFromNow(60),
  })
  return { key: privateKey.reveal(), cert }
}

export async function clientPair(ca: Authority): Promise<{ certificatePem: string; privateKey: Secret }> {
  const { privateKey, publicKeySpki } = await generateKeyPair('ec-p256')
  const certificatePem = await ca.issueClient({
    okmsId: '4cd2ec35-2d52-4f43-b6f7-8a2b5d1e0a01',
    serialUuid: '9b1c6f0a-5d3e-4a7b-8c21-0f4e6d8a2b13',
    publicKeySpki,
    notBefore: daysFromNow(-1),
    notAfter: daysFromNow(30),
  })
  return { certificatePem, privateKey }
}

/** Answers the port. */
export async function tcpServer(
  onConnection: (socket: Socket) => void,
  address = '127.0.0.1',
): Promise<number> {
  return await listen(createServer(onConnection), address)
}

/** Answers the port. The server does not mind how a connection ends. */
export async function tlsServer(
  options: TlsOptions,
  onConnection: (socket: TLSSocket) => void = () => {},
  address = '127.0.0.1',
): Promise<number> {
  const server = createTlsServer(options, socket => {
    socket.on('error', () => {})
    onConnection(socket)
  })
  return await listen(server, address)
}

/** A port that was free a moment ago. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

async function listen(server: Server, address: string): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, address, resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}
