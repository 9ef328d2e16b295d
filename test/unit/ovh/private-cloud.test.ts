import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { movableClock } from '../../../src/core/ports/clock.js'
import { silentLog } from '../../../src/core/ports/log.js'
import {
  isMoving,
  type PrivateCloudPort,
  TASK_STATES,
  taskGroup,
} from '../../../src/core/ports/private-cloud.js'
import { unlimited } from '../../../src/core/ports/rate-limiter.js'
import { Secret } from '../../../src/core/secret.js'
import { createOvhClient, type OvhClient } from '../../../src/ovh/client.js'
import { createPrivateCloud } from '../../../src/ovh/private-cloud.js'
import { RIGHTS } from '../../../src/ovh/rights.js'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { fakeApi, type Handler, json, testClient } from './fake-api.js'

const SHA1 = 'FE:21:E2:DE:B7:51:34:E9:9A:AB:E0:27:FF:1E:42:3A:15:9C:76:47'
const OTHER = SHA1.replace('FE', 'EF')
const wish = {
  ip: '203.0.113.7',
  sslThumbprint: SHA1.toLowerCase(),
  description: 'prod [okms-bot 7F3K9Q2M.1]',
}
const ROUTE = '/v1/dedicatedCloud/{serviceName}/vmEncryption/kms'

let sandbox: Sandbox
let client: OvhClient
let port: PrivateCloudPort
let cloud: string
beforeAll(async () => {
  sandbox = await startSandbox({ customerWait: '1h' })
  const { url, clientId, clientSecret, tokenUrl } = sandbox.info
  client = createOvhClient({
    endpoint: url,
    auth: { way: 'client', clientId, clientSecret: new Secret(clientSecret), tokenUrl },
    limiter: unlimited,
    clock: movableClock(),
    log: silentLog,
    sleep: async () => {},
  })
  port = createPrivateCloud(client)
})
beforeEach(async () => {
  const { serviceNames } = await sandbox.control({ faults: [], deny: [], seed: { privateClouds: 1 } })
  cloud = serviceNames.at(-1)!
})
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

/** A key server that OVHcloud has finished. */
async function delivered(): Promise<number> {
  const { taskId } = await port.addKeyServer(cloud, wish)
  await sandbox.control({ task: { id: taskId, state: 'done' } })
  return sandbox.keyServers(cloud)[0]!.kmsId
}

describe('a Private Cloud', () => {
  it('is listed by name and shown in our words', async () => {
    expect(await port.list()).toEqual(expect.arrayContaining([...sandbox.info.serviceNames, cloud]))
    expect(await port.show(cloud)).toEqual({
      serviceName: cloud,
      description: expect.stringMatching(/^Private Cloud \d+$/),
      state: 'delivered',
      location: 'rbx2a',
      version: '8.0 U3',
      encryption: 'disabled',
      urn: `urn:v1:eu:resource:pccVMware:${cloud}`,
    })
  })

  it('that does not exist is null, and has no key servers to list', async () => {
    expect(await port.show('pcc-203-0-113-9')).toBeNull()
    await expect(port.keyServers('pcc-203-0-113-9')).rejects.toMatchObject({ code: 'ovh.not-found' })
    await expect(port.encryption('pcc-203-0-113-9')).rejects.toMatchObject({ code: 'ovh.not-found' })
  })

  it('shows who may set up key providers', async () => {
    const users = await port.users(cloud)

    expect(users).toEqual([
      { userId: expect.any(Number), name: 'admin', state: 'delivered', encryptionRight: true },
      { userId: expect.any(Number), name: 'vcenter1', state: 'delivered', encryptionRight: false },
    ])
  })

  it('is refused with the right that is missing', async () => {
    await sandbox.control({ deny: ['pccVMware:apiovh:vmEncryption/kms/create'] })

    await expect(port.addKeyServer(cloud, wish)).rejects.toMatchObject({
      code: 'ovh.denied',
      details: { missingActions: 'pccVMware:apiovh:vmEncryption/kms/create' },
    })
  })
})

