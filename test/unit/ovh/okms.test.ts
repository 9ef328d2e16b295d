import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.js'
import { createAccount } from '../../../src/ovh/account.js'
import { createOkms } from '../../../src/ovh/okms.js'
import { fakeApi, type Handler, json, testClient } from './fake-api.js'

const OKMS = '4cd2ec35-2d52-4f43-b6f7-8a2b5d1e0a01'
const CREDENTIAL = '9b1c6f0a-5d3e-4a7b-8c21-0f4e6d8a2b13'

/** As the schema of the API has it in 2026. */
const RESOURCE = {
  id: OKMS,
  region: 'eu-west-rbx',
  kmipEndpoint: 'eu-west-rbx.okms.ovh.net:5696',
  kmipRsaEndpoint: 'eu-west-rbx.okms.ovh.net:5697',
  restEndpoint: 'https://eu-west-rbx.okms.ovh.net',
  swaggerEndpoint: 'https://eu-west-rbx.okms.ovh.net/swagger/',
  kmipObjectCount: 3,
  serviceKeyCount: 2,
  secretCount: 1,
  secretVersionCount: 4,
  iam: {
    id: 'x',
    urn: `urn:v1:eu:resource:okms:${OKMS}`,
    displayName: 'prod-kms',
    state: 'OK',
    tags: { team: 'ops' },
  },
}

/** As the samples of July 2024 have it. */
const CREDENTIAL_ANSWER = {
  id: CREDENTIAL,
  name: 'reader',
  description: null,
  identityURNs: ['urn:v1:eu:identity:group:ab12345-ovh/reader'],
  status: 'CREATING',
  fromCSR: false,
  createdAt: '2024-07-02T15:54:18.390593+02:00',
  expiredAt: '2024-08-01T15:54:18.390596+02:00',
}

const READ = {
  id: CREDENTIAL,
  okmsId: OKMS,
  name: 'reader',
  description: null,
  identityUrns: ['urn:v1:eu:identity:group:ab12345-ovh/reader'],
  status: 'CREATING',
  fromCsr: false,
  certificateType: null,
  createdAt: '2024-07-02T13:54:18.390Z',
  expiresAt: '2024-08-01T13:54:18.390Z',
  certificatePem: null,
}

const notFound = { class: 'Client::NotFound', message: 'no' }
const credentialUrl = `/v2/okms/resource/${OKMS}/credential`

async function okmsOn(handle: Handler) {
  const api = await fakeApi(handle)
  return { api, okms: createOkms(testClient(api).client) }
}

describe('an OKMS', () => {
  it('is listed in our words, page after page', async () => {
    const older = { ...RESOURCE, id: 'b', region: 'EU_WEST_SBG', kmipRsaEndpoint: null, iam: null }
    const { kmipObjectCount, serviceKeyCount, secretCount, secretVersionCount, ...beta } = older
    const { api, okms } = await okmsOn(({ headers }, response) =>
      headers['x-pagination-cursor'] === 'two'
        ? json(response, 200, [beta])
        : json(response, 200, [RESOURCE], { 'x-pagination-cursor-next': 'two' }),
    )

    expect(await okms.list()).toEqual([
      {
        id: OKMS,
        name: 'prod-kms',
        region: 'eu-west-rbx',
        state: 'OK',
        kmipEndpoint: 'eu-west-rbx.okms.ovh.net:5696',
        kmipRsaEndpoint: 'eu-west-rbx.okms.ovh.net:5697',
        restEndpoint: 'https://eu-west-rbx.okms.ovh.net',
        swaggerEndpoint: 'https://eu-west-rbx.okms.ovh.net/swagger/',
        kmipObjectCount: 3,
        serviceKeyCount: 2,
        secretCount: 1,
        urn: `urn:v1:eu:resource:okms:${OKMS}`,
      },
      expect.objectContaining({
        id: 'b',
        name: 'b',
        region: 'eu-west-sbg',
        state: 'UNKNOWN',
        kmipRsaEndpoint: null,
        kmipObjectCount: null,
        serviceKeyCount: null,
        secretCount: null,
        urn: null,
      }),
    ])
    expect(api.calls.map(call => call.url)).toEqual(['/v2/okms/resource', '/v2/okms/resource'])
  })

  it('is shown with its CA certificates, and a state nobody knows is UNKNOWN', async () => {
    const answer = {
      ...RESOURCE,
      publicCA: 'PEM',
      publicRsaCA: null,
      iam: { ...RESOURCE.iam, state: 'MOVING' },
    }
    const { api, okms } = await okmsOn((_, response) => json(response, 200, answer))

    expect(await okms.show(OKMS)).toMatchObject({
      name: 'prod-kms',
      state: 'UNKNOWN',
      publicCa: 'PEM',
      publicRsaCa: null,
    })
    expect(api.calls[0]?.url).toBe(`/v2/okms/resource/${OKMS}?publicCA=true`)
  })

  it('that does not exist is null, and its id cannot lead elsewhere', async () => {
    const { api, okms } = await okmsOn((_, response) => json(response, 404, notFound))

    expect(await okms.show('../../me?x')).toBeNull()
    expect(api.calls[0]?.url).toBe('/v2/okms/resource/..%2F..%2Fme%3Fx?publicCA=true')
  })

  it.each(['id', 'region', 'kmipEndpoint', 'restEndpoint', 'swaggerEndpoint'])(
    'without %s is not taken',
    async field => {
      const { okms } = await okmsOn((_, response) =>
        json(response, 200, [{ ...RESOURCE, [field]: undefined }]),
      )

      await expect(okms.list()).rejects.toMatchObject({
        code: 'ovh.unexpected',
        details: { field: `[0].${field}` },
      })
    },
  )

  it('may stand in these regions', async () => {
    const region = {
      id: 'eu-west-par',
      kmipEndpoint: 'p:5696',
      restEndpoint: 'https://p',
      type: 'REGION-3-AZ',
      certifications: ['HDS'],
    }
    const { api, okms } = await okmsOn((_, response) =>
      json(response, 200, [{ ...region, id: 'EU_WEST_PAR', planet: 'earth' }]),
    )

    expect(await okms.regions()).toEqual([region])
    expect(api.calls[0]?.url).toBe('/v2/okms/reference/regions')
  })
})

