/** A canary search: no byte of a private key or passphrase lies anywhere but in the inbox, whatever was asked for or pasted. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/core/ports/log.js'
import { connectRedis } from '../../src/store/redis.js'
import { tracesOfKey } from '../fakes/key-traces.js'
import { openssl } from '../fakes/openssl.js'
import { startTestBot, type TestBot } from '../fakes/test-bot.js'

const IMPORT = 'POST /v2/okms/resource/{okmsId}/serviceKey'

let bot: TestBot
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'okms-secrets-'))
  bot = await startTestBot()
})
afterAll(async () => {
  await bot?.stop()
  await rm(scratch, { recursive: true, force: true })
})

interface Place {
  where: string
  bytes: Buffer
}

/** Redis as it would be copied (RDB and AOF), all that was shown, all that was logged. */
async function everythingLeftBehind(): Promise<Place[]> {
  const redis = connectRedis(bot.redis.url, 'worker', silentLog)
  await redis.call('SAVE')
  redis.disconnect()
  const files = await readdir(bot.redis.dir, { recursive: true, withFileTypes: true })
  const stored = await Promise.all(
    files
      .filter(file => file.isFile())
      .map(async file => ({ where: file.name, bytes: await readFile(join(file.parentPath, file.name)) })),
  )
  expect(stored.some(({ where, bytes }) => where.endsWith('.rdb') && bytes.length > 1000)).toBe(true)
  expect(stored.some(({ where, bytes }) => where.endsWith('.aof') && bytes.length > 1000)).toBe(true)
  return [
    ...stored,
    { where: 'screen', bytes: Buffer.from(bot.transcript()) },
    { where: 'log', bytes: Buffer.from(bot.logLines.join('')) },
  ]
}

function expectNowhere(traces: readonly (Buffer | string)[], places: readonly Place[]): void {
  expect(traces.length).toBeGreaterThan(0)
  for (const { where, bytes } of places) {
    for (const trace of traces) expect(bytes.includes(trace), where).toBe(false)
  }
}

/** The files a conversation brought that were not there before. */
async function issued(options: string): Promise<{ names: string[]; places: Place[] }> {
  const before = await bot.inbox.files('ana')
  await bot.type(`ana: /okms credential reader 30d ${options}`, 'settle')
  const offered = await everythingLeftBehind()
  await bot.type('ana: press Collect', 'settle', 'ana: press Saved it', 'settle')
  const names = (await bot.inbox.files('ana')).filter(name => !before.includes(name))
  return { names, places: [...offered, ...(await everythingLeftBehind())] }
}

it.each(['', 'key:bot', 'type:RSA', 'key:bot type:RSA'])(
  'leaves no byte of a private key behind (%s)',
  async options => {
    const { names, places } = await issued(options)

    const keyFile = names.find(name => name.endsWith('.key.pem'))!
    expectNowhere(tracesOfKey((await bot.inbox.read('ana', keyFile)).toString()), places)
  },
)

it('leaves neither the key nor the passphrase of a PKCS#12 file behind', async () => {
  const { names, places } = await issued('type:RSA format:p12')
  const passphrase = /Passphrase: (\S+)/.exec(bot.transcript())![1]!
  const bundle = bot.inbox.path('ana', names.find(name => name.endsWith('.p12'))!)
  const key = await openssl('pkcs12', '-in', bundle, '-nocerts', '-nodes', '-passin', `pass:${passphrase}`)

  expectNowhere(tracesOfKey(key.slice(key.indexOf('-----BEGIN'))), places)
  // The console shows the passphrase once, to its person; that is what the screen is for.
  expectNowhere(
    [passphrase],
    places.filter(({ where }) => where !== 'screen'),
  )
})

it.each([
  ['a file', (file: string, _: string) => file],
  ['a paste', (_: string, pem: string) => `"${pem.trim().replaceAll('\n', '\\n')}"`],
  ['a paste without armour', (_: string, pem: string) => `"${pem.replaceAll(/-----[^-]+-----|\n/g, '')}"`],
])('keeps nothing of a private key that was sent by mistake as %s', async (_, given) => {
  const file = join(scratch, 'mine.key')
  await openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file)
  const pem = await readFile(file, 'utf8')

  const said = await bot.type(`ana: /okms credential vcenter 30d csr:${given(file, pem)}`, 'settle')

  expect(said).toMatch(/holds a private key|no readable file of that name/)
  expectNowhere(tracesOfKey(pem), await everythingLeftBehind())
})

describe('a key that is imported', () => {
  /** A key of each kind, as files of both sorts, and whatever it could be recognised by. */
  async function ownKey(kind: 'EC' | 'RSA' | 'oct') {
    if (kind === 'oct') {
      const raw = randomBytes(32)
      const jwk = JSON.stringify({ kty: 'oct', k: raw.toString('base64url') })
      const spellings = [
        raw,
        raw.toString('base64url').slice(2),
        raw.toString('base64').slice(2, 40),
        raw.toString('hex'),
      ]
      return { jwk, pem: null, traces: spellings }
    }
    const { privateKey } =
      kind === 'EC'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const jwk = privateKey.export({ format: 'jwk' })
    const secrets = [jwk.d, jwk.p, jwk.q].filter(part => part !== undefined)
    return { jwk: JSON.stringify(jwk), pem, traces: [...tracesOfKey(pem), ...secrets] }
  }

  it.each(['EC', 'RSA', 'oct'] as const)('leaves no byte behind (%s)', async kind => {
    const { jwk, pem, traces } = await ownKey(kind)
    const places: Place[] = []
    for (const [format, text] of Object.entries({ jwk, pem })) {
      if (text === null) continue
      const file = join(scratch, `${kind}.${format}`)
      await writeFile(file, text)
      const said = await bot.type(`ana: /okms key import ${kind}-${format} ${file} prod-kms`, 'settle')
      expect(said).toContain('of prod-kms is ACTIVE')
      places.push(...(await everythingLeftBehind()))
    }

    expectNowhere(traces, places)
  })

  it('leaves no byte behind while it waits for OVHcloud, nor when OVHcloud refuses it', async () => {
    const { pem, traces } = await ownKey('EC')
    const file = join(scratch, 'refused.pem')
    await writeFile(file, pem!)
    await bot.sandbox.control({ faults: [{ route: IMPORT, do: 'status', status: 400, times: 1 }] })

    const said = await bot.type(`ana: /okms key import refused ${file} prod-kms`, 'settle')

    expect(said).toContain('The bot has erased its copy of the key.')
    expectNowhere(traces, await everythingLeftBehind())
  })

  it('leaves no byte behind when it is pasted where it does not belong', async () => {
    const { pem, jwk, traces } = await ownKey('EC')
    for (const text of [pem!.trim().replaceAll('\n', '\\n'), jwk.replaceAll('"', '\\"')]) {
      expect(await bot.type(`ana: /okms key import pasted "${text}" prod-kms`)).toContain(
        'does not belong in a channel',
      )
      expect(await bot.type(`ana dm: /okms credential vcenter 30d csr:"${text}"`)).toMatch(
        /holds a private key|not in PEM form/,
      )
    }

    expectNowhere(traces, await everythingLeftBehind())
  })
})
