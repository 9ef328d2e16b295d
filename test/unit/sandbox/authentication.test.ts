import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { type Client, field, jsonOf, type Keys, plainClient, signedClient, text } from './signed-client.js'

let sandbox: Sandbox
let ana: Client
beforeAll(async () => {
  sandbox = await startSandbox()
  ana = signedClient(sandbox.info)
})
afterAll(() => sandbox.close())

const ME = '/v1/me'

describe('signatures', () => {
  it('accepts a signed call, on /v1 and on its alias /1.0', async () => {
    const replies = [await ana('GET', ME), await ana('GET', '/1.0/me')]

    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    expect(field(replies[1]!.body, 'ovhSubsidiary')).toBe('FR')
  })

  it('names a query id on every answer, good or bad', async () => {
    const replies = [
      await ana('GET', ME),
      await ana('GET', '/v1/nothing'),
      await plainClient(sandbox.info)('GET', ME),
    ]

    const ids = replies.map(({ headers }) => headers.get('x-ovh-queryid'))
    expect(ids.every(id => /^EU\.ext-99\.[0-9a-f]{8}\.\d+\.[0-9a-f]{4}$/.test(id ?? ''))).toBe(true)
    expect(new Set(ids).size).toBe(3)
  })

  it('accepts a signature over the URL without its port, and over body bytes that are not ASCII', async () => {
    const host = sandbox.info.url.replace(/:\d+$/, '')
    const path = '/v2/iam/authorization/check'

    const replies = [
      await ana('GET', `${ME}?a=b`, undefined, { signedUrl: `${host}${ME}?a=b` }),
      await ana('POST', path, { actions: ['é'], resourceURNs: ['urn:ü'] }),
    ]

    expect(replies.map(({ status }) => status)).toEqual([200, 200])
  })

  it.each([
    ['the query left out', { signedUrl: '/v1/me' }],
    ['another path', { signedUrl: '/v1/you?a=b' }],
    ['https in place of http', { signedUrl: 'https' }],
    ['a clock 6 minutes late', { skewSeconds: -360 }],
    ['a clock 6 minutes early', { skewSeconds: 360 }],
  ])(
    'refuses a signature with %s',
    async (_, { signedUrl, skewSeconds }: { signedUrl?: string; skewSeconds?: number }) => {
      const url =
        signedUrl === 'https'
          ? `${sandbox.info.url}${ME}?a=b`.replace('http:', 'https:')
          : `${sandbox.info.url}${signedUrl}`

      const reply = await ana('GET', `${ME}?a=b`, undefined, {
        ...(signedUrl === undefined ? {} : { signedUrl: url }),
        ...(skewSeconds === undefined ? {} : { skewSeconds }),
      })

      expect(reply).toMatchObject({
        status: 400,
        body: { class: 'Client::BadRequest', message: 'Invalid signature' },
      })
    },
  )

  it('bears a clock that is 4 minutes off', async () => {
    expect(await ana('GET', ME, undefined, { skewSeconds: 240 })).toMatchObject({ status: 200 })
  })

  it('judges the clock by its own, which can be moved', async () => {
    const before = Number((await plainClient(sandbox.info)('GET', '/v1/auth/time')).body)

    await sandbox.control({ advance: '2h' })

    expect(
      Number((await plainClient(sandbox.info)('GET', '/1.0/auth/time')).body) - before,
    ).toBeGreaterThanOrEqual(7200)
    expect(await ana('GET', ME)).toMatchObject({ status: 200 })
    expect(await ana('GET', ME, undefined, { skewSeconds: -7200 })).toMatchObject({ status: 400 })
  })

  it.each<[string, Partial<Keys>, number, string]>([
    ['an unknown application key', { applicationKey: 'nobody' }, 403, 'This application key is invalid'],
    ['an unknown consumer key', { consumerKey: 'nobody' }, 403, 'This credential does not exist'],
    ['a wrong secret', { applicationSecret: 'wrong' }, 400, 'Invalid signature'],
  ])('refuses %s', async (_, wrong, status, message) => {
    const reply = await signedClient(sandbox.info, { ...sandbox.info, ...wrong })('GET', ME)

    expect(reply).toMatchObject({ status, body: { message } })
  })

  it('asks to log in when nothing, or only an application key, is sent', async () => {
    const expected = { status: 401, body: { message: 'You must login first' } }

    expect(await plainClient(sandbox.info)('GET', ME)).toMatchObject(expected)
    expect(
      await plainClient(sandbox.info, { 'X-Ovh-Application': sandbox.info.applicationKey })('GET', ME),
    ).toMatchObject(expected)
  })

  it('says what OVHcloud says of an unknown path, with any or no credential', async () => {
    const expected = {
      status: 404,
      body: { class: 'Client::NotFound', message: 'Got an invalid (or empty) URL' },
    }

    expect(await ana('GET', '/v2/okms/nothing')).toMatchObject(expected)
    expect(await ana('PUT', '/v2/okms/resource')).toMatchObject(expected)
    expect(await plainClient(sandbox.info)('GET', '/1.0/v2/okms/resource')).toMatchObject(expected)
  })
})

