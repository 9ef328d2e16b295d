import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Secret } from '../../../src/core/secret.js'
import { type FakeApi, fakeApi, json, testClient } from './fake-api.js'

const thing = { method: 'GET', path: '/v2/thing', schema: z.unknown() } as const
const HOUR_MS = 3_600_000

/** Tokens `t1`, `t2` …; only the newest is taken. */
async function api(): Promise<FakeApi & { issued(): number; revoke(): void }> {
  let issued = 0
  let revoked = false
  const fake = await fakeApi((call, response) => {
    if (call.url === '/auth/oauth2/token') {
      const form = new URLSearchParams(call.body)
      const isRight =
        call.method === 'POST' &&
        call.headers['content-type'] === 'application/x-www-form-urlencoded' &&
        form.get('grant_type') === 'client_credentials' &&
        form.get('client_id') === 'EU.abc' &&
        form.get('client_secret') === 's/e+c=r&t' &&
        form.get('scope') === 'all'
      if (!isRight) return json(response, 400, { error: 'invalid_client', error_description: 'no' })
      issued++
      revoked = false
      return json(response, 200, {
        access_token: `t${issued}`,
        token_type: 'Bearer',
        expires_in: 3599,
        scope: 'all',
      })
    }
    if (revoked || call.headers.authorization !== `Bearer t${issued}`) {
      return json(response, 401, { class: 'Client::Unauthorized', message: 'You must login first' })
    }
    return json(response, 200, { ok: true })
  })
  return {
    ...fake,
    issued: () => issued,
    revoke: () => {
      revoked = true
    },
  }
}

const authAt = (fake: FakeApi, secret = 's/e+c=r&t') => ({
  way: 'client' as const,
  clientId: 'EU.abc',
  clientSecret: new Secret(secret),
  tokenUrl: `${fake.origin}/auth/oauth2/token`,
})

describe('a service account', () => {
  it('asks one token for many callers at once and keeps it', async () => {
    const fake = await api()
    const { client } = testClient(fake, { auth: authAt(fake) })

    await Promise.all(Array.from({ length: 20 }, () => client.request(thing)))
    await client.request(thing)

    expect(fake.issued()).toBe(1)
  })

  it('renews the token a minute before its end', async () => {
    const fake = await api()
    const { client, clock } = testClient(fake, { auth: authAt(fake) })
    await client.request(thing)

    clock.moveTo(Date.now() + HOUR_MS - 90_000)
    await client.request(thing)
    expect(fake.issued()).toBe(1)

    clock.moveTo(Date.now() + HOUR_MS - 30_000)
    await client.request(thing)
    expect(fake.issued()).toBe(2)
  })

  it('fetches one new token when several calls are told to log in again, and repeats even a POST', async () => {
    const fake = await api()
    const { client } = testClient(fake, { auth: authAt(fake) })
    await client.request(thing)
    fake.revoke()

    const answers = await Promise.all([
      client.request(thing),
      client.request({ ...thing, method: 'POST', body: {} }),
      client.request({ ...thing, method: 'DELETE' }),
    ])

    expect(answers.map(answer => answer.data)).toEqual([{ ok: true }, { ok: true }, { ok: true }])
    expect(fake.issued()).toBe(2)
  })

  it('renews once only when the new token is refused as well', async () => {
    const fake = await fakeApi((call, response) => {
      if (call.url === '/auth/oauth2/token') json(response, 200, { access_token: 'x', expires_in: 3599 })
      else json(response, 401, { message: 'You must login first' })
    })
    const { client } = testClient(fake, { auth: authAt(fake) })

    await expect(client.request(thing)).rejects.toMatchObject({
      code: 'ovh.unauthenticated',
      details: { status: 401 },
    })
    expect(fake.to('/auth/')).toHaveLength(2)
    expect(fake.to('/v2/')).toHaveLength(2)
  })

  it('says which settings to check when id and secret are refused', async () => {
    const fake = await api()
    const { client } = testClient(fake, { auth: authAt(fake, 'wrong') })

    await expect(client.request(thing)).rejects.toMatchObject({
      code: 'ovh.unauthenticated',
      message: "OVHcloud did not accept the service account's id and secret.",
      hint: expect.stringContaining('OVH_CLIENT_SECRET'),
      details: { status: 400, class: 'invalid_client', vendorMessage: 'no', sent: false },
    })
    expect(fake.to('/v2/')).toHaveLength(0)
  })

  it('survives a token address that is down for a moment', async () => {
    const fake = await fakeApi((call, response) => {
      if (call.url !== '/auth/oauth2/token') json(response, 200, null)
      else if (call.before === 0) response.destroy()
      else json(response, 200, { access_token: 'x', expires_in: 3599 })
    })
    const { client } = testClient(fake, { auth: authAt(fake) })

    await client.request({ ...thing, method: 'POST', body: {} })

    expect(fake.to('/v2/')).toHaveLength(1)
  })

  it('lets a caller leave while the token is under way, and the others have it', async () => {
    let release = () => {}
    const fake = await fakeApi((call, response) => {
      if (call.url !== '/auth/oauth2/token') return json(response, 200, { ok: true })
      release = () => json(response, 200, { access_token: 'x', expires_in: 3599 })
    })
    const { client } = testClient(fake, { auth: authAt(fake) })
    const leaving = new AbortController()

    const left = client.request({ ...thing, signal: leaving.signal })
    const stays = client.request(thing)
    await expect.poll(() => fake.calls.length).toBe(1)
    leaving.abort()
    await expect(left).rejects.toMatchObject({
      code: 'ovh.unreachable',
      details: { cause: 'aborted', sent: false },
    })
    release()

    expect((await stays).data).toEqual({ ok: true })
  })

  it('needs to be told the token address at a base URL', () => {
    const auth = { way: 'client' as const, clientId: 'EU.abc', clientSecret: new Secret('x'), tokenUrl: null }

    expect(() => testClient({ origin: 'http://127.0.0.1:1' }, { auth })).toThrow(
      expect.objectContaining({ code: 'input.invalid', hint: 'Set OVH_TOKEN_URL.' }),
    )
  })
})
