import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { realClock } from '../../../src/core/ports/clock.js'
import { createEndpointProbe } from '../../../src/kmip/probe.js'
import type { Authority } from '../../../src/pki/authority.js'
import { openssl } from '../../fakes/openssl.js'
import { authority, closedPort, type Identity, serverIdentity, tcpServer, tlsServer } from './servers.js'

const DAY_MS = 86_400_000
const HOST = '127.0.0.1'
const probe = createEndpointProbe({ clock: realClock, timeoutMs: 3_000 })

let ca: Authority
let ec: Identity
let rsa: Identity
beforeAll(async () => {
  ca = await authority()
  ec = await serverIdentity(ca)
  rsa = await serverIdentity(ca, 'rsa-2048')
})

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kmip-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

describe('a look', () => {
  it('reads what openssl reads', async () => {
    const port = await tlsServer(rsa)
    const file = join(await folder(), 'cert.pem')
    await writeFile(file, rsa.cert)

    const finding = await probe.look({ host: HOST, port })

    const printed = async (hash: string) =>
      (await openssl('x509', '-in', file, '-noout', '-fingerprint', hash)).trim().split('=')[1]
    expect(finding).toMatchObject({
      endpoint: { host: HOST, port },
      address: HOST,
      sha1: await printed('-sha1'),
      sha256: await printed('-sha256'),
      subject: 'CN=kms.example.org',
      issuer: 'CN=Test CA',
      keyAlgorithm: 'RSA 2048',
      tlsVersion: 'TLSv1.3',
      trusted: null,
      distrust: null,
    })
    expect(Date.parse(finding.notAfter) - Date.parse(finding.notBefore)).toBe(61 * DAY_MS)
    expect(finding.notAfter).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/)
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'needs no client certificate where %s asks for one',
    async maxVersion => {
      const port = await tlsServer({
        ...ec,
        ca: ca.certificatePem,
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion,
      })

      expect(await probe.look({ host: HOST, port })).toMatchObject({
        subject: 'CN=kms.example.org',
        keyAlgorithm: 'EC P-256',
        tlsVersion: maxVersion,
      })
    },
  )

  it('gives the server a name when there is one, and never an address', async () => {
    const names: unknown[] = []
    const port = await tlsServer(ec, socket => names.push((socket as { servername?: unknown }).servername))
    const named = createEndpointProbe({ clock: realClock, lookup: async () => [HOST] })

    await named.look({ host: 'kms.example.org', port })
    await named.look({ host: HOST, port })
    await named.look({ host: 'kms.example.org', port }, { address: HOST })

    await expect.poll(() => names).toEqual(['kms.example.org', false, 'kms.example.org'])
  })

  it('goes to the address it is told, or to the first that answers', async () => {
    const port = await tlsServer(ec, () => {}, '127.0.0.3')
    const lookup = async () => ['127.0.0.10', '127.0.0.3', '127.0.0.2', '127.0.0.3']
    const several = createEndpointProbe({ clock: realClock, lookup, timeoutMs: 3_000 })

    expect(await several.resolve('kms.example.org')).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.10'])
    expect(await several.look({ host: 'kms.example.org', port })).toMatchObject({ address: '127.0.0.3' })
    await expect(
      several.look({ host: 'kms.example.org', port }, { address: '127.0.0.2' }),
    ).rejects.toMatchObject({
      code: 'endpoint.unreachable',
      message: `Nobody listens at kms.example.org:${port} (127.0.0.2) (connection refused).`,
    })
  })

  it('looks up names by the system', async () => {
    expect(await probe.resolve('localhost')).toEqual(['127.0.0.1'])
    expect(await probe.resolve('192.0.2.7')).toEqual(['192.0.2.7'])
  })
})

