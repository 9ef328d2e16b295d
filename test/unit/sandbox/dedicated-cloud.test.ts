import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { type Client, field, list, signedClient, text } from './signed-client.js'

const SHA1 = 'FE:21:E2:DE:B7:51:34:E9:9A:AB:E0:27:FF:1E:42:3A:15:9C:76:47'
const SHA256 = `${SHA1}:${SHA1.slice(0, 35)}`
const wish = { ip: '203.0.113.7', sslThumbprint: SHA1, description: 'prod' }

let sandbox: Sandbox
let ana: Client
/** A Private Cloud of this test alone, and where it is. */
let cloud: string
let path: string
beforeAll(async () => {
  // So long that no slow machine comes to its end: tests move the clock.
  sandbox = await startSandbox({ customerWait: '1h' })
  ana = signedClient(sandbox.info)
})
beforeEach(async () => {
  const { serviceNames } = await sandbox.control({ faults: [], deny: [], seed: { privateClouds: 1 } })
  cloud = serviceNames.at(-1)!
  path = `/v1/dedicatedCloud/${cloud}`
})
afterAll(() => sandbox.close())

const get = async (below: string) => (await ana('GET', `${path}${below}`)).body
const KMS = '/vmEncryption/kms'

async function add(body: Record<string, unknown> = wish): Promise<{ kmsId: number; taskId: number }> {
  const { status, body: task } = await ana('POST', `${path}${KMS}`, body)
  expect(status).toBe(200)
  return { kmsId: sandbox.keyServers(cloud).at(-1)!.kmsId, taskId: Number(field(task, 'taskId')) }
}
async function delivered(): Promise<number> {
  const { kmsId } = await add()
  await sandbox.control({ advance: '2h' })
  return kmsId
}

describe('a Private Cloud', () => {
  it('is shown as the schema writes it, with its contract', async () => {
    expect(list((await ana('GET', '/1.0/dedicatedCloud')).body)).toContain(cloud)
    expect(await get('')).toMatchObject({
      serviceName: cloud,
      state: 'delivered',
      location: 'rbx2a',
      version: { major: '8.0', minor: 'U3' },
      iam: { urn: `urn:v1:eu:resource:pccVMware:${cloud}` },
    })
    expect(await get('/serviceInfos')).toMatchObject({
      domain: cloud,
      status: 'ok',
      expiration: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    })
    expect(await ana('GET', '/v1/dedicatedCloud/pcc-203-0-113-9/vmEncryption')).toMatchObject({ status: 404 })
  })

  it('takes no change while it is not delivered', async () => {
    const kmsId = await delivered()
    const { body: users } = await ana('GET', `${path}/user`)

    await sandbox.control({ privateCloud: { serviceName: cloud, state: 'upgrading' } })

    const writes: [string, string, unknown?][] = [
      ['POST', KMS, { ...wish, ip: '203.0.113.8' }],
      ['POST', `${KMS}/${kmsId}/changeProperties`, { sslThumbprint: SHA256 }],
      ['DELETE', `${KMS}/${kmsId}`],
      ['POST', `/user/${list(users)[0]}/changeProperties`, { encryptionRight: false }],
    ]
    for (const [method, below, body] of writes) {
      const reply = await ana(method, `${path}${below}`, body)
      expect([reply.status, text(reply.body, 'message')]).toEqual([409, 'The service is in state upgrading'])
    }
    expect(await get('')).toMatchObject({ state: 'upgrading' })
    expect(await get(`${KMS}/${kmsId}`)).toMatchObject({ state: 'delivered', sslThumbprint: SHA1 })
  })
})

