import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { type Client, field, type Json, list, signedClient, text } from './signed-client.js'

let sandbox: Sandbox
let ana: Client
let path: string
beforeAll(async () => {
  sandbox = await startSandbox()
  ana = signedClient(sandbox.info)
  path = `/v2/okms/resource/${sandbox.info.okmsIds[0]}/serviceKey`
})
afterAll(() => sandbox.close())

const OCT = { name: 'disk', type: 'oct', size: 256, operations: ['encrypt', 'decrypt'] }
const EC = { name: 'release', type: 'EC', curve: 'P-256', operations: ['sign', 'verify'] }

async function create(body: Record<string, unknown> = OCT): Promise<string> {
  const reply = await ana('POST', path, body)
  expect(reply).toMatchObject({ status: 200 })
  return text(reply.body, 'id')
}
const state = async (id: string) => field((await ana('GET', `${path}/${id}`)).body, 'state')

/** A private key as a JSON Web Key, ready to be sent. */
function jwk(kind: 'rsa' | 'ec'): Record<string, unknown> {
  const { privateKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid: 'mine', key_ops: ['sign', 'verify'], ...privateKey.export({ format: 'jwk' }) }
}

describe('creating', () => {
  it('makes an active key, as the schema writes it', async () => {
    const { body } = await ana('POST', path, { ...OCT, context: 'vm-42' })

    const key = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'disk',
      type: 'oct',
      state: 'ACTIVE',
      createdAt: expect.stringMatching(/\.\d{6}\+02:00$/),
      size: 256,
      curve: null,
      operations: ['encrypt', 'decrypt'],
      keys: null,
      keysPEM: null,
    }
    expect(body).toEqual(key)
    const iam = { urn: expect.stringMatching(/:okms:[0-9a-f-]{36}\/serviceKey\/[0-9a-f-]{36}$/) }
    expect((await ana('GET', `${path}/${text(body, 'id')}`)).body).toMatchObject({ ...key, iam })
    expect(list((await ana('GET', path)).body).at(-1)).toMatchObject({ ...key, iam })
  })

  it('shows the public part of a key in both formats, and nothing of a symmetric one', async () => {
    const [ec, oct] = [await create(EC), await create()]
    const inFormat = async (id: string, format: string) =>
      (await ana('GET', `${path}/${id}?format=${format}`)).body

    const asJwk = list(field(await inFormat(ec, 'JWK'), 'keys'))[0] as Record<string, string>
    const asPem = text(list(field(await inFormat(ec, 'PEM'), 'keysPEM'))[0]!, 'pem')

    expect(createPublicKey({ key: asJwk, format: 'jwk' }).equals(createPublicKey(asPem))).toBe(true)
    expect(asJwk).toMatchObject({ kty: 'EC', kid: ec, key_ops: ['sign', 'verify'] })
    expect(asJwk).not.toHaveProperty('d')
    expect(field(await inFormat(oct, 'JWK'), 'keys')).toEqual([
      { kty: 'oct', kid: oct, key_ops: ['encrypt', 'decrypt'] },
    ])
    expect(field(await inFormat(oct, 'PEM'), 'keysPEM')).toBeNull()
    expect(await ana('GET', `${path}/${oct}?format=DER`)).toMatchObject({ status: 400 })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['no name', { ...OCT, name: undefined }, 'NameMinRequired'],
    ['an empty name', { ...OCT, name: '' }, 'NameMinRequired'],
    ['a name of 33 characters', { ...OCT, name: 'x'.repeat(33) }, 'NameMaxExceeded'],
    ['a name with an accent', { ...OCT, name: 'clé' }, 'NameInvalidCharacter'],
    ['a long context', { ...OCT, context: 'x'.repeat(65) }, 'ContextMaxExceeded'],
    ['a context with a line break', { ...OCT, context: 'a\nb' }, 'ContextInvalidCharacter'],
    ['no type', { name: 'x' }, 'TypeRequired'],
    ['no size', { ...OCT, size: undefined }, 'SizeRequired'],
    ['an RSA size for oct', { ...OCT, size: 2048 }, 'SizeInvalid'],
    ['a curve for oct', { ...OCT, curve: 'P-256' }, 'CurveIncompatible'],
    ['no curve', { ...EC, curve: undefined }, 'CurveRequired'],
    ['a size for EC', { ...EC, size: 256 }, 'SizeIncompatible'],
    ['no operations', { ...OCT, operations: undefined }, 'OperationsRequired'],
    ['half a pair', { ...OCT, operations: ['encrypt'] }, 'OperationsInvalid'],
    ['two halves', { ...OCT, operations: ['encrypt', 'verify'] }, 'OperationsInvalid'],
    ['operations of another type', { ...OCT, operations: ['sign', 'verify'] }, 'OperationsIncompatible'],
  ])('refuses %s', async (_, body, word) => {
    const before = list((await ana('GET', path)).body).length

    const reply = await ana('POST', path, body)

    expect(reply).toMatchObject({ status: 400, body: { class: `Client::BadRequest::ServiceKey${word}` } })
    expect(list((await ana('GET', path)).body)).toHaveLength(before)
  })

  it.each([
    { ...OCT, type: 'AES' },
    { ...OCT, size: 100 },
    { ...EC, curve: 'P-224' },
    { ...OCT, operations: ['mac'] },
  ])('refuses a value outside its enum: %j', async body => {
    expect(await ana('POST', path, body)).toMatchObject({
      status: 400,
      body: { class: 'Client::BadRequest' },
    })
  })
})