describe('the consumer-key flow', () => {
  async function request(body: unknown, headers: Record<string, string> = {}) {
    return plainClient(sandbox.info, { 'X-Ovh-Application': sandbox.info.applicationKey, ...headers })(
      'POST',
      '/v1/auth/credential',
      body,
    )
  }
  const rules = (...paths: string[]) => ({ accessRules: paths.map(path => ({ method: 'GET', path })) })
  const clientOf = (consumerKey: string) => signedClient(sandbox.info, { ...sandbox.info, consumerKey })

  it('gives a key that works once its link was opened', async () => {
    const { status, body } = await request(rules('/me'))
    const bo = clientOf(text(body, 'consumerKey'))
    expect({ status, state: field(body, 'state') }).toEqual({ status: 200, state: 'pendingValidation' })
    expect(await bo('GET', ME)).toMatchObject({
      status: 403,
      body: { message: 'This credential is not valid' },
    })

    expect((await fetch(text(body, 'validationUrl'))).status).toBe(200)

    expect(await bo('GET', ME)).toMatchObject({ status: 200 })
    expect((await bo('GET', '/v1/auth/currentCredential')).body).toMatchObject({
      status: 'validated',
      rules: [{ method: 'GET', path: '/me' }],
      expiration: null,
    })
    expect((await bo('GET', '/v1/auth/details')).body).toMatchObject({
      method: 'account',
      allowedRoutes: [{ method: 'GET', path: '/me' }],
      identities: ['urn:v1:eu:identity:account:ab12345-ovh'],
    })
  })

  it('gives a key that the account can list and revoke', async () => {
    const { body } = await request(rules('/me'))
    await fetch(text(body, 'validationUrl'))
    const bo = clientOf(text(body, 'consumerKey'))
    const { body: own } = await bo('GET', '/v1/auth/currentCredential')
    const id = field(own, 'credentialId') as number

    expect((await ana('GET', '/v1/me/api/credential?status=validated')).body).toContain(id)
    expect((await ana('GET', '/v1/me/api/credential?status=refused')).body).not.toContain(id)
    expect((await ana('GET', `/v1/me/api/credential/${id}`)).body).toEqual(own)
    const [application] = (await ana('GET', '/v1/me/api/application')).body as number[]
    expect((await ana('GET', `/v1/me/api/application/${application}`)).body).toMatchObject({
      applicationKey: sandbox.info.applicationKey,
      status: 'active',
    })
    expect((await ana('GET', `/v1/me/api/credential/${id}/application`)).body).toMatchObject({
      applicationId: application,
    })

    expect(await ana('DELETE', `/v1/me/api/credential/${id}`)).toMatchObject({ status: 200, body: null })

    expect(await bo('GET', ME)).toMatchObject({ status: 403 })
    expect(await ana('GET', `/v1/me/api/credential/${id}`)).toMatchObject({ status: 404 })
    expect(await ana('GET', '/v1/me/api/application/1')).toMatchObject({ status: 404 })
  })

  it('sends the person on to the redirection', async () => {
    const { body } = await request({ ...rules('/me'), redirection: 'https://bot.example.org/back' })

    const reply = await plainClient(sandbox.info)(
      'GET',
      text(body, 'validationUrl').slice(sandbox.info.url.length),
    )

    expect([reply.status, reply.headers.get('location')]).toEqual([302, 'https://bot.example.org/back'])
  })

  it('lets a person refuse, and choose an end', async () => {
    const refused = text((await request(rules('/me'))).body, 'validationUrl')
    const short = (await request(rules('/me'))).body

    await fetch(`${refused}&answer=refuse`)
    await fetch(`${text(short, 'validationUrl')}&duration=3600`)
    const bo = clientOf(text(short, 'consumerKey'))
    expect(await bo('GET', ME)).toMatchObject({ status: 200 })
    await sandbox.control({ advance: '1h' })

    expect(await bo('GET', ME)).toMatchObject({
      status: 403,
      body: { message: 'This credential is not valid' },
    })
  })

  it('ends a key that logs out', async () => {
    const { body } = await request(rules('/me'))
    await fetch(text(body, 'validationUrl'))
    const bo = clientOf(text(body, 'consumerKey'))

    expect(await bo('POST', '/v1/auth/logout')).toMatchObject({ status: 200, body: null })

    expect(await bo('GET', ME)).toMatchObject({
      status: 403,
      body: { message: 'This credential is not valid' },
    })
  })

  it('refuses a key from an address it is not for', async () => {
    const { body } = await request({ ...rules('/me'), allowedIPs: ['203.0.113.0/24'] })
    await fetch(text(body, 'validationUrl'))

    expect(await clientOf(text(body, 'consumerKey'))('GET', ME)).toMatchObject({ status: 403 })
  })

  it.each([
    ['no rules', {}, "Body parameter accessRules isn't formated correctly"],
    ['rules that are none', { accessRules: 'all' }, "Body parameter accessRules isn't formated correctly"],
    [
      'a wrong address',
      { ...rules('/me'), allowedIPs: ['here'] },
      '[allowedIPs] Not addresses or CIDR blocks',
    ],
    [
      'a field nobody described',
      { ...rules('/me'), scope: 'all' },
      'Received not described parameters: (scope)',
    ],
  ])('refuses a request with %s', async (_, body, message) => {
    expect(await request(body)).toMatchObject({ status: 400, body: { class: 'Client::BadRequest', message } })
  })

  it('refuses a request of an unknown application', async () => {
    expect(await request(rules('/me'), { 'X-Ovh-Application': 'nobody' })).toMatchObject({
      status: 403,
      body: { message: 'This application key is invalid' },
    })
  })

  it.each([
    [['/okms/*'], 200],
    [['/v2/okms/*'], 200],
    [['/v2/okms/resource'], 200],
    [['/v2/okms/resource/*'], 403],
    [['/v2/*/resource'], 200],
    [['/me', '/v1/*'], 403],
  ])('grants GET /v2/okms/resource under the rules %j with %i', async (paths, status) => {
    const { body } = await request(rules(...paths))
    await fetch(text(body, 'validationUrl'))

    const reply = await clientOf(text(body, 'consumerKey'))('GET', '/v2/okms/resource')

    expect(reply.status).toBe(status)
    if (status === 200) return
    expect(reply.body).toEqual({
      class: 'Client::Forbidden',
      message: 'This call has not been granted',
      details: {
        unauthorizedActionsByAuthentication: 'okms:apiovh:resource/get',
        unauthorizedActionsByIAM: '',
      },
    })
  })
})

