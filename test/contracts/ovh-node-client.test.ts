/** The sandbox is good enough for OVHcloud's own Node client, over HTTPS, with both ways to authenticate. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Sandbox, type SandboxInfo, startSandbox } from '../../src/sandbox/sandbox.js'

const PROGRAM = resolve(import.meta.dirname, '../fakes/ovh-node-client.mjs')

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

const ways: [string, (info: SandboxInfo) => Record<string, string>][] = [
  [
    'signature keys',
    ({ applicationKey, applicationSecret, consumerKey }) => ({
      appKey: applicationKey,
      appSecret: applicationSecret,
      consumerKey,
    }),
  ],
  [
    'a service account',
    // The client appends `oauth2/token` itself, and sends HTTP Basic.
    ({ clientId, clientSecret, tlsUrl }) => ({
      clientID: clientId,
      clientSecret,
      tokenURL: `${tlsUrl}/auth/`,
    }),
  ],
]

it.each(ways)('lists OKMS and credentials with %s', async (_, keysOf) => {
  const { hostname: host, port } = new URL(sandbox.info.tlsUrl)
  const wish = JSON.stringify({ host, port: Number(port), keys: keysOf(sandbox.info) })

  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, wish], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: sandbox.info.caFile },
    timeout: 20_000,
  })

  const seen = JSON.parse(stdout)
  expect(seen).toMatchObject({
    okmsIds: sandbox.info.okmsIds,
    subsidiary: 'FR',
    refused: { error: 404, message: 'This service does not exist' },
  })
  expect(seen.credentialIds).toEqual(sandbox.credentials().map(({ id }) => id))
  expect(seen.credentialIds).toContain(seen.created)
})