describe('importing', () => {
  it.each([
    [
      'oct',
      () => ({
        kty: 'oct',
        kid: 'mine',
        k: randomBytes(32).toString('base64url'),
        key_ops: ['wrapKey', 'unwrapKey'],
      }),
      { size: 256, curve: null },
    ],
    ['RSA', () => jwk('rsa'), { size: 2048, curve: null }],
    ['EC', () => jwk('ec'), { size: null, curve: 'P-256' }],
  ])('takes a key of type %s', async (type, key, shape) => {
    const reply = await ana('POST', path, { name: 'brought', keys: [key()] })

    expect(reply).toMatchObject({ status: 200, body: { type, name: 'brought', state: 'ACTIVE', ...shape } })
  })

  it('shows the public part of what was imported and keeps no other', async () => {
    const key = jwk('ec')
    const id = await create({ name: 'brought', keys: [key] })

    const shown = list(field((await ana('GET', `${path}/${id}?format=JWK`)).body, 'keys'))[0]!

    expect(shown).toMatchObject({ x: key.x, y: key.y, crv: 'P-256' })
    expect(shown).not.toHaveProperty('d')
  })

  const oct = (change: Record<string, unknown> = {}) => ({
    kty: 'oct',
    kid: 'mine',
    k: randomBytes(16).toString('base64url'),
    key_ops: ['encrypt', 'decrypt'],
    ...change,
  })
  it.each<[string, () => Record<string, unknown>, string]>([
    ['a type beside keys', () => ({ type: 'oct', keys: [oct()] }), 'KeysIncompatible'],
    ['no key', () => ({ keys: [] }), 'KeysMinRequired'],
    ['two keys', () => ({ keys: [oct(), oct()] }), 'KeysMaxExceeded'],
    ['no kty', () => ({ keys: [oct({ kty: undefined })] }), 'KtyRequired'],
    ['no kid', () => ({ keys: [oct({ kid: null })] }), 'KidRequired'],
    ['no key_ops', () => ({ keys: [oct({ key_ops: null })] }), 'KeyOpsRequired'],
    [
      'key_ops of another type',
      () => ({ keys: [oct({ key_ops: ['sign', 'verify'] })] }),
      'KeyOpsInvalidUsage',
    ],
    ['a use that does not go with key_ops', () => ({ keys: [oct({ use: 'sig' })] }), 'UseInconsistentUsage'],
    ['no k', () => ({ keys: [oct({ k: null })] }), 'KRequired'],
    ['a k of 10 bytes', () => ({ keys: [oct({ k: 'AAAAAAAAAAAAAA' })] }), 'KInvalidFormat'],
    ['a k that is no base64url', () => ({ keys: [oct({ k: 'a+b=' })] }), 'KInvalidFormat'],
    ['no d', () => ({ keys: [{ ...jwk('ec'), d: undefined }] }), 'DRequired'],
    ['no curve', () => ({ keys: [{ ...jwk('ec'), crv: undefined }] }), 'CrvRequired'],
    ['a short x', () => ({ keys: [{ ...jwk('ec'), x: 'AAAA' }] }), 'XInvalidFormat'],
    ['the d of another key', () => ({ keys: [{ ...jwk('ec'), d: jwk('ec').d }] }), 'DInvalidFormat'],
    ['no prime', () => ({ keys: [{ ...jwk('rsa'), q: undefined }] }), 'QRequired'],
  ])('refuses %s', async (_, keys, word) => {
    const reply = await ana('POST', path, { name: 'brought', ...keys() })

    expect(reply).toMatchObject({ status: 400, body: { class: `Client::BadRequest::ServiceKey${word}` } })
  })

  it('refuses an RSA key of 1024 bits', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const keys = [{ kid: 'mine', key_ops: ['sign', 'verify'], ...privateKey.export({ format: 'jwk' }) }]

    expect(await ana('POST', path, { name: 'small', keys })).toMatchObject({
      body: { class: 'Client::BadRequest::ServiceKeyNInvalidSize' },
    })
  })
})