describe('a key server', () => {
  it('is asked for, waits for the customer, and is delivered', async () => {
    const { taskId, ...begun } = await port.addKeyServer(cloud, wish)
    expect(begun).toMatchObject({ state: 'todo', progress: 0, waitsForCustomer: false, endedAt: null })
    expect(begun.startsAt).toMatch(/^\d{4}-.*Z$/)

    await sandbox.control({ advance: '2s' })
    const [entry] = await port.keyServers(cloud)
    expect(entry).toMatchObject({
      ip: wish.ip,
      port: 5697,
      sslThumbprint: SHA1,
      description: wish.description,
      state: 'creating',
    })
    expect(await port.task(cloud, taskId)).toMatchObject({ state: 'doing', waitsForCustomer: true })
    expect(await port.encryption(cloud)).toBe('enabling')

    await sandbox.control({ advance: '2h' })
    expect(await port.keyServer(cloud, entry!.kmsId)).toMatchObject({ state: 'delivered' })
    expect(await port.task(cloud, taskId)).toMatchObject({ state: 'done', waitsForCustomer: false })
    expect(await port.show(cloud)).toMatchObject({ encryption: 'enabled' })
  })

  it('gets another thumbprint and keeps its description', async () => {
    const kmsId = await delivered()

    const task = await port.changeKeyServer(cloud, kmsId, { sslThumbprint: OTHER })

    expect(task).toMatchObject({ state: 'todo' })
    expect(await port.keyServer(cloud, kmsId)).toMatchObject({
      sslThumbprint: OTHER,
      description: wish.description,
    })
  })

  it('is removed; while that goes on it is being removed, and afterwards gone', async () => {
    const kmsId = await delivered()

    expect(await port.removeKeyServer(cloud, kmsId)).toMatchObject({ state: 'todo' })
    await sandbox.control({ privateCloud: { serviceName: cloud, keyServer: { kmsId, state: 'deleting' } } })
    expect(await port.removeKeyServer(cloud, kmsId)).toBe('removing')

    await sandbox.control({ advance: '1m' })
    expect(await port.removeKeyServer(cloud, kmsId)).toBe('gone')
    expect([await port.keyServer(cloud, kmsId), await port.keyServers(cloud)]).toEqual([null, []])
  })

  it('is a conflict when it is there already, or moving', async () => {
    await port.addKeyServer(cloud, wish)
    const { kmsId } = sandbox.keyServers(cloud)[0]!
    const conflict = { code: 'ovh.conflict', details: { status: 409 } }

    await expect(port.addKeyServer(cloud, wish)).rejects.toMatchObject(conflict)
    await expect(port.removeKeyServer(cloud, kmsId)).rejects.toMatchObject(conflict)
    await expect(port.changeKeyServer(cloud, kmsId, { sslThumbprint: OTHER })).rejects.toMatchObject(conflict)
  })

  it('is asked for once though the answer is lost, and found again by its description', async () => {
    await sandbox.control({ faults: [{ route: `POST ${ROUTE}`, do: 'cut-after' }] })

    const lost = { code: 'ovh.unreachable', details: { sent: true } }
    await expect(port.addKeyServer(cloud, wish)).rejects.toMatchObject(lost)

    expect((await port.keyServers(cloud)).map(({ description }) => description)).toEqual([wish.description])
  })

  it('that vanishes while all are read is left out; order stays', async () => {
    const each = (kmsId: number) => ({
      kmsId,
      ip: '203.0.113.7',
      kmsTcpPort: 5697,
      sslThumbprint: SHA1,
      description: '',
      state: 'delivered',
    })
    let open = 0
    let mostOpen = 0
    const { calls, port } = await portOn(({ url }, response) => {
      const kmsId = Number(url.split('/').at(-1))
      if (Number.isNaN(kmsId)) return json(response, 200, [9, 8, 7, 6, 5, 4, 3])
      mostOpen = Math.max(mostOpen, ++open)
      setTimeout(
        () => {
          open--
          json(response, kmsId === 6 ? 404 : 200, kmsId === 6 ? { message: 'gone' } : each(kmsId))
        },
        kmsId === 9 ? 30 : 5,
      )
    })

    const found = await port.keyServers('pcc-192-0-2-10')

    expect(found.map(({ kmsId }) => kmsId)).toEqual([9, 8, 7, 5, 4, 3])
    expect(calls).toHaveLength(8)
    expect(mostOpen).toBeLessThanOrEqual(4)
  })
})