describe('service accounts', () => {
  const ask = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(sandbox.info.tokenUrl, { method: 'POST', body: new URLSearchParams(form), headers })
  const full = () => ({
    grant_type: 'client_credentials',
    client_id: sandbox.info.clientId,
    client_secret: sandbox.info.clientSecret,
    scope: 'all',
  })
  const basic = () =>
    `Basic ${Buffer.from(`${sandbox.info.clientId}:${sandbox.info.clientSecret}`).toString('base64')}`

  it('gives a token for a form, with which calls need no signature', async () => {
    const answer = await jsonOf(await ask(full()))
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 3599, scope: 'all' })

    const bo = plainClient(sandbox.info, { Authorization: `Bearer ${text(answer, 'access_token')}` })

    expect(await bo('GET', ME)).toMatchObject({ status: 200 })
    expect((await bo('GET', '/v1/auth/details')).body).toMatchObject({
      method: 'oauth2_client_credentials',
      allowedRoutes: null,
      identities: [`urn:v1:eu:identity:credential:ab12345-ovh/oauth2-${sandbox.info.clientId}`],
    })
    expect(await bo('GET', '/v1/auth/currentCredential')).toMatchObject({ status: 403 })
    await sandbox.control({ advance: '1h' })
    expect(await bo('GET', ME)).toMatchObject({ status: 401, body: { message: 'You must login first' } })
  })

  it('gives a token for HTTP Basic', async () => {
    const answer = await ask({ grant_type: 'client_credentials' }, { Authorization: basic() })

    expect([answer.status, field(await jsonOf(answer), 'token_type')]).toEqual([200, 'Bearer'])
    expect(sandbox.info.tokenUrl.endsWith('oauth2/token')).toBe(true)
  })

  it.each<[string, () => Promise<Response>, number, string]>([
    ['a wrong secret', () => ask({ ...full(), client_secret: 'wrong' }), 401, 'invalid_client'],
    ['an unknown client', () => ask({ ...full(), client_id: 'nobody' }), 401, 'invalid_client'],
    ['another grant', () => ask({ ...full(), grant_type: 'password' }), 400, 'unsupported_grant_type'],
    ['another scope', () => ask({ ...full(), scope: 'some' }), 400, 'invalid_scope'],
    ['the secret twice', () => ask(full(), { Authorization: basic() }), 400, 'invalid_request'],
    [
      'a JSON body',
      () =>
        fetch(sandbox.info.tokenUrl, {
          method: 'POST',
          body: JSON.stringify(full()),
          headers: { 'Content-Type': 'application/json' },
        }),
      400,
      'invalid_request',
    ],
  ])('refuses %s', async (_, call, status, error) => {
    const answer = await call()

    expect([answer.status, field(await jsonOf(answer), 'error')]).toEqual([status, error])
  })

  it('makes another account, lists it, and forgets it with its tokens', async () => {
    const made = await ana('POST', '/v1/me/api/oauth2/client', {
      name: 'second',
      description: 'for a test',
      flow: 'CLIENT_CREDENTIALS',
      callbackUrls: [],
    })
    const clientId = text(made.body, 'clientId')
    const token = await jsonOf(
      await ask({ ...full(), client_id: clientId, client_secret: text(made.body, 'clientSecret') }),
    )
    const bo = plainClient(sandbox.info, { Authorization: `Bearer ${text(token, 'access_token')}` })
    expect(await bo('GET', ME)).toMatchObject({ status: 200 })
    expect((await ana('GET', `/v1/me/api/oauth2/client/${clientId}`)).body).toMatchObject({
      name: 'second',
      identity: `urn:v1:eu:identity:credential:ab12345-ovh/oauth2-${clientId}`,
    })

    await ana('DELETE', `/v1/me/api/oauth2/client/${clientId}`)

    expect(await bo('GET', ME)).toMatchObject({ status: 401 })
    expect((await ana('GET', '/v1/me/api/oauth2/client')).body).toEqual([sandbox.info.clientId])
    expect(await ana('GET', `/v1/me/api/oauth2/client/${clientId}`)).toMatchObject({ status: 404 })
  })
})