describe('states', () => {
  const put = (id: string, body: unknown) => ana('PUT', `${path}/${id}`, body)
  const refused = (word: string) => ({
    status: 400,
    body: { class: `Client::BadRequest::ServiceKeyDeactivationReason${word}` },
  })

  it('deactivates with a reason, activates again, and renames', async () => {
    const id = await create()

    expect(await put(id, { state: 'DEACTIVATED', deactivationReason: 'SUPERSEDED' })).toMatchObject({
      status: 200,
      body: { state: 'DEACTIVATED' },
    })
    expect(await put(id, { state: 'ACTIVE' })).toMatchObject({ body: { state: 'ACTIVE' } })
    expect(await put(id, { name: 'archive' })).toMatchObject({ body: { state: 'ACTIVE', name: 'archive' } })
  })

  it('refuses reasons that are missing or do not fit, and changes nothing then', async () => {
    const id = await create()

    expect(await put(id, { state: 'DEACTIVATED' })).toMatchObject(refused('Required'))
    expect(await put(id, { state: 'COMPROMISED' })).toMatchObject(refused('Required'))
    expect(await put(id, { name: 'new', deactivationReason: 'UNSPECIFIED' })).toMatchObject(
      refused('Incompatible'),
    )
    expect(await put(id, { state: 'ACTIVE', deactivationReason: 'UNSPECIFIED' })).toMatchObject(
      refused('Incompatible'),
    )
    expect(await put(id, { state: 'COMPROMISED', deactivationReason: 'SUPERSEDED' })).toMatchObject(
      refused('IncompatibleReason'),
    )
    expect(await put(id, { state: 'DESTROYED' })).toMatchObject({ status: 400 })
    expect((await ana('GET', `${path}/${id}`)).body).toMatchObject({ name: 'disk', state: 'ACTIVE' })
  })

  it('does not let a compromised key come back', async () => {
    const id = await create()

    expect(await put(id, { state: 'COMPROMISED', deactivationReason: 'KEY_COMPROMISE' })).toMatchObject({
      status: 200,
    })

    expect(await put(id, { state: 'ACTIVE' })).toMatchObject({
      status: 400,
      body: { class: 'Client::BadRequest' },
    })
    expect(await state(id)).toBe('COMPROMISED')
  })

  it('deletes only what is not active; deactivating twice does no harm', async () => {
    const id = await create()
    expect(await ana('DELETE', `${path}/${id}`)).toMatchObject({ status: 400 })

    for (const _ of ['first', 'second']) {
      expect(await put(id, { state: 'DEACTIVATED', deactivationReason: 'UNSPECIFIED' })).toMatchObject({
        status: 200,
      })
    }

    expect(await ana('DELETE', `${path}/${id}`)).toMatchObject({ status: 200, body: null })
    expect(await ana('GET', `${path}/${id}`)).toMatchObject({
      status: 404,
      body: { class: 'Client::NotFound' },
    })
  })

  it('refuses every key route of an OKMS that has ended, and no credential route', async () => {
    const ended = sandbox.info.okmsIds[1]!
    await sandbox.control({ okms: { id: ended, state: 'EXPIRED' } })

    const keys = await ana('GET', `/v2/okms/resource/${ended}/serviceKey`)
    const credentials = await ana('GET', `/v2/okms/resource/${ended}/credential`)

    expect(keys).toMatchObject({ status: 400, body: { class: 'Client::BadRequest::OKMSExpired' } })
    expect(credentials.status).toBe(200)
    const okms: Json = (await ana('GET', `/v2/okms/resource/${ended}`)).body
    expect(okms).toMatchObject({ iam: { state: 'EXPIRED' } })
  })
})
