import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '../../../src/pki/authority.js'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { type Client, field, list, signedClient, text } from './signed-client.js'

let sandbox: Sandbox
let ana: Client
let prod: string
let lab: string
beforeAll(async () => {
  sandbox = await startSandbox({ creating: '0s' })
  ana = signedClient(sandbox.info)
  prod = sandbox.info.okmsIds[0]!
  lab = sandbox.info.okmsIds[1]!
})
afterAll(() => sandbox.close())

interface Pair {
  id: string
  key: string
  cert: string
}

async function issue(okmsId = prod, more: Record<string, unknown> = {}): Promise<Pair> {
  const path = `/v2/okms/resource/${okmsId}/credential`
  const identityURNs = ['urn:v1:eu:identity:group:ab12345-ovh/reader']
  const created = (await ana('POST', path, { name: 'reader', identityURNs, ...more })).body
  const id = text(created, 'id')
  const ready = (await ana('GET', `${path}/${id}`)).body
  return { id, key: text(created, 'privateKeyPEM'), cert: text(ready, 'certificatePEM') }
}

/** TTLV by hand (KMIP 1.4 §9.1), so that the server's own encoder is not its judge. */
const item = (tag: string, type: string, value: string) =>
  tag +
  type +
  (value.length / 2).toString(16).padStart(8, '0') +
  value.padEnd(Math.ceil(value.length / 16) * 16, '0')
const struct = (tag: string, ...items: string[]) => item(tag, '01', items.join(''))
const int = (tag: string, value: number) => item(tag, '02', value.toString(16).padStart(8, '0'))
const version = (major: number, minor: number) => struct('420069', int('42006a', major), int('42006b', minor))
const batchItem = (operation: string, ...payload: string[]) =>
  struct('42000f', item('42005c', '05', operation), struct('420079', ...payload))
const request = (header: string, ...batch: string[]) =>
  Buffer.from(struct('420078', struct('420077', header, int('42000d', batch.length)), ...batch), 'hex')
const DISCOVER = '0000001e'
const QUERY = '00000018'
const hello = request(version(1, 4), batchItem(DISCOVER))

/** What the server answers to these bytes, as hex; `null` when it hangs up instead. */
function ask(address: string, bytes: Buffer, options: ConnectionOptions = {}): Promise<string | null> {
  const [host, port] = address.split(':')
  return new Promise(resolve => {
    const socket: TLSSocket = connect(
      { host: host!, port: Number(port), rejectUnauthorized: false, ...options },
      () => socket.write(bytes),
    )
    const end = (answer: string | null) => {
      resolve(answer)
      socket.destroy()
    }
    socket.once('data', data => end(data.toString('hex')))
    socket.on('error', () => end(null))
    socket.on('close', () => end(null))
  })
}

/** The versions in an answer, such as `1.4 1.3`. */
const versionsIn = (answer: string | null) =>
  [...(answer ?? '').slice(answer?.indexOf('42007c')).matchAll(/42006a02.{8}(.{8}).{8}42006b02.{8}(.{8})/g)]
    .map(([, major, minor]) => `${Number(`0x${major}`)}.${Number(`0x${minor}`)}`)
    .join(' ')