describe('a credential', () => {
  it('is asked for with exactly what was wanted, and its key comes boxed', async () => {
    const { api, okms } = await okmsOn((_, response) =>
      json(response, 200, { ...CREDENTIAL_ANSWER, privateKeyPEM: 'canary-key' }),
    )

    const request = {
      name: 'reader',
      description: 'for ana [okms-bot 7F3K9Q2M.1]',
      identityUrns: READ.identityUrns,
      validityDays: 30,
    }
    const made = await okms.createCredential(OKMS, { ...request, certificateType: 'RSA' })

    expect(made.credential).toEqual(READ)
    expect(made.privateKey).toBeInstanceOf(Secret)
    expect(made.privateKey?.reveal()).toBe('canary-key')
    expect(JSON.stringify(made)).not.toContain('canary-key')
    expect(api.calls.map(call => [call.method, call.url, JSON.parse(call.body)])).toEqual([
      [
        'POST',
        credentialUrl,
        {
          name: 'reader',
          description: 'for ana [okms-bot 7F3K9Q2M.1]',
          identityURNs: READ.identityUrns,
          validity: 30,
          certificateType: 'RSA',
        },
      ],
    ])
  })

  it('from a CSR has no key of ours', async () => {
    const { api, okms } = await okmsOn((_, response) =>
      json(response, 200, { ...CREDENTIAL_ANSWER, fromCSR: true, certificateType: 'ECDSA' }),
    )

    const made = await okms.createCredential(OKMS, {
      name: 'r',
      description: '',
      identityUrns: [],
      validityDays: 1,
      csr: 'CSR\n',
    })

    expect(made).toMatchObject({ privateKey: null, credential: { fromCsr: true, certificateType: 'ECDSA' } })
    expect(JSON.parse(api.calls[0]?.body ?? '')).toEqual({
      name: 'r',
      description: '',
      identityURNs: [],
      validity: 1,
      csr: 'CSR\n',
    })
  })

  it('is not asked for a second time when the answer is lost', async () => {
    const { api, okms } = await okmsOn((_, response) => void response.destroy())

    await expect(
      okms.createCredential(OKMS, { name: 'r', description: '', identityUrns: [], validityDays: 1 }),
    ).rejects.toMatchObject({ code: 'ovh.unreachable', details: { sent: true } })
    expect(api.calls).toHaveLength(1)
  })

  it('is read, and null when it is gone', async () => {
    const { okms } = await okmsOn(({ url }, response) =>
      url === `${credentialUrl}/${CREDENTIAL}`
        ? json(response, 200, { ...CREDENTIAL_ANSWER, status: 'READY', certificatePEM: 'PEM' })
        : json(response, 404, notFound),
    )

    expect(await okms.credential(OKMS, CREDENTIAL)).toEqual({
      ...READ,
      status: 'READY',
      certificatePem: 'PEM',
    })
    expect(await okms.credential(OKMS, 'other')).toBeNull()
  })

  it('is listed with its OKMS, a page at a time', async () => {
    const { api, okms } = await okmsOn(({ headers }, response) =>
      headers['x-pagination-cursor'] === 'two'
        ? json(response, 200, [{ ...CREDENTIAL_ANSWER, id: 'second' }])
        : json(response, 200, [CREDENTIAL_ANSWER], { 'x-pagination-cursor-next': 'two' }),
    )

    const pages = []
    for await (const page of okms.credentialPages(OKMS)) pages.push(page)

    expect(pages).toEqual([[READ], [{ ...READ, id: 'second' }]])
    expect(api.calls).toHaveLength(2)
  })

  it.each([
    [{ status: 'NAPPING' }, 'status'],
    [{ expiredAt: 'some day' }, 'expiredAt'],
    [{ fromCSR: 'no' }, 'fromCSR'],
    [{ identityURNs: [7] }, 'identityURNs[0]'],
  ])('with %j is not taken', async (change, field) => {
    const { okms } = await okmsOn((_, response) => json(response, 200, { ...CREDENTIAL_ANSWER, ...change }))

    await expect(okms.credential(OKMS, CREDENTIAL)).rejects.toMatchObject({
      code: 'ovh.unexpected',
      details: { field },
    })
  })
})

