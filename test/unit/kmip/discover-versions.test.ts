import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { realClock } from '../../../src/core/ports/clock.js'
import { Secret } from '../../../src/core/secret.js'
import { encodeRequest } from '../../../src/kmip/discover-versions.js'
import { createEndpointProbe } from '../../../src/kmip/probe.js'
import type { Authority } from '../../../src/pki/authority.js'
import { hex, response, VERSIONS_1_0_TO_1_4, version } from './kmip-messages.js'
import { authority, clientPair, type Identity, serverIdentity, tcpServer, tlsServer } from './servers.js'

const HOST = '127.0.0.1'

let ca: Authority
let users: Authority
let server: Identity
let pair: { certificatePem: string; privateKey: Secret }
beforeAll(async () => {
  ca = await authority()
  users = await authority('CCMUsersCA')
  server = await serverIdentity(ca)
  pair = await clientPair(users)
})

/** Wants a certificate of `users`, and then does `onRequest` with the whole request. */
async function kmipServer(
  onRequest: (socket: TLSSocket, request: Buffer) => void,
  options: { maxVersion?: 'TLSv1.2' | 'TLSv1.3'; rejects?: boolean } = {},
): Promise<number> {
  const { maxVersion = 'TLSv1.3', rejects = true } = options
  const tls = {
    ...server,
    ca: users.certificatePem,
    requestCert: true,
    rejectUnauthorized: rejects,
    maxVersion,
  }
  return await tlsServer(tls, socket => {
    let request = Buffer.alloc(0)
    socket.on('data', chunk => {
      request = Buffer.concat([request, chunk])
      if (request.length >= encodeRequest().length) onRequest(socket, request)
    })
  })
}

const probe = createEndpointProbe({ clock: realClock, timeoutMs: 2_000 })
const asking = (port: number, timeoutMs = 2_000) =>
  createEndpointProbe({ clock: realClock, timeoutMs }).discoverVersions({ host: HOST, port }, pair)

describe('discovering versions', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'shows the pair over %s and reads the highest version',
    async maxVersion => {
      const seen: unknown[] = []
      const port = await kmipServer(
        (socket, request) => {
          seen.push(request, socket.getPeerX509Certificate()?.serialNumber)
          socket.write(response({ versions: VERSIONS_1_0_TO_1_4 }))
        },
        { maxVersion },
      )

      const finding = await probe.discoverVersions({ host: HOST, port }, pair, ca.certificatePem)

      expect(finding).toMatchObject({ kmipVersion: '1.4', tlsVersion: maxVersion })
      expect(seen).toEqual([encodeRequest(), '9B1C6F0A5D3E4A7B8C210F4E6D8A2B13'])
    },
  )

  it('puts together an answer that comes byte by byte', async () => {
    const port = await kmipServer(socket => {
      const bytes = response({ versions: VERSIONS_1_0_TO_1_4 })
      const drip = (at: number) => {
        if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => setImmediate(drip, at + 1))
      }
      drip(0)
    })

    expect(await asking(port)).toMatchObject({ kmipVersion: '1.4' })
  })

  it('takes a server of 1.0 for one that accepted the pair', async () => {
    const port = await kmipServer(socket =>
      socket.write(response({ status: 1, reason: 5, spoken: version(1, 0) })),
    )

    expect(await asking(port)).toMatchObject({ kmipVersion: '1.0' })
  })
})