describe('a key server', () => {
  it('waits for the customer, and is delivered as time passes', async () => {
    expect(await get('/vmEncryption')).toEqual({ state: 'disabled' })

    const created = await ana('POST', `${path}${KMS}`, wish)
    const kmsId = Number(list(await get(KMS))[0])
    const taskPath = `/task/${field(created.body, 'taskId')}`
    await sandbox.control({ advance: '2s' })

    expect(created.body).toMatchObject({
      state: 'todo',
      progress: 0,
      endDate: null,
      createdBy: 'ab12345-ovh',
    })
    expect(await get(taskPath)).toMatchObject({
      state: 'doing',
      description: 'Waiting for customer to configure the KMS Server...',
    })
    expect(await get(`${KMS}/${kmsId}`)).toEqual({
      ...wish,
      kmsId,
      kmsTcpPort: 5697,
      state: 'creating',
    })
    expect(await get('/vmEncryption')).toEqual({ state: 'enabling' })

    await sandbox.control({ advance: '1h' })

    expect(await get(taskPath)).toMatchObject({ state: 'done', progress: 100, description: null })
    expect(await get(`${KMS}/${kmsId}`)).toMatchObject({ state: 'delivered' })
    expect(await get('/vmEncryption')).toEqual({ state: 'enabled' })
  })

  it('is changed and removed by tasks', async () => {
    const kmsId = await delivered()

    const change = await ana('POST', `${path}${KMS}/${kmsId}/changeProperties`, { sslThumbprint: SHA256 })
    expect(change).toMatchObject({ status: 200, body: { state: 'todo' } })
    await sandbox.control({ advance: '1m' })
    expect(await get(`${KMS}/${kmsId}`)).toMatchObject({
      sslThumbprint: SHA256,
      description: 'prod',
      state: 'delivered',
    })

    const removal = await ana('DELETE', `${path}${KMS}/${kmsId}`)
    expect(removal).toMatchObject({ status: 200, body: { state: 'todo' } })
    await sandbox.control({ advance: '1m' })
    expect(await ana('GET', `${path}${KMS}/${kmsId}`)).toMatchObject({ status: 404 })
    expect([await get(KMS), await get('/vmEncryption')]).toEqual([[], { state: 'disabled' }])
  })

  it("has the port of the stand-in's own endpoint at its address", async () => {
    const [ip, port] = sandbox.info.kmipRsa.split(':')

    const { kmsId } = await add({ ip, sslThumbprint: SHA1.toLowerCase() })

    expect(await get(`${KMS}/${kmsId}`)).toMatchObject({ ip, kmsTcpPort: Number(port), description: '' })
  })

  it('is one per address, and left alone while a task is at work on it', async () => {
    const { kmsId } = await add()

    expect(await ana('POST', `${path}${KMS}`, wish)).toMatchObject({ status: 409 })
    expect(await ana('DELETE', `${path}${KMS}/${kmsId}`)).toMatchObject({ status: 409 })
    expect(
      await ana('POST', `${path}${KMS}/${kmsId}/changeProperties`, { sslThumbprint: SHA256 }),
    ).toMatchObject({ status: 409 })
    expect(sandbox.keyServers(cloud)).toHaveLength(1)
  })

  it.each([
    [{ sslThumbprint: SHA1 }, '[ip] Missing required parameter'],
    [{ ...wish, ip: 'eu-west-rbx.okms.ovh.net' }, '[ip]'],
    [{ ...wish, ip: '203.0.113.256' }, '[ip]'],
    [{ ip: wish.ip }, '[sslThumbprint] Missing required parameter'],
    [{ ...wish, sslThumbprint: SHA1.slice(3) }, '[sslThumbprint]'],
    [{ ...wish, sslThumbprint: SHA1.replaceAll(':', '') }, '[sslThumbprint]'],
    [{ ...wish, sslThumbprint: `${SHA1}:AA` }, '[sslThumbprint]'],
    [{ ...wish, description: 7 }, '[description]'],
    [{ ...wish, kmsTcpPort: 5696 }, 'Received not described parameters: (kmsTcpPort)'],
  ])('is refused as %j', async (body, sentence) => {
    const reply = await ana('POST', `${path}${KMS}`, body)

    expect([reply.status, text(reply.body, 'class')]).toEqual([400, 'Client::BadRequest'])
    expect(text(reply.body, 'message')).toContain(sentence)
    expect(sandbox.keyServers(cloud)).toEqual([])
  })

  it('cannot move to another address', async () => {
    const kmsId = await delivered()

    const reply = await ana('POST', `${path}${KMS}/${kmsId}/changeProperties`, {
      sslThumbprint: SHA256,
      ip: '203.0.113.8',
    })

    expect(text(reply.body, 'message')).toBe('Received not described parameters: (ip)')
  })

  it('is there once although the answer to its POST was cut off', async () => {
    const route = 'POST /v1/dedicatedCloud/{serviceName}/vmEncryption/kms'
    await sandbox.control({ faults: [{ route, do: 'cut-after', times: 1 }] })

    await expect(ana('POST', `${path}${KMS}`, wish)).rejects.toThrow()

    expect(sandbox.keyServers(cloud)).toMatchObject([wish])
    expect(await ana('POST', `${path}${KMS}`, wish)).toMatchObject({ status: 409 })
  })
})

