import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { type Client, jsonOf, plainClient, signedClient, text } from './signed-client.js'

let sandbox: Sandbox
let ana: Client
let path: string
beforeAll(async () => {
  sandbox = await startSandbox({ creating: '0s' })
  ana = signedClient(sandbox.info)
  path = `/v2/okms/resource/${sandbox.info.okmsIds[0]}/credential`
})
beforeEach(() => sandbox.control({ faults: [], deny: [] }))
afterAll(() => sandbox.close())

const wish = { name: 'reader', identityURNs: ['urn:v1:eu:identity:group:ab12345-ovh/reader'] }
const LIST = 'GET /v2/okms/resource/{okmsId}/credential'
const CREATE = 'POST /v2/okms/resource/{okmsId}/credential'
const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(sandbox.info.controlUrl, { method: 'POST', body: JSON.stringify(body), headers })

describe('faults', () => {
  it('answers a status with Retry-After as often as told, on that route alone', async () => {
    await sandbox.control({ faults: [{ route: CREATE, do: 'status', status: 429, retryAfter: 3, times: 2 }] })

    const first = await ana('POST', path, wish)
    const list = await ana('GET', path)
    const second = await ana('POST', path, wish)
    const third = await ana('POST', path, wish)

    expect([first, second, third, list].map(({ status }) => status)).toEqual([429, 429, 200, 200])
    expect([first.headers.get('retry-after'), third.headers.get('retry-after')]).toEqual(['3', null])
    expect(text(first.body, 'message')).not.toBe('')
    expect(first.body).not.toHaveProperty('class')
  })

  it('goes on until cleared when no number of times is given', async () => {
    await sandbox.control({ faults: [{ route: LIST, do: 'status', status: 500 }] })
    expect([(await ana('GET', path)).status, (await ana('GET', path)).status]).toEqual([500, 500])

    await sandbox.control({ faults: [] })

    expect((await ana('GET', path)).status).toBe(200)
  })

  it('meets a caller before any credential is looked at', async () => {
    await sandbox.control({ faults: [{ route: LIST, do: 'status', status: 503, times: 1 }] })

    expect(await plainClient(sandbox.info)('GET', path)).toMatchObject({ status: 503 })
  })

  it('answers the page of a front end', async () => {
    await sandbox.control({ faults: [{ route: LIST, do: 'html' }] })

    const reply = await ana('GET', path)

    expect([reply.status, reply.headers.get('content-type')]).toEqual([408, 'text/html; charset=utf-8'])
    expect(reply.headers.get('x-ovh-queryid')).toMatch(/^EU\./)
  })

  it('hangs until the client gives up', async () => {
    await sandbox.control({ faults: [{ route: CREATE, do: 'hang', times: 1 }] })
    const before = sandbox.credentials().length

    const call = ana('POST', path, wish, { signal: AbortSignal.timeout(200) })

    await expect(call).rejects.toThrow(/aborted|timeout/i)
    expect(sandbox.credentials()).toHaveLength(before)
  })

  it.each([
    ['cut-before', 0],
    ['cut-after', 1],
  ] as const)('does %s, which leaves %i more credentials', async (fault, more) => {
    await sandbox.control({ faults: [{ route: CREATE, do: fault, times: 1 }] })
    const before = sandbox.credentials().length

    await expect(ana('POST', path, wish)).rejects.toThrow()

    expect(sandbox.credentials()).toHaveLength(before + more)
    expect((await ana('POST', path, wish)).status).toBe(200)
  })

  it('answers late', async () => {
    await sandbox.control({ faults: [{ route: LIST, do: 'delay', ms: 150, times: 1 }] })
    const begin = performance.now()

    expect((await ana('GET', path)).status).toBe(200)

    expect(performance.now() - begin).toBeGreaterThanOrEqual(145)
  })

  it('works on the alias, on the token URL, and whatever the parameters are called', async () => {
    await sandbox.control({
      faults: [
        { route: 'GET /1.0/me', do: 'status', status: 418 },
        { route: 'POST /auth/oauth2/token', do: 'status', status: 502 },
        {
          route: 'GET /v2/okms/resource/{id}',
          do: 'status',
          status: 409,
          class: 'Client::Conflict',
          message: 'Busy',
        },
      ],
    })

    expect((await ana('GET', '/v1/me')).status).toBe(418)
    expect((await fetch(sandbox.info.tokenUrl, { method: 'POST' })).status).toBe(502)
    expect(await ana('GET', `/v2/okms/resource/${sandbox.info.okmsIds[0]}`)).toMatchObject({
      status: 409,
      body: { class: 'Client::Conflict', message: 'Busy' },
    })
  })
})

