import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Secret } from '../../../src/core/secret.js'
import type { OvhAuthentication } from '../../../src/ovh/auth.js'
import { createOkms } from '../../../src/ovh/okms.js'
import { type Call, fakeApi, type Handler, json, TOKEN, testClient } from './fake-api.js'

const CANARIES = {
  applicationSecret: 'canary-application-secret-1',
  consumerKey: 'canary-consumer-key-2',
  clientSecret: 'canary-client-secret-3',
  token: 'canary-oauth-token-4',
  accessToken: TOKEN,
  privateKey: 'canary-private-key-5',
}
const PEM = `-----BEGIN EC PRIVATE KEY-----\n${CANARIES.privateKey}\n-----END EC PRIVATE KEY-----\n`

const echo = (call: Call) => `You sent ${JSON.stringify(call.headers)} ${call.body} and ${PEM}`

/** Servers that give back what they were sent, in every way an answer can be wrong. */
const INDISCREET: [string, Handler][] = [
  [
    'a refusal that quotes the call',
    (call, response) => json(response, 403, { message: echo(call), class: echo(call) }),
  ],
  [
    'an IAM refusal that quotes it',
    (call, response) =>
      json(response, 403, { message: 'x', details: { unauthorizedActionsByIAM: echo(call) } }),
  ],
  [
    'an old refusal that quotes it',
    (call, response) => json(response, 400, { errorCode: echo(call), message: echo(call) }),
  ],
  [
    'a page that quotes it',
    (call, response) => response.writeHead(500).end(`<html><title>${echo(call)}</title></html>`),
  ],
  [
    'broken JSON with a key',
    (_, response) => response.writeHead(200).end(`{"privateKeyPEM": ${JSON.stringify(PEM)}, oops`),
  ],
  [
    'a key in the wrong place',
    (_, response) => json(response, 200, { id: 7, status: PEM, privateKeyPEM: PEM }),
  ],
  ['a key and no id', (_, response) => json(response, 200, { privateKeyPEM: PEM })],
  [
    'a key cut off',
    (_, response) =>
      void response.writeHead(200, { 'content-length': 999 }).write(PEM, () => response.destroy()),
  ],
  ['silence', () => {}],
]

/** A whole life of failures, as text: messages, details, records, causes, inspection, log. */
async function everythingTold(auth: (origin: string) => OvhAuthentication, handle: Handler): Promise<string> {
  const api = await fakeApi((call, response) => {
    if (call.url === '/v1/auth/time') json(response, 200, Math.floor(Date.now() / 1000))
    else if (call.url === '/token') json(response, 200, { access_token: CANARIES.token, expires_in: 3599 })
    else handle(call, response)
  })
  const { client, heard } = testClient(api, { auth: auth(api.origin), timeoutMs: 200 })
  const okms = createOkms(client)
  const request = { name: 'x', description: '', identityUrns: [], validityDays: 1 }
  const failures = await Promise.all([
    okms.list().catch(error => error),
    okms.createCredential('a', request).catch(error => error),
    client.request({ method: 'PUT', path: '/v2/x', body: {}, schema: z.number() }).catch(error => error),
  ])
  const told = failures.map(failure => {
    expect(failure).toMatchObject({ name: 'BotError' })
    return [
      inspect(failure, { depth: 20, showHidden: true }),
      JSON.stringify(failure.toRecord()),
      failure.stack,
    ]
  })
  return JSON.stringify(told) + inspect(heard, { depth: 20 }) + inspect(client, { depth: 20 })
}

const WAYS: Record<string, (origin: string) => OvhAuthentication> = {
  'signature keys': () => ({
    way: 'application',
    applicationKey: 'public',
    applicationSecret: new Secret(CANARIES.applicationSecret),
    consumerKey: new Secret(CANARIES.consumerKey),
  }),
  'a service account': origin => ({
    way: 'client',
    clientId: 'public',
    clientSecret: new Secret(CANARIES.clientSecret),
    tokenUrl: `${origin}/token`,
  }),
  'an access token': () => ({ way: 'token', accessToken: new Secret(CANARIES.accessToken) }),
}

describe.each(Object.keys(WAYS))('with %s', way => {
  it.each(INDISCREET)('nothing secret is told after %s', async (_, handle) => {
    const told = await everythingTold(WAYS[way]!, handle)

    for (const canary of Object.values(CANARIES)) expect(told).not.toContain(canary)
  })
})

it('nothing secret is told when the token address quotes the call', async () => {
  const api = await fakeApi((call, response) =>
    json(response, 401, { error: echo(call), error_description: decodeURIComponent(call.body) }),
  )
  const { client, heard } = testClient(api, { auth: WAYS['a service account']!(api.origin) })

  const failure = await client
    .request({ method: 'GET', path: '/v2/x', schema: z.unknown() })
    .catch(error => error)

  expect(failure).toMatchObject({ code: 'ovh.unauthenticated' })
  const told = inspect([failure, failure.toRecord(), heard], { depth: 20 })
  for (const canary of Object.values(CANARIES)) expect(told).not.toContain(canary)
})