describe('revoking', () => {
  /** DELETE answers this; GET answers a credential in a state, or none. */
  const revocation = (deleted: [number, unknown], status: string | null) =>
    okmsOn(({ method }, response) => {
      if (method === 'DELETE') json(response, ...deleted)
      else if (status === null) json(response, 404, notFound)
      else json(response, 200, { ...CREDENTIAL_ANSWER, status })
    })
  const invalid = { class: 'Client::BadRequest::CredentialStatusInvalid', message: 'no' }

  it('is under way once the API has said so, whatever else it said', async () => {
    const { api, okms } = await revocation([200, { id: CREDENTIAL, status: 'DELETING' }], 'DELETING')

    expect(await okms.revokeCredential(OKMS, CREDENTIAL)).toBe('deleting')
    expect(api.calls.map(call => `${call.method} ${call.url}`)).toEqual([
      `DELETE ${credentialUrl}/${CREDENTIAL}`,
    ])
  })

  it.each([
    ['gone', [404, notFound], 'READY'],
    ['gone', [400, invalid], null],
    ['deleting', [400, invalid], 'DELETING'],
  ] as ['gone' | 'deleting', [number, unknown], string | null][])(
    'finds it %s when it was revoked before',
    async (outcome, deleted, status) => {
      const { okms } = await revocation(deleted, status)

      expect(await okms.revokeCredential(OKMS, CREDENTIAL)).toBe(outcome)
    },
  )

  it('is a conflict while the state forbids it', async () => {
    const { okms } = await revocation([400, invalid], 'CREATING')

    await expect(okms.revokeCredential(OKMS, CREDENTIAL)).rejects.toMatchObject({
      code: 'ovh.conflict',
      details: { class: 'Client::BadRequest::CredentialStatusInvalid' },
    })
  })

  it('names the missing right', async () => {
    const details = {
      unauthorizedActionsByAuthentication: '',
      unauthorizedActionsByIAM: 'okms:apiovh:credential/delete',
    }
    const { okms } = await revocation(
      [403, { class: 'Client::Forbidden', message: 'User not granted for this request', details }],
      'READY',
    )

    await expect(okms.revokeCredential(OKMS, CREDENTIAL)).rejects.toMatchObject({
      code: 'ovh.denied',
      details: { missingActions: 'okms:apiovh:credential/delete' },
    })
  })
})

describe('the account', () => {
  it('is known by name, way and identities', async () => {
    const details = {
      account: 'ab12345-ovh',
      allowedRoutes: null,
      identities: ['urn:v1:eu:identity:user:ab12345-ovh/bot'],
      method: 'user',
      roles: [],
      user: 'bot',
    }
    const api = await fakeApi((_, response) => json(response, 200, details))

    expect(await createAccount(testClient(api).client).whoAmI()).toEqual({
      account: 'ab12345-ovh',
      method: 'user',
      identities: ['urn:v1:eu:identity:user:ab12345-ovh/bot'],
      user: 'bot',
      allowedRoutes: null,
    })
    expect(api.calls[0]?.url).toBe('/v1/auth/details')
  })

  it('is told which actions it lacks', async () => {
    const api = await fakeApi((call, response) => {
      if (call.before === 0) return json(response, 500, { message: 'oops' })
      json(response, 200, { authorizedActions: ['a'], unauthorizedActions: ['b'] })
    })

    expect(await createAccount(testClient(api).client).missingActions(RESOURCE.iam.urn, ['a', 'b'])).toEqual([
      'b',
    ])
    expect(api.calls.map(call => [call.url, call.body])).toEqual(
      Array(2).fill([
        `/v2/iam/resource/urn%3Av1%3Aeu%3Aresource%3Aokms%3A${OKMS}/authorization/check`,
        '{"actions":["a","b"]}',
      ]),
    )
  })
})