describe('the control endpoint', () => {
  it('answers what holds now, the same over HTTP as in code', async () => {
    const settings = { creating: '5s', customerWait: '7s', deny: ['okms:apiovh:credential/delete'] }

    const answer = await post(settings)

    expect(answer.status).toBe(200)
    const state = await jsonOf(answer)
    expect(state).toMatchObject({
      ...settings,
      faults: [],
      okmsIds: sandbox.info.okmsIds,
      serviceNames: sandbox.info.serviceNames,
      kmip: [{ okmsId: sandbox.info.okmsIds[0], region: 'eu-west-rbx', kmip: sandbox.info.kmip }, {}],
    })
    expect(await sandbox.control({ creating: '0s' })).toMatchObject({ creating: '0s', customerWait: '7s' })
  })

  it('moves the clock forward only', async () => {
    const before = Date.parse((await sandbox.control({})).now)

    const { now } = await sandbox.control({ advance: '20d' })

    expect(Date.parse(now) - before).toBeGreaterThanOrEqual(20 * 86_400_000)
    expect((await post({ advance: '-1d' })).status).toBe(400)
  })

  it('shows what remains of a fault', async () => {
    await sandbox.control({ faults: [{ route: LIST, do: 'status', status: 500, times: 3 }] })

    await ana('GET', path)

    expect((await sandbox.control({})).faults).toEqual([{ route: LIST, do: 'status', status: 500, times: 2 }])
  })

  it('adds more of everything', async () => {
    const { okmsIds, serviceNames, credentials } = await sandbox.control({
      seed: { credentials: 200, okms: 3, privateClouds: 2 },
    })

    expect([okmsIds.length, serviceNames]).toEqual([
      5,
      ['pcc-192-0-2-10', 'pcc-192-0-2-20', 'pcc-192-0-2-30', 'pcc-192-0-2-40'],
    ])
    expect(sandbox.credentials(sandbox.info.okmsIds[0])).toHaveLength(credentials)
    const regions = sandbox.info.okmsIds.length + 3
    expect(new Set((await sandbox.control({})).kmip.map(({ region }) => region)).size).toBe(regions)
  })

  it('hides the RSA endpoint, and shows it again', async () => {
    const okms = `/v2/okms/resource/${sandbox.info.okmsIds[0]}`

    await sandbox.control({ kmip: { kmipRsaEndpoint: null } })
    const hidden = await ana('GET', okms)
    await sandbox.control({ kmip: { kmipRsaEndpoint: true } })

    expect(hidden.body).toMatchObject({ kmipRsaEndpoint: null, kmipEndpoint: sandbox.info.kmip })
    expect((await ana('GET', okms)).body).toMatchObject({ kmipRsaEndpoint: sandbox.info.kmipRsa })
  })

  it.each([
    [{ advance: 'soon' }, '[advance]'],
    [{ creating: 3 }, '[creating]'],
    [{ faults: [{ route: 'GET /v2/nothing', do: 'hang' }] }, 'GET /v2/nothing'],
    [{ faults: [{ route: LIST, do: 'status' }] }, '"status"'],
    [{ faults: [{ route: LIST, do: 'explode' }] }, '[faults.0.do]'],
    [{ credential: { id: 'none', status: 'ERROR' } }, 'There is no credential none'],
    [{ okms: { id: 'none', state: 'EXPIRED' } }, 'There is no OKMS none'],
    [{ task: { id: 90211, state: 'canceled' } }, 'There is no task 90211'],
    [{ clock: '20d' }, '(clock)'],
  ])('refuses %j with a sentence, and does nothing of it', async (wrong, sentence) => {
    const before = await sandbox.control({})

    const answer = await post({ creating: '99s', deny: ['*'], ...wrong })

    expect(answer.status).toBe(400)
    expect(text(await jsonOf(answer), 'message')).toContain(sentence)
    const { now, ...after } = await sandbox.control({})
    expect(before).toMatchObject(after)
  })

  it('is not for web pages', async () => {
    expect((await post({}, { Origin: 'https://page.example.org' })).status).toBe(403)
    expect((await fetch(sandbox.info.controlUrl)).status).toBe(200)
  })
})
