/** The sandbox is good enough for OVHcloud's own Node client, over HTTPS, with both ways to authenticate. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { realClock } from '../../src/core/ports/clock.js'
import { silentLog } from '../../src/core/ports/log.js'
import { unlimited } from '../../src/core/ports/rate-limiter.js'
import { Secret } from '../../src/core/secret.js'
import { createOvhClient } from '../../src/ovh/client.js'
import { createPrivateCloud } from '../../src/ovh/private-cloud.js'
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

/** Runs the program and reads what it saw. */
async function look(keys: Record<string, string>) {
  const { hostname: host, port } = new URL(sandbox.info.tlsUrl)
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [PROGRAM, JSON.stringify({ host, port: Number(port), keys })],
    { env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: sandbox.info.caFile }, timeout: 20_000 },
  )
  return JSON.parse(stdout)
}

it.each(ways)('lists OKMS and credentials with %s', async (_, keysOf) => {
  const seen = await look(keysOf(sandbox.info))

  expect(seen).toMatchObject({
    okmsIds: sandbox.info.okmsIds,
    subsidiary: 'FR',
    refused: { error: 404, message: 'This service does not exist' },
  })
  expect(seen.credentialIds).toEqual(sandbox.credentials().map(({ id }) => id))
  expect(seen.credentialIds).toContain(seen.created)
})

it('sees the key servers that the bot attached, changed and removed', async () => {
  const { url, tokenUrl, clientId, clientSecret, serviceNames } = sandbox.info
  const client = createOvhClient({
    endpoint: url,
    auth: { way: 'client', clientId, clientSecret: new Secret(clientSecret), tokenUrl },
    limiter: unlimited,
    clock: realClock,
    log: silentLog,
  })
  onTestFinished(() => client.close())
  const port = createPrivateCloud(client)
  const [prod, lab] = serviceNames as [string, string]
  const [before, after] = ['AA', 'BB'].map(byte => Array(20).fill(byte).join(':')) as [string, string]
  const finish = async (task: { taskId: number } | string | null) => {
    if (task === null || typeof task === 'string') throw new Error('no task')
    await sandbox.control({ task: { id: task.taskId, state: 'done' } })
  }
  const attach = (cloud: string, ip: string) =>
    port.addKeyServer(cloud, { ip, sslThumbprint: before, description: 'prod' })

  await finish(await attach(prod, '203.0.113.7'))
  await finish(await attach(lab, '203.0.113.8'))
  const [kept, removed] = sandbox.keyServers().map(({ kmsId }) => kmsId) as [number, number]
  await finish(await port.changeKeyServer(prod, kept, { sslThumbprint: after }))
  await finish(await port.removeKeyServer(lab, removed))

  const [[, keysOf]] = ways as [(typeof ways)[number]]
  expect((await look(keysOf(sandbox.info))).keyServers).toEqual([
    {
      serviceName: prod,
      kmsId: kept,
      ip: '203.0.113.7',
      sslThumbprint: after,
      description: 'prod',
      state: 'delivered',
    },
  ])
})