describe('trust', () => {
  const trusted = async (trustedCa: string, server: Identity = ec, aheadMs = 0) => {
    const port = await tlsServer(server)
    const moved = createEndpointProbe({ clock: { now: () => Date.now() + aheadMs } })
    const { trusted: isTrusted, distrust } = await moved.look({ host: HOST, port }, { trustedCa })
    return { isTrusted, distrust }
  }

  it('is given to what the CA signed, whatever the key', async () => {
    expect(await trusted(ca.certificatePem)).toEqual({ isTrusted: true, distrust: null })
    expect(await trusted(ca.certificatePem, rsa)).toEqual({ isTrusted: true, distrust: null })
  })

  it('is given when one of several CAs signed it', async () => {
    const other = await authority('Other CA')

    expect(await trusted(other.certificatePem + ca.certificatePem)).toMatchObject({ isTrusted: true })
  })

  it('is not given to what another CA signed, even one of the same name', async () => {
    const other = await authority('Other CA')
    const namesake = await authority('Test CA')

    expect(await trusted(other.certificatePem)).toEqual({
      isTrusted: false,
      distrust: 'The certificate is not signed by CN=Other CA.',
    })
    expect(await trusted(namesake.certificatePem)).toMatchObject({ isTrusted: false })
  })

  it('ends and begins with the dates, by the clock of the bot', async () => {
    expect(await trusted(ca.certificatePem, ec, 59 * DAY_MS)).toMatchObject({ isTrusted: true })
    expect(await trusted(ca.certificatePem, ec, 61 * DAY_MS)).toEqual({
      isTrusted: false,
      distrust: expect.stringMatching(/^The certificate expired on \d+ \w+ \d{4} \d\d:\d\d UTC\.$/),
    })
    expect(await trusted(ca.certificatePem, ec, -2 * DAY_MS)).toEqual({
      isTrusted: false,
      distrust: expect.stringMatching(/^The certificate is not valid before /),
    })
  })

  it('is not given by a CA that cannot be read', async () => {
    const distrust = 'The CA to check it with is not a readable certificate.'

    expect(await trusted('not a certificate')).toEqual({ isTrusted: false, distrust })
    expect(await trusted('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toEqual({
      isTrusted: false,
      distrust,
    })
  })

  it('reaches through an intermediate CA that the server sends along, if that may sign', async () => {
    const at = await folder()
    const file = (name: string) => join(at, name)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
    const make = (name: string, issuer: string | null, extension: string) =>
      openssl(
        'req',
        '-x509',
        ...key,
        '-days',
        '30',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.pem`),
        '-addext',
        extension,
        ...(issuer ? ['-CA', file(`${issuer}.pem`), '-CAkey', file(`${issuer}.key`)] : []),
      )
    await make('root', null, 'basicConstraints=critical,CA:TRUE')
    await make('middle', 'root', 'basicConstraints=critical,CA:TRUE')
    await make('nobody', 'root', 'basicConstraints=critical,CA:FALSE')
    await make('good', 'middle', 'basicConstraints=critical,CA:FALSE')
    await make('bad', 'nobody', 'basicConstraints=critical,CA:FALSE')
    const read = (name: string) => readFile(file(name), 'utf8')
    const chain = async (leaf: string, middle: string) => ({
      key: await read(`${leaf}.key`),
      cert: (await read(`${leaf}.pem`)) + (await read(`${middle}.pem`)),
    })

    expect(await trusted(await read('root.pem'), await chain('good', 'middle'))).toEqual({
      isTrusted: true,
      distrust: null,
    })
    expect(await trusted(await read('root.pem'), await chain('bad', 'nobody'))).toMatchObject({
      isTrusted: false,
    })
  })
})

describe('a look that fails says how', () => {
  const looking = (port: number, timeoutMs = 3_000) =>
    createEndpointProbe({ clock: realClock, timeoutMs }).look({ host: HOST, port })

  it('nobody listens', async () => {
    const port = await closedPort()

    await expect(looking(port)).rejects.toMatchObject({
      code: 'endpoint.unreachable',
      message: `Nobody listens at ${HOST}:${port} (connection refused).`,
    })
  })

  it('no handshake', async () => {
    const port = await tcpServer(() => {})

    await expect(looking(port, 400)).rejects.toMatchObject({
      code: 'endpoint.unreachable',
      message: `${HOST}:${port} took the connection but did not finish the TLS handshake within 0.4 s.`,
    })
  })

  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ])('%s instead of TLS', async (_, banner) => {
    const port = await tcpServer(socket => socket.write(banner))

    await expect(looking(port)).rejects.toMatchObject({
      code: 'endpoint.refused',
      message: `${HOST}:${port} answers, but not with TLS.`,
    })
  })

  it.each([
    ['closed', (socket: { end(): unknown }) => socket.end()],
    ['reset', (socket: { resetAndDestroy(): unknown }) => socket.resetAndDestroy()],
  ])('%s in the middle', async (_, end) => {
    const port = await tcpServer(socket => socket.once('data', () => end(socket)))

    await expect(looking(port)).rejects.toMatchObject({
      code: 'endpoint.unreachable',
      message: `${HOST}:${port} closed the connection in the middle of the TLS handshake.`,
    })
  })

  it('an alert', async () => {
    // A fatal handshake_failure (RFC 5246 §7.2).
    const port = await tcpServer(socket => socket.write(Buffer.from('15030300020228', 'hex')))

    await expect(looking(port)).rejects.toMatchObject({
      code: 'endpoint.refused',
      message: `${HOST}:${port} refused the TLS connection: handshake failure.`,
    })
  })

  it('a name that is not, a name server that is not, a look-up without end', async () => {
    const failing = (code: string) => async () => Promise.reject(Object.assign(new Error('dns'), { code }))
    const resolving = (lookup: () => Promise<string[]>) =>
      createEndpointProbe({ clock: realClock, timeoutMs: 100, lookup }).resolve('kms.example.org')

    await expect(resolving(failing('ENOTFOUND'))).rejects.toMatchObject({
      code: 'endpoint.unreachable',
      message: 'The name kms.example.org has no IPv4 address.',
    })
    await expect(resolving(async () => [])).rejects.toMatchObject({
      message: 'The name kms.example.org has no IPv4 address.',
    })
    for (const lookup of [failing('EAI_AGAIN'), () => new Promise<string[]>(() => {})]) {
      await expect(resolving(lookup)).rejects.toMatchObject({
        code: 'endpoint.unreachable',
        message: 'The name kms.example.org could not be looked up, because no name server answered.',
      })
    }
  })

  it('an IPv6 address', async () => {
    for (const host of ['::1', '[::1]']) {
      await expect(probe.look({ host, port: 1 })).rejects.toMatchObject({
        code: 'endpoint.unreachable',
        message: expect.stringContaining('only IPv4'),
      })
    }
  })
})