describe('a pair is refused', () => {
  it.each(['-tls1_2', '-tls1_3'])('by an alert of openssl with %s', async version => {
    const port = await opensslServer(version)
    const stranger = await clientPair(await authority('Strangers'))

    await expect(probe.discoverVersions({ host: HOST, port }, stranger)).rejects.toMatchObject({
      code: 'endpoint.refused',
      message: `${HOST}:${port} refused the client certificate: unknown ca.`,
    })
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'by a server that wants another CA and just closes over %s',
    async maxVersion => {
      const port = await kmipServer(() => {}, { maxVersion })
      const stranger = await clientPair(await authority('Strangers'))

      await expect(probe.discoverVersions({ host: HOST, port }, stranger)).rejects.toMatchObject({
        code: 'endpoint.refused',
        message: `${HOST}:${port} closed the connection on seeing the client certificate.`,
      })
    },
  )

  it.each([
    ['a close', (socket: TLSSocket) => socket.end()],
    ['a hard close', (socket: TLSSocket) => socket.destroy()],
    [
      'half an answer',
      (socket: TLSSocket) => socket.end(response({ versions: VERSIONS_1_0_TO_1_4 }).subarray(0, 40)),
    ],
  ])('by %s', async (_, end) => {
    const port = await kmipServer(socket => end(socket), { rejects: false })

    await expect(asking(port)).rejects.toMatchObject({
      code: 'endpoint.refused',
      message: `${HOST}:${port} closed the connection on seeing the client certificate.`,
    })
  })

  it('by a KMIP answer that says so', async () => {
    const port = await kmipServer(socket =>
      socket.write(response({ status: 1, reason: 3, message: 'Who are you?' })),
    )

    await expect(asking(port)).rejects.toMatchObject({
      code: 'endpoint.refused',
      message: `${HOST}:${port} refused the KMIP request: Who are you?.`,
    })
  })
})

describe('what is no KMIP server', () => {
  it.each([
    [
      'another protocol',
      Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'its first bytes are another protocol',
    ],
    ['a size beyond reason', hex('42007b 01 7ffffff8'), 'it announces 2147483648 bytes'],
    ['a message without an answer', hex('42007b 01 00000000'), '0x42007b lacks 0x42007a'],
    [
      'more than a message',
      Buffer.concat([response({ versions: '' }), Buffer.alloc(16)]),
      '16 bytes follow its end',
    ],
  ])('is told by %s', async (_, bytes, why) => {
    const port = await kmipServer(socket => socket.write(bytes))

    await expect(asking(port)).rejects.toMatchObject({
      code: 'endpoint.refused',
      message: `${HOST}:${port} did not answer with KMIP: ${why}.`,
    })
  })

  it('is told by its silence', async () => {
    const port = await kmipServer(() => {})

    await expect(asking(port, 1_000)).rejects.toMatchObject({
      code: 'endpoint.unreachable',
      message: `${HOST}:${port} finished the TLS handshake but did not answer the KMIP request within 1 s.`,
    })
  })

  it('is told by its certificate, before it is asked anything', async () => {
    const asked: Buffer[] = []
    const port = await kmipServer((_, request) => asked.push(request))
    const other = await authority('Other CA')

    await expect(
      probe.discoverVersions({ host: HOST, port }, pair, other.certificatePem),
    ).rejects.toMatchObject({
      code: 'endpoint.refused',
      message: `${HOST}:${port} is not the server it should be. The certificate is not signed by CN=Other CA.`,
    })
    expect(asked).toEqual([])
  })
})

/** Wants a certificate of `users` and says what is wrong with others, as Node's own servers do not. Answers its port. */
async function opensslServer(version: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'kmip-'))
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const files = ['-key', await write('key.pem', server.key), '-cert', await write('cert.pem', server.cert)]
  const wants = [
    '-Verify',
    '1',
    '-verify_return_error',
    '-CAfile',
    await write('users.pem', users.certificatePem),
  ]
  const child = spawn('openssl', ['s_server', '-accept', `${HOST}:0`, version, ...files, ...wants])
  onTestFinished(async () => {
    child.kill()
    await rm(folder, { recursive: true })
  })
  // Read to the end: the server would stop when nobody takes what it prints.
  return await new Promise((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', chunk => {
      printed += chunk
      const port = /ACCEPT \S+:(\d+)/.exec(printed)?.[1]
      if (port) resolve(Number(port))
    })
    child.stderr.resume()
    child.on('exit', () => reject(new Error('openssl s_server did not start')))
  })
}

describe('the private key', () => {
  it('that does not belong to the certificate is refused before anybody is called', async () => {
    const other = await clientPair(users)
    const mixed = { certificatePem: pair.certificatePem, privateKey: other.privateKey }

    await expect(probe.discoverVersions({ host: HOST, port: 1 }, mixed)).rejects.toMatchObject({
      code: 'key.malformed',
    })
  })

  it('is in no failure and no log line', async () => {
    const heard: unknown[] = []
    const hear = (text: string, details?: unknown) => void heard.push([text, details])
    const log = { debug: hear, info: hear, warn: hear, error: hear }
    const listening = createEndpointProbe({ clock: realClock, log, timeoutMs: 300 })
    const ports = [
      await kmipServer(socket => socket.destroy()),
      await kmipServer(socket => socket.write('nonsense nonsense')),
      await kmipServer(() => {}),
      await tcpServer(socket => socket.destroy()),
      1,
    ]

    const failures = await Promise.all([
      ...ports.map(port => listening.discoverVersions({ host: HOST, port }, pair).catch(error => error)),
      listening
        .discoverVersions(
          { host: HOST, port: 1 },
          { ...pair, privateKey: new Secret(`x${pair.privateKey.reveal()}`) },
        )
        .catch(error => error),
    ])

    const told = inspect([failures, heard, failures.map(failure => failure.toRecord())], {
      depth: 20,
      showHidden: true,
    })
    const lines = pair.privateKey
      .reveal()
      .split('\n')
      .filter(line => line.length > 20 && !line.startsWith('-----'))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(told).not.toContain(line)
    expect(told).not.toContain('PRIVATE KEY')
  })
})
