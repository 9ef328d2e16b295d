/** Service keys over the API, against the sandbox: every call, pages, what is missing, and each right that is named for them. */
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ServiceKeyPort } from '../../../src/core/ports/service-keys.js'
import { Secret } from '../../../src/core/secret.js'
import type { OvhClient } from '../../../src/ovh/client.js'
import { RIGHTS } from '../../../src/ovh/rights.js'
import { createServiceKeys } from '../../../src/ovh/service-keys.js'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { sandboxClient } from './sandbox-client.js'

const EC = { type: 'EC', size: null, curve: 'P-256', operations: ['sign', 'verify'] }
const NOBODY = '00000000-0000-4000-8000-000000000000'

let sandbox: Sandbox
let client: OvhClient
let keys: ServiceKeyPort
let okmsId: string
beforeAll(async () => {
  sandbox = await startSandbox()
  client = sandboxClient(sandbox)
  keys = createServiceKeys(client)
  okmsId = sandbox.info.okmsIds[0]!
})
beforeEach(() => sandbox.control({ deny: [], faults: [] }))
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

async function all() {
  const found = []
  for await (const page of keys.pages(okmsId)) found.push(...page)
  return found
}
const ownKey = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return new Secret(
    JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'mine', key_ops: ['sign', 'verify'] }),
  )
}

describe('a service key', () => {
  it('is one of the kinds that the region offers, with what is usual marked', async () => {
    expect(await keys.kinds('eu-west-rbx')).toEqual([
      {
        type: 'oct',
        sizes: [128, 192, 256],
        defaultSize: 256,
        curves: [],
        defaultCurve: null,
        operations: [
          ['encrypt', 'decrypt'],
          ['wrapKey', 'unwrapKey'],
        ],
        defaultOperations: ['encrypt', 'decrypt'],
      },
      expect.objectContaining({ type: 'RSA', sizes: [2048, 3072, 4096], defaultSize: 2048 }),
      expect.objectContaining({ type: 'EC', curves: ['P-256', 'P-384', 'P-521'], defaultCurve: 'P-256' }),
    ])
  })

  it('goes from made to removed', async () => {
    const { id } = await keys.create(okmsId, 'release', EC)
    expect(await keys.key(okmsId, id)).toMatchObject({ id, okmsId, name: 'release', state: 'ACTIVE', ...EC })

    await keys.rename(okmsId, id, 'release-2')
    await keys.deactivate(okmsId, id, 'SUPERSEDED')
    expect(await keys.key(okmsId, id)).toMatchObject({ name: 'release-2', state: 'DEACTIVATED' })
    await keys.activate(okmsId, id)
    expect(await keys.key(okmsId, id)).toMatchObject({ state: 'ACTIVE' })
    await keys.deactivate(okmsId, id, 'UNSPECIFIED')

    expect(await keys.remove(okmsId, id)).toBe('removed')
    expect(await keys.key(okmsId, id)).toBeNull()
    expect(await keys.remove(okmsId, id)).toBe('gone')
  })

  it('tells its public part in both formats, and nothing private though the API sent it', async () => {
    const { id } = await keys.import(okmsId, 'brought', ownKey())

    expect(await keys.publicKey(okmsId, id, 'PEM')).toMatch(
      /^-----BEGIN PUBLIC KEY-----[\s\S]*-----END PUBLIC KEY-----$/,
    )
    const jwk = JSON.parse((await keys.publicKey(okmsId, id, 'JWK'))!)
    expect(jwk).toMatchObject({ kty: 'EC', crv: 'P-256' })
    expect(Object.keys(jwk)).not.toContain('d')
    expect(await keys.publicKey(okmsId, NOBODY, 'PEM')).toBeNull()
  })

  it('is found among many, page by page', async () => {
    const before = await all()
    for (let i = 0; i < 60; i++) await keys.create(okmsId, `many-${i}`, EC)

    const pages: number[] = []
    for await (const page of keys.pages(okmsId)) pages.push(page.length)

    expect(pages.reduce((sum, length) => sum + length)).toBe(before.length + 60)
  })
})

it('needs no right but those that are named for it', async () => {
  const rights = RIGHTS.filter(right => 'only' in right && right.only === '/okms key')
  const done: Record<string, string> = {}
  for (const { action } of rights) {
    await sandbox.control({ deny: [] })
    const { id } = await keys.create(okmsId, `for ${rights.findIndex(right => right.action === action)}`, EC)
    const ready = await keys.create(okmsId, `off ${rights.findIndex(right => right.action === action)}`, EC)
    await keys.deactivate(okmsId, ready.id, 'UNSPECIFIED')
    await sandbox.control({ deny: [action] })
    const tries: Record<string, () => Promise<unknown>> = {
      list: all,
      show: () => keys.publicKey(okmsId, id, 'PEM'),
      create: () => keys.create(okmsId, `new ${id.slice(0, 8)}`, EC),
      import: () => keys.import(okmsId, `own ${id.slice(0, 8)}`, ownKey()),
      rename: () => keys.rename(okmsId, id, `name ${id.slice(0, 8)}`),
      deactivate: () => keys.deactivate(okmsId, id, 'UNSPECIFIED'),
      activate: () => keys.activate(okmsId, ready.id),
      delete: () => keys.remove(okmsId, ready.id),
    }
    const refused: string[] = []
    for (const [name, attempt] of Object.entries(tries)) {
      await attempt().catch(thrown => {
        if (thrown.code === 'ovh.denied') refused.push(name)
      })
    }
    done[action] = refused.join(' ')
  }

  expect(done).toEqual({
    'okms:apiovh:serviceKey/get': 'list show',
    'okms:apiovh:serviceKey/create': 'create import',
    'okms:apiovh:serviceKey/import': 'import',
    'okms:apiovh:serviceKey/update': 'rename deactivate activate',
    'okms:apiovh:serviceKey/activate': 'activate',
    'okms:apiovh:serviceKey/deactivate': 'deactivate',
    'okms:apiovh:serviceKey/delete': 'delete',
  })
})