describe('a task', () => {
  it('that failed goes on once reset, with a reason', async () => {
    const { kmsId, taskId } = await add()
    await sandbox.control({ task: { id: taskId, state: 'error', description: 'The host did not answer' } })
    expect(await get(`/task/${taskId}`)).toMatchObject({
      state: 'error',
      description: 'The host did not answer',
    })
    expect(await get(`${KMS}/${kmsId}`)).toMatchObject({ state: 'error' })

    const reset = `${path}/task/${taskId}/resetTaskState`
    expect(await ana('POST', reset, {})).toMatchObject({ status: 400 })
    expect(await ana('POST', reset, { reason: 'The host is back' })).toMatchObject({ status: 200 })
    expect(await ana('POST', reset, { reason: 'Once more' })).toMatchObject({ status: 409 })

    await sandbox.control({ advance: '2h' })
    expect(await get(`${KMS}/${kmsId}`)).toMatchObject({ state: 'delivered' })
  })

  it('that was canceled says why, and is over', async () => {
    const { taskId } = await add()

    await sandbox.control({ task: { id: taskId, state: 'canceled', description: 'No reply from vCenter' } })

    expect(await get(`/task/${taskId}`)).toMatchObject({
      state: 'canceled',
      description: 'No reply from vCenter',
      endDate: expect.any(String),
    })
    await expect(sandbox.control({ task: { id: taskId, state: 'doing' } })).rejects.toThrow('has ended')
  })

  it('waits only as long as the control endpoint says', async () => {
    await sandbox.control({ customerWait: '0s' })
    const { kmsId } = await add()
    await sandbox.control({ customerWait: '1h', advance: '5s' })

    expect(await get(`${KMS}/${kmsId}`)).toMatchObject({ state: 'delivered' })
  })

  it('is found by state, name and date', async () => {
    const { taskId } = await add()
    const [maintenance] = list(await get('/task'))
    const later = encodeURIComponent(new Date(Date.now() + 1e12).toISOString())

    expect(await get('/task')).toEqual([maintenance, taskId])
    expect(await get('/task?name=create%25')).toEqual([taskId])
    expect(await get('/task?name=create')).toEqual([])
    expect(await get(`/task?state=todo&name=hostMaintenance`)).toEqual([maintenance])
    expect(await get('/task?state=fixing')).toEqual([])
    expect(await get(`/task?executionDate=${later}`)).toEqual([])
    expect(await ana('GET', `${path}/task?state=DONE`)).toMatchObject({ status: 400 })
  })

  it('of a maintenance begins when the customer says, within its dates', async () => {
    const below = `/task/${list(await get('/task'))[0]}`
    const from = Date.parse(text(await get(below), 'maintenanceDateFrom'))
    const move = (atMs: number) =>
      ana('POST', `${path}${below}/changeMaintenanceExecutionDate`, {
        executionDate: new Date(atMs).toISOString(),
      })

    expect(await move(from - 1000)).toMatchObject({ status: 400 })
    expect(await move(from + 86_400_000)).toMatchObject({ status: 200 })
    await sandbox.control({ advance: '8d' })
    expect(await get(below)).toMatchObject({ state: 'doing' })
    expect(await move(from + 90_000_000)).toMatchObject({ status: 409 })
  })

  it('belongs to its own Private Cloud', async () => {
    const { taskId } = await add()
    const [other] = sandbox.info.serviceNames

    expect(await ana('GET', `/v1/dedicatedCloud/${other}/task/${taskId}`)).toMatchObject({ status: 404 })
    expect(await ana('GET', `${path}/task/first`)).toMatchObject({ status: 400 })
  })
})

it('a user gets another right by a task', async () => {
  const [userId] = list(await get('/user?name=vcenter%25'))
  expect(await get(`/user/${userId}`)).toMatchObject({ name: 'vcenter1', encryptionRight: false })

  const change = await ana('POST', `${path}/user/${userId}/changeProperties`, {
    encryptionRight: true,
    tokenValidator: true,
  })
  await sandbox.control({ advance: '5s' })

  expect(change.body).toMatchObject({ name: 'updateUser', userId })
  expect(await get(`/user/${userId}`)).toMatchObject({ encryptionRight: true, isTokenValidator: true })
  expect(await ana('GET', `${path}/user/1`)).toMatchObject({ status: 404 })
})

it.each([
  ['GET', '', 'get'],
  ['GET', '/serviceInfos', 'serviceInfos/get'],
  ['GET', '/task', 'task/get'],
  ['GET', '/task/1', 'task/get'],
  ['POST', '/task/1/changeMaintenanceExecutionDate', 'task/changeMaintenanceExecutionDate'],
  ['POST', '/task/1/resetTaskState', 'task/resetTaskState'],
  ['GET', '/user', 'user/get'],
  ['GET', '/user/1', 'user/get'],
  ['POST', '/user/1/changeProperties', 'user/changeProperties'],
  ['GET', '/vmEncryption', 'vmEncryption/get'],
  ['GET', KMS, 'vmEncryption/kms/get'],
  ['POST', KMS, 'vmEncryption/kms/create'],
  ['GET', `${KMS}/1`, 'vmEncryption/kms/get'],
  ['DELETE', `${KMS}/1`, 'vmEncryption/kms/delete'],
  ['POST', `${KMS}/1/changeProperties`, 'vmEncryption/kms/changeProperties'],
])('%s …%s needs %s', async (method, below, action) => {
  await sandbox.control({ deny: [`pccVMware:apiovh:${action}`] })

  expect(await ana(method, `${path}${below}`)).toMatchObject({
    status: 403,
    body: { details: { unauthorizedActionsByIAM: `pccVMware:apiovh:${action}` } },
  })
})

it.each([
  [{ privateCloud: { serviceName: 'pcc-0', state: 'error' as const } }, 'There is no pcc-0'],
  [
    {
      privateCloud: {
        serviceName: 'pcc-192-0-2-10',
        keyServer: { kmsId: 1, state: 'error' as const },
      },
    },
    'There is no 1',
  ],
])('the control endpoint refuses %j, and does nothing of it', async (wrong, sentence) => {
  await expect(sandbox.control({ ...wrong, deny: ['*'] })).rejects.toThrow(sentence)

  expect((await sandbox.control({})).deny).toEqual([])
})