describe('who is let in', () => {
  it.each(['kmip', 'kmipRsa'] as const)('answers the bearer of a live credential at %s', async door => {
    const pair = await issue()

    const answer = await ask(sandbox.info[door], hello, pair)

    expect(versionsIn(answer)).toBe('1.4 1.3 1.2 1.1 1.0')
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('does so over %s, with RSA credentials too', async tls => {
    const pair = await issue(prod, { certificateType: 'RSA' })

    const answer = await ask(sandbox.info.kmip, hello, { ...pair, minVersion: tls, maxVersion: tls })

    expect(answer).not.toBeNull()
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('answers nobody without a certificate over %s', async tls => {
    expect(await ask(sandbox.info.kmip, hello, { minVersion: tls, maxVersion: tls })).toBeNull()
  })

  it('refuses TLS older than 1.2', async () => {
    const pair = await issue()
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

    expect(await ask(sandbox.info.kmip, hello, { ...pair, ...old })).toBeNull()
  })

  it('refuses a certificate of an authority that only has the same name', async () => {
    const { id } = await issue()
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const dates = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 86_400_000) }
    const foreign = await createAuthority({ ...dates, commonName: 'CCMUsersCA', algorithm: 'ec-p256' })
    const publicKeySpki = publicKey.export({ type: 'spki', format: 'der' })
    const cert = await foreign.issueClient({ ...dates, okmsId: prod, serialUuid: id, publicKeySpki })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

    expect(await ask(sandbox.info.kmip, hello, { key, cert })).toBeNull()
  })

  it('refuses a credential of a region at the door of another', async () => {
    const pair = await issue(lab)
    const okms = (await ana('GET', `/v2/okms/resource/${lab}`)).body

    expect(await ask(text(okms, 'kmipEndpoint'), hello, pair)).not.toBeNull()
    expect(await ask(sandbox.info.kmip, hello, pair)).toBeNull()
  })

  it('refuses a revoked credential, also on a connection that was already open', async () => {
    const pair = await issue()
    const [host, port] = sandbox.info.kmip.split(':')
    const socket = connect({ host: host!, port: Number(port), rejectUnauthorized: false, ...pair })
    const answers: Buffer[] = []
    socket.on('data', data => answers.push(data))
    socket.write(hello)
    await new Promise(resolve => socket.once('data', resolve))

    await ana('DELETE', `/v2/okms/resource/${prod}/credential/${pair.id}`)
    socket.write(hello)
    await new Promise(resolve => {
      socket.on('error', () => {})
      socket.once('close', resolve)
    })

    expect(answers).toHaveLength(1)
    expect(await ask(sandbox.info.kmip, hello, pair)).toBeNull()
  })

  it.each(['ERROR', 'EXPIRED', 'CREATING'] as const)('refuses a credential that became %s', async status => {
    const pair = await issue()

    await sandbox.control({ credential: { id: pair.id, status } })

    expect(await ask(sandbox.info.kmip, hello, pair)).toBeNull()
  })

  it('refuses a credential that expired by the clock of the sandbox, and none before', async () => {
    const [short, long] = [await issue(prod, { validity: 1 }), await issue(prod, { validity: 30 })]

    await sandbox.control({ advance: '2d' })

    expect(await ask(sandbox.info.kmip, hello, short)).toBeNull()
    expect(await ask(sandbox.info.kmip, hello, long)).not.toBeNull()
  })
})

describe('the certificates of the doors', () => {
  const leafOf = (address: string): Promise<X509Certificate> => {
    const [host, port] = address.split(':')
    return new Promise((resolve, reject) => {
      const socket = connect({ host: host!, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()!)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  }

  it('are signed by the authorities the API shows, name the address, and can be read without a certificate', async () => {
    const okms = (await ana('GET', `/v2/okms/resource/${prod}?publicCA=true`)).body

    const leaves = [await leafOf(sandbox.info.kmip), await leafOf(sandbox.info.kmipRsa)]

    const authorities = ['publicCA', 'publicRsaCA'].map(name => new X509Certificate(text(okms, name)))
    expect(leaves.map((leaf, i) => leaf.verify(authorities[i]!.publicKey))).toEqual([true, true])
    expect(leaves.map(leaf => leaf.publicKey.asymmetricKeyType)).toEqual(['ec', 'rsa'])
    expect(leaves.every(leaf => leaf.checkIP('127.0.0.1') === '127.0.0.1')).toBe(true)
    expect(leaves.every(leaf => leaf.checkHost('eu-west-rbx.okms.ovh.net') !== undefined)).toBe(true)
  })

  it('pass for a client that trusts caFile', async () => {
    const { readFile } = await import('node:fs/promises')
    const ca = await readFile(sandbox.info.caFile)

    const answer = await ask(sandbox.info.kmipRsa, hello, {
      ...(await issue()),
      ca,
      rejectUnauthorized: true,
    })

    expect(answer).not.toBeNull()
  })

  it('change when rotated, with their keys, and credentials go on working', async () => {
    const regions = list((await ana('GET', '/v2/okms/resource')).body).map(okms =>
      text(okms, 'kmipRsaEndpoint'),
    )
    const before = await Promise.all(regions.map(leafOf))

    await sandbox.control({ kmip: { rotateCertificate: true } })

    const after = await Promise.all(regions.map(leafOf))
    expect(after.every((leaf, i) => leaf.fingerprint !== before[i]!.fingerprint)).toBe(true)
    expect(after.every((leaf, i) => !leaf.publicKey.equals(before[i]!.publicKey))).toBe(true)
    expect(new Set(after.map(({ fingerprint }) => fingerprint)).size).toBe(regions.length)
    expect(await ask(sandbox.info.kmip, hello, await issue())).not.toBeNull()
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('come without session tickets over %s', async tls => {
    const pair = await issue()
    const sessions: Buffer[] = []
    const [host, port] = sandbox.info.kmip.split(':')
    const socket = connect(
      {
        host: host!,
        port: Number(port),
        rejectUnauthorized: false,
        ...pair,
        minVersion: tls,
        maxVersion: tls,
      },
      () => socket.write(hello),
    )
    socket.on('session', session => sessions.push(session))
    await new Promise(resolve => socket.once('data', resolve))
    socket.destroy()

    const resumed = await new Promise<boolean>(resolve => {
      const again = connect(
        {
          host: host!,
          port: Number(port),
          rejectUnauthorized: false,
          ...pair,
          ...(sessions[0] === undefined ? {} : { session: sessions[0] }),
          minVersion: tls,
          maxVersion: tls,
        },
        () => {
          resolve(again.isSessionReused())
          again.destroy()
        },
      )
    })

    expect(resumed).toBe(false)
  })
})

describe('messages', () => {
  let pair: Pair
  beforeAll(async () => {
    pair = await issue()
  })
  const say = (bytes: Buffer) => ask(sandbox.info.kmip, bytes, pair)
  const FAILED = '42007f05000000040000000100000000'

  it('answers the versions both know', async () => {
    const answer = await say(
      request(version(1, 2), batchItem(DISCOVER, version(2, 0), version(1, 2), version(1, 1))),
    )

    expect(versionsIn(answer)).toBe('1.2 1.1')
    expect(answer).not.toContain(FAILED)
  })

  it('answers two messages on one connection', async () => {
    const answer = await say(Buffer.concat([hello, hello]))

    expect(answer?.startsWith('42007b01')).toBe(true)
  })

  it.each([
    ['another operation', request(version(1, 4), batchItem(QUERY)), '42007e05000000040000000500000000'],
    [
      'Discover Versions of 1.0, which had none',
      request(version(1, 0), batchItem(DISCOVER)),
      '42007e05000000040000000500000000',
    ],
    ['version 2.0', request(version(2, 0), batchItem(DISCOVER)), '42007e05000000040000000400000000'],
  ])('refuses %s in the words of KMIP', async (_, bytes, reason) => {
    const answer = await say(bytes)

    expect(answer).toContain(FAILED)
    expect(answer).toContain(reason)
  })

  const flip = (at: number, to: number) => Buffer.from(hello).fill(to, at, at + 1)
  it.each<[string, Buffer]>([
    ['a response', flip(2, 0x7b)],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['an unknown type', flip(3, 0x0b)],
    ['a length that does not add up', flip(7, hello[7]! - 8)],
    ['padding that is not zero', flip(hello.indexOf('42006a', 0, 'hex') + 12, 1)],
    ['a wrong batch count', flip(hello.indexOf('42000d', 0, 'hex') + 11, 2)],
    ['a message of a gigabyte', flip(4, 0x40)],
  ])('hangs up on %s', async (_, bytes) => {
    expect(await say(bytes)).toBeNull()
  })
})

it('shows both addresses of a region in answers', async () => {
  const okms = (await ana('GET', `/v2/okms/resource/${lab}`)).body

  expect(field(okms, 'kmipEndpoint')).not.toBe(sandbox.info.kmip)
  expect(text(okms, 'kmipRsaEndpoint')).toMatch(/^127\.0\.0\.\d+:\d+$/)
})