describe('a task', () => {
  it('that failed is let run on', async () => {
    const { taskId } = await port.addKeyServer(cloud, wish)
    await sandbox.control({ task: { id: taskId, state: 'error', description: 'The host did not answer' } })
    expect(await port.task(cloud, taskId)).toMatchObject({
      state: 'error',
      description: 'The host did not answer',
    })

    const again = await port.resetTask(cloud, taskId, 'The host is back')

    expect(taskGroup(again.state)).not.toBe('ended-badly')
    await expect(port.resetTask(cloud, taskId, 'Once more')).rejects.toMatchObject({ code: 'ovh.conflict' })
  })

  it('is found by state and name', async () => {
    const { taskId, name } = await port.addKeyServer(cloud, wish)

    expect(await port.tasks(cloud)).toContain(taskId)
    expect(await port.tasks(cloud, { name })).toEqual([taskId])
    expect(await port.tasks(cloud, { name, state: 'canceled' })).toEqual([])
    expect(await port.task(cloud, 1)).toBeNull()
  })

  it('has a group for every state', () => {
    expect(Object.fromEntries(TASK_STATES.map(state => [state, taskGroup(state)]))).toEqual({
      toCreate: 'waiting',
      todo: 'waiting',
      waitingTodo: 'waiting',
      doing: 'running',
      waitingForChilds: 'running',
      fixing: 'running',
      done: 'ended-well',
      canceled: 'ended-badly',
      error: 'ended-badly',
      toCancel: 'unclear',
      unknown: 'unclear',
    })
    expect([isMoving('updating'), isMoving('delivered'), isMoving('error')]).toEqual([true, false, false])
  })
})

async function portOn(handle: Handler) {
  const api = await fakeApi(handle)
  return { calls: api.calls, port: createPrivateCloud(testClient(api).client) }
}

describe('an answer', () => {
  const TASK = { taskId: 7, name: 'x', state: 'doing', progress: 10 }

  it.each([
    [{ ...TASK, description: 'Waiting for customer to configure the KMS Server...' }, 'doing', true],
    [
      { ...TASK, state: 'todo', description: 'Waiting for customer to configure the KMS Server' },
      'todo',
      true,
    ],
    [
      { ...TASK, state: 'error', description: 'Waiting for customer to configure the KMS Server...' },
      'error',
      false,
    ],
    [{ ...TASK, description: 'Configuring' }, 'doing', false],
    [{ ...TASK, state: 'napping', description: null }, 'unknown', false],
  ])('%j reads as %s, waiting for the customer: %s', async (answer, state, waitsForCustomer) => {
    const { port } = await portOn((_, response) => json(response, 200, answer))

    expect(await port.task('pcc-192-0-2-10', 7)).toMatchObject({ state, waitsForCustomer })
  })

  it('to a change may be the key server rather than a task, but nothing else', async () => {
    const entry = { kmsId: 350, ip: '203.0.113.7', sslThumbprint: SHA1, state: 'toUpdate' }
    const answers: unknown[] = [entry, { message: 'ok' }]
    const { port } = await portOn((_, response) => json(response, 200, answers.shift()))
    const change = () => port.changeKeyServer('pcc-192-0-2-10', 350, { sslThumbprint: SHA1 })

    expect(await change()).toBeNull()
    await expect(change()).rejects.toMatchObject({ code: 'ovh.unexpected' })
  })

  it('with words nobody knows yet is taken', async () => {
    const { port } = await portOn(({ url }, response) =>
      json(
        response,
        200,
        url.endsWith('/vmEncryption')
          ? { state: 'humming' }
          : { serviceName: 'pcc-192-0-2-10', state: 'napping', version: { major: '7', minor: '0' } },
      ),
    )

    expect(await port.show('pcc-192-0-2-10')).toEqual({
      serviceName: 'pcc-192-0-2-10',
      description: '',
      state: 'unknown',
      location: '',
      version: '7.0',
      encryption: 'unknown',
      urn: null,
    })
  })
})

it('needs no right that is not in the list of rights', async () => {
  const needed = RIGHTS.map(({ action }) => action).filter(action => action.startsWith('pccVMware:'))
  const kmsId = await delivered()
  const calls: [string, () => Promise<unknown>][] = [
    ['get', () => port.list()],
    ['vmEncryption/get', () => port.encryption(cloud)],
    ['vmEncryption/kms/get', () => port.keyServers(cloud)],
    ['vmEncryption/kms/create', () => port.addKeyServer(cloud, wish)],
    ['vmEncryption/kms/changeProperties', () => port.changeKeyServer(cloud, kmsId, { sslThumbprint: SHA1 })],
    ['vmEncryption/kms/delete', () => port.removeKeyServer(cloud, kmsId)],
    ['task/get', () => port.tasks(cloud)],
    ['task/resetTaskState', () => port.resetTask(cloud, 1, 'again')],
    ['user/get', () => port.users(cloud)],
  ]
  await sandbox.control({ deny: ['pccVMware:*'] })

  const missing: unknown[] = []
  for (const [, call] of calls) {
    await call().catch(({ details }) => missing.push(details.missingActions))
  }

  expect(missing).toEqual(calls.map(([action]) => `pccVMware:apiovh:${action}`))
  expect([...needed].sort()).toEqual([...missing].sort())
})
