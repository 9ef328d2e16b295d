import { access } from 'node:fs/promises'
import { createServer } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { runSandbox } from '../../../src/sandbox/cli.js'

const FREE = {
  SANDBOX_PORT: '0',
  SANDBOX_TLS_PORT: '0',
  SANDBOX_KMIP_PORT: '0',
  SANDBOX_KMIP_RSA_PORT: '0',
}

async function run(environment: NodeJS.ProcessEnv) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const running = await runSandbox({ environment, stdout, stderr })
  const read = (stream: PassThrough) => String(stream.read() ?? '')
  return { running, stdout: read(stdout), stderr: read(stderr) }
}

it('prints one JSON line with all a client needs, and leaves nothing behind', async () => {
  const { running, stdout, stderr } = await run(FREE)
  if (typeof running === 'number') throw new Error(stderr)
  const info = JSON.parse(stdout)

  expect(stdout.endsWith('}\n')).toBe(true)
  expect(Object.keys(info).sort()).toEqual([
    'applicationKey',
    'applicationSecret',
    'caFile',
    'clientId',
    'clientSecret',
    'consumerKey',
    'controlUrl',
    'kmip',
    'kmipRsa',
    'okmsIds',
    'serviceNames',
    'tlsUrl',
    'tokenUrl',
    'url',
  ])
  expect((await fetch(`${info.url}/v1/auth/time`)).status).toBe(200)
  expect([info.applicationKey, info.applicationSecret, info.consumerKey].map(key => key.length)).toEqual([
    16, 32, 32,
  ])

  await running.close()

  await expect(fetch(`${info.url}/v1/auth/time`)).rejects.toThrow()
  await expect(access(info.caFile)).rejects.toThrow()
})

it('says in one sentence which settings are wrong', async () => {
  const { running, stdout, stderr } = await run({ ...FREE, SANDBOX_PORT: 'http', SANDBOX_KMIP_PORT: '65536' })

  expect([running, stdout]).toEqual([78, ''])
  expect(stderr).toBe(
    'SANDBOX_PORT is "http" and SANDBOX_KMIP_PORT is "65536", but a port from 0 to 65535 is expected. For example SANDBOX_PORT=8080; 0 takes any free one.\n',
  )
})

it.each(['SANDBOX_PORT', 'SANDBOX_TLS_PORT', 'SANDBOX_KMIP_PORT', 'SANDBOX_KMIP_RSA_PORT'])(
  'says that the port of %s is taken',
  async name => {
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0

    const { running, stdout, stderr } = await run({ ...FREE, [name]: String(port) })
    taken.close()

    expect([running, stdout]).toEqual([78, ''])
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is taken. Set `)
  },
)
