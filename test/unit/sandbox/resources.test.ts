import { X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { type Client, field, list, plainClient, signedClient, text, texts } from './signed-client.js'

let sandbox: Sandbox
let ana: Client
let prod: string
let lab: string
beforeAll(async () => {
  sandbox = await startSandbox()
  ana = signedClient(sandbox.info)
  prod = sandbox.info.okmsIds[0]!
  lab = sandbox.info.okmsIds[1]!
})
afterEach(() => sandbox.control({ deny: [] }))
afterAll(() => sandbox.close())

describe('OKMS', () => {
  it('lists two at the start, as the schema writes them', async () => {
    const { status, body } = await ana('GET', '/v2/okms/resource')

    expect(status).toBe(200)
    expect(list(body)).toHaveLength(2)
    expect(list(body)[0]).toEqual({
      id: prod,
      region: 'eu-west-rbx',
      kmipEndpoint: sandbox.info.kmip,
      kmipRsaEndpoint: sandbox.info.kmipRsa,
      restEndpoint: 'https://eu-west-rbx.okms.ovh.net',
      swaggerEndpoint: 'https://eu-west-rbx.okms.ovh.net/swagger/',
      kmipObjectCount: expect.any(Number),
      serviceKeyCount: 2,
      secretCount: expect.any(Number),
      secretVersionCount: expect.any(Number),
      publicCA: null,
      publicRsaCA: null,
      iam: {
        id: expect.any(String),
        urn: `urn:v1:eu:resource:okms:${prod}`,
        displayName: 'prod-kms',
        tags: {},
        state: 'OK',
      },
    })
    expect(list(body)[1]).toMatchObject({ id: lab, region: 'eu-west-sbg', iam: { displayName: 'lab-kms' } })
  })

  it('counts the service keys there are', async () => {
    const keys = await ana('GET', `/v2/okms/resource/${lab}/serviceKey`)

    const okms = await ana('GET', `/v2/okms/resource/${lab}`)

    expect(field(okms.body, 'serviceKeyCount')).toBe(list(keys.body).length)
  })

  it('shows its authorities only when asked', async () => {
    const asked = (await ana('GET', `/v2/okms/resource/${prod}?publicCA=true`)).body

    const [ca, rsaCa] = ['publicCA', 'publicRsaCA'].map(name => new X509Certificate(text(asked, name)))
    expect([ca?.ca, ca?.publicKey.asymmetricKeyType]).toEqual([true, 'ec'])
    expect([rsaCa?.ca, rsaCa?.publicKey.asymmetricKeyType]).toEqual([true, 'rsa'])
    expect((await ana('GET', `/v2/okms/resource/${prod}?publicCA=false`)).body).toMatchObject({
      publicCA: null,
    })
    expect(await ana('GET', `/v2/okms/resource/${prod}?publicCA=yes`)).toMatchObject({ status: 400 })
  })

  it.each(['/v2/okms/resource/00000000-0000-4000-8000-000000000000', '/v2/okms/resource/prod-kms'])(
    'answers 404 for %s',
    async path => {
      const expected = {
        status: 404,
        body: { class: 'Client::NotFound', message: 'This service does not exist' },
      }

      expect(await ana('GET', path)).toMatchObject(expected)
      expect(await ana('GET', `${path}/credential`)).toMatchObject(expected)
    },
  )

  it('answers the Private Clouds of the account', async () => {
    expect((await ana('GET', '/v1/dedicatedCloud')).body).toEqual(['pcc-192-0-2-10', 'pcc-192-0-2-20'])
    expect((await ana('GET', '/1.0/dedicatedCloud/pcc-192-0-2-10')).body).toMatchObject({
      serviceName: 'pcc-192-0-2-10',
      state: 'delivered',
      iam: { urn: 'urn:v1:eu:resource:pccVMware:pcc-192-0-2-10' },
    })
    expect(await ana('GET', '/v1/dedicatedCloud/pcc-1')).toMatchObject({ status: 404 })
  })

  it('knows the account, its users and groups', async () => {
    expect((await ana('GET', '/v1/me')).body).toMatchObject({ nichandle: 'ab12345-ovh', ovhSubsidiary: 'FR' })
    expect((await ana('GET', '/v1/me/identity/user')).body).toContain('reader1')
    expect((await ana('GET', '/v1/me/identity/group')).body).toContain('reader')
  })
})

describe('reference', () => {
  it('names 13 regions with an address or port of their own', async () => {
    const regions = list((await ana('GET', '/v2/okms/reference/regions')).body)

    expect(regions).toHaveLength(13)
    expect(new Set(texts(regions, 'kmipEndpoint')).size).toBe(13)
    expect(texts(regions, 'kmipEndpoint').every(endpoint => /^127\.0\.0\.\d+:\d+$/.test(endpoint))).toBe(true)
    expect(regions.find(region => text(region, 'id') === 'eu-west-par')).toMatchObject({
      type: 'REGION-3-AZ',
      restEndpoint: 'https://eu-west-par.okms.ovh.net',
      certifications: expect.arrayContaining(['STANDARD']),
    })
  })

  it('says which service keys there may be', async () => {
    const { body } = await ana('GET', '/v2/okms/reference/serviceKey?region=eu-west-rbx')

    expect(texts(body, 'type')).toEqual(['oct', 'RSA', 'EC'])
    expect(list(body)[0]).toMatchObject({
      default: true,
      sizes: [{ value: 128, default: false }, { value: 192 }, { value: 256, default: true }],
      curves: [],
      operations: [
        { value: ['encrypt', 'decrypt'], default: true },
        { value: ['wrapKey', 'unwrapKey'], default: false },
      ],
    })
  })

  it.each(['', '?region=EU_WEST_RBX', '?region=us-east-vin'])(
    'refuses reference/serviceKey%s',
    async query => {
      const reply = await ana('GET', `/v2/okms/reference/serviceKey${query}`)

      expect(reply).toMatchObject({ status: 400, body: { class: 'Client::BadRequest' } })
      expect(text(reply.body, 'message')).toContain('[region]')
    },
  )
})

describe('pages', () => {
  const page = (path: string, size?: string, cursor?: string | null) =>
    ana('GET', path, undefined, {
      headers: {
        ...(size === undefined ? {} : { 'X-Pagination-Size': size }),
        ...(cursor == null ? {} : { 'X-Pagination-Cursor': cursor }),
      },
    })

  it('gives the next cursor until the last page, over lists that change meanwhile', async () => {
    const path = `/v2/okms/resource/${lab}/serviceKey`
    const make = async (name: string) =>
      text(
        (await ana('POST', path, { name, type: 'oct', size: 256, operations: ['encrypt', 'decrypt'] })).body,
        'id',
      )
    for (const name of ['a', 'b', 'c', 'd']) await make(name)
    const first = await page(path, '2')
    const shown = list(first.body).at(-1)!

    await ana('PUT', `${path}/${text(shown, 'id')}`, {
      state: 'DEACTIVATED',
      deactivationReason: 'UNSPECIFIED',
    })
    await ana('DELETE', `${path}/${text(shown, 'id')}`)
    await make('e')
    const second = await page(path, '2', first.headers.get('x-pagination-cursor-next'))
    const third = await page(path, '2', second.headers.get('x-pagination-cursor-next'))

    expect([first, second, third].map(({ body }) => texts(body, 'name'))).toEqual([
      ['trial', 'a'],
      ['b', 'c'],
      ['d', 'e'],
    ])
    expect(third.headers.has('x-pagination-cursor-next')).toBe(false)
  })

  it('has 100 to a page unless told otherwise', async () => {
    await sandbox.control({ seed: { okms: 120 } })

    const first = await page('/v2/okms/resource')
    const second = await page('/v2/okms/resource', undefined, first.headers.get('x-pagination-cursor-next'))

    expect([list(first.body).length, list(second.body).length]).toEqual([100, 22])
    expect(list((await page('/v2/okms/resource', '5000')).body)).toHaveLength(122)
  })

  it('refuses a wrong cursor, with the credential list in its own word', async () => {
    const cursor = (await page('/v2/okms/reference/regions', '2')).headers.get('x-pagination-cursor-next')

    expect(await page('/v2/okms/resource', '2', cursor)).toMatchObject({
      status: 400,
      body: { class: 'Client::BadRequest' },
    })
    for (const wrong of [cursor, 'nonsense']) {
      expect(await page(`/v2/okms/resource/${prod}/credential`, '2', wrong)).toMatchObject({
        status: 400,
        body: { class: 'Client::BadRequest::CredentialPaginationCursorInvalidValue' },
      })
    }
  })

  it.each(['0', '-1', 'many', '1.5'])('refuses the size %s', async size => {
    expect(await page('/v2/okms/resource', size)).toMatchObject({ status: 400 })
  })
})

describe('IAM', () => {
  it('refuses what is denied, in either spelling, and names it in the spelling of the schema', async () => {
    const path = `/v2/okms/resource/${prod}/credential/00000000-0000-4000-8000-000000000000`
    for (const action of [
      'okms:apiovh:resource/credential/delete',
      'okms:apiovh:credential/delete',
      'okms:apiovh:cred*',
    ]) {
      await sandbox.control({ deny: [action] })

      expect(await ana('DELETE', path)).toMatchObject({
        status: 403,
        body: {
          class: 'Client::Forbidden',
          message: 'User not granted for this request',
          details: {
            unauthorizedActionsByAuthentication: '',
            unauthorizedActionsByIAM: 'okms:apiovh:credential/delete',
          },
        },
      })
    }
    await sandbox.control({ deny: [] })
    expect(await ana('DELETE', path)).toMatchObject({ status: 404 })
  })

  it('does not take the denial of an OKMS for that of its credentials', async () => {
    await sandbox.control({ deny: ['okms:apiovh:resource/get'] })

    expect(await ana('GET', '/v2/okms/resource')).toMatchObject({ status: 403 })
    expect(await ana('GET', `/v2/okms/resource/${prod}/credential`)).toMatchObject({ status: 200 })
  })

  it('asks for further actions where the body needs them', async () => {
    await sandbox.control({ deny: ['okms:apiovh:serviceKey/deactivate', 'okms:apiovh:serviceKey/import'] })
    const path = `/v2/okms/resource/${prod}/serviceKey`
    const id = text(list((await ana('GET', path)).body)[0]!, 'id')

    const replies = [
      await ana('PUT', `${path}/${id}`, { state: 'DEACTIVATED', deactivationReason: 'UNSPECIFIED' }),
      await ana('POST', path, { name: 'mine', keys: [{ kty: 'oct' }] }),
      await ana('PUT', `${path}/${id}`, { name: 'renamed' }),
    ]

    expect(replies.map(({ status }) => status)).toEqual([403, 403, 200])
    expect(replies[0]!.body).toMatchObject({
      details: { unauthorizedActionsByIAM: 'okms:apiovh:serviceKey/deactivate' },
    })
  })

  it('tells beforehand what would be refused', async () => {
    await sandbox.control({ deny: ['okms:apiovh:credential/create'] })
    const actions = ['okms:apiovh:credential/create', 'okms:apiovh:credential/get']
    const urn = `urn:v1:eu:resource:okms:${prod}`
    const sorted = { authorizedActions: [actions[1]], unauthorizedActions: [actions[0]] }

    const one = await ana('POST', `/v2/iam/resource/${encodeURIComponent(urn)}/authorization/check`, {
      actions,
    })
    const many = await ana('POST', '/v2/iam/authorization/check', {
      actions,
      resourceURNs: [urn, 'urn:other'],
    })

    expect(one.body).toEqual(sorted)
    expect(many.body).toEqual([
      { resourceURN: urn, ...sorted },
      { resourceURN: 'urn:other', authorizedActions: [], unauthorizedActions: actions },
    ])
    expect(await ana('POST', '/v2/iam/resource/urn:other/authorization/check', { actions })).toMatchObject({
      status: 404,
    })
    expect(await ana('POST', '/v2/iam/authorization/check', { actions })).toMatchObject({ status: 400 })
  })

  it('lists resources by type', async () => {
    const okms = await ana('GET', '/v2/iam/resource?resourceType=okms')
    const clouds = await ana('GET', '/v2/iam/resource?resourceType=pccVMware')

    expect(list(okms.body)[0]).toMatchObject({
      name: prod,
      type: 'okms',
      displayName: 'prod-kms',
      owner: 'ab12345-ovh',
      urn: `urn:v1:eu:resource:okms:${prod}`,
    })
    expect(texts(clouds.body, 'name')).toEqual(sandbox.info.serviceNames)
  })

  it('needs a login for all of it', async () => {
    const nobody = plainClient(sandbox.info)
    const paths = [
      '/v2/okms/resource',
      '/v2/okms/reference/regions',
      '/v2/iam/resource',
      '/v1/dedicatedCloud',
    ]

    const statuses = await Promise.all(paths.map(async path => (await nobody('GET', path)).status))

    expect(statuses).toEqual([401, 401, 401, 401])
  })
})
