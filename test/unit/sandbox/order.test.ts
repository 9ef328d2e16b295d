import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { type Client, field, list, plainClient, signedClient, text } from './signed-client.js'

const CARTS = '/v1/order/cart'
const OFFER = { planCode: 'okms', duration: 'P1M', pricingMode: 'default', quantity: 1 }
const REGION = { label: 'region', value: 'eu-west-gra' }

let sandbox: Sandbox
let ana: Client
let nobody: Client
beforeAll(async () => {
  sandbox = await startSandbox()
  ana = signedClient(sandbox.info)
  nobody = plainClient(sandbox.info)
})
beforeEach(() => sandbox.control({ deny: [], faults: [], order: { price: 0, takes: '1h' } }))
afterAll(() => sandbox.close())

const cartOf = async (more: object = {}) =>
  text((await nobody('POST', CARTS, { ovhSubsidiary: 'FR', ...more })).body, 'cartId')
async function itemIn(cartId: string): Promise<number> {
  return Number(field((await nobody('POST', `${CARTS}/${cartId}/okms`, OFFER)).body, 'itemId'))
}
async function ready(): Promise<string> {
  const cartId = await cartOf()
  const itemId = await itemIn(cartId)
  await nobody('POST', `${CARTS}/${cartId}/item/${itemId}/configuration`, REGION)
  expect(await ana('POST', `${CARTS}/${cartId}/assign`)).toMatchObject({ status: 200, body: null })
  return cartId
}
const buy = (cartId: string) =>
  ana('POST', `${CARTS}/${cartId}/checkout`, {
    autoPayWithPreferredPaymentMethod: true,
    waiveRetractationPeriod: true,
  })

describe('the catalogue', () => {
  it('tells everybody the regions that can be ordered', async () => {
    const { body } = await nobody('GET', '/v1/order/catalog/public/okms?ovhSubsidiary=FR')
    const [plan] = list(field(body, 'plans'))

    expect(plan).toMatchObject({
      planCode: 'okms',
      configurations: [{ name: 'region', isCustom: false, isMandatory: true }],
    })
    expect(list(field(list(field(plan!, 'configurations'))[0]!, 'values'))).toContain('eu-west-rbx')
  })

  it.each(['', '?ovhSubsidiary=fr', '?ovhSubsidiary=US'])('refuses %j for a subsidiary', async query => {
    expect(await nobody('GET', `/v1/order/catalog/public/okms${query}`)).toMatchObject({ status: 400 })
  })
})

describe('a cart', () => {
  it.each([
    {},
    { ovhSubsidiary: 'fr' },
    { ovhSubsidiary: 'FR', expire: 'tomorrow' },
    { ovhSubsidiary: 'FR', expire: '2020-01-01T00:00:00Z' },
    { ovhSubsidiary: 'FR', note: 'x' },
  ])('is not made of %j', async body => {
    expect(await nobody('POST', CARTS, body)).toMatchObject({ status: 400 })
  })

  it.each([
    { planCode: 'vps' },
    { duration: 'P1Y' },
    { pricingMode: 'upfront12' },
    { quantity: 2 },
    { quantity: undefined },
  ])('takes no item with %j', async change => {
    const cartId = await cartOf()
    expect(await nobody('POST', `${CARTS}/${cartId}/okms`, { ...OFFER, ...change })).toMatchObject({
      status: 400,
    })
  })

  it.each([{ value: 'EU_WEST_RBX' }, { value: 'us-east-vin' }, { label: 'zone' }])(
    'takes no configuration with %j',
    async change => {
      const cartId = await cartOf()
      const path = `${CARTS}/${cartId}/item/${await itemIn(cartId)}/configuration`
      expect(await nobody('POST', path, { ...REGION, ...change })).toMatchObject({ status: 400 })
    },
  )

  it('is found by its description once it is assigned, and by nobody before', async () => {
    const cartId = await cartOf({ description: 'mine' })
    const find = async () => (await ana('GET', `${CARTS}?description=mine`)).body

    expect(await find()).toEqual([])
    await ana('POST', `${CARTS}/${cartId}/assign`)
    expect(await find()).toEqual([cartId])
    expect((await ana('GET', `${CARTS}?description=other`)).body).toEqual([])
    expect(await nobody('GET', CARTS)).toMatchObject({ status: 401 })
    expect(await ana('POST', `${CARTS}/${cartId}/assign`)).toMatchObject({ status: 409 })
  })

  it('of another subsidiary is not assigned, and is forgotten when it expires', async () => {
    const german = text((await nobody('POST', CARTS, { ovhSubsidiary: 'DE' })).body, 'cartId')
    expect(await ana('POST', `${CARTS}/${german}/assign`)).toMatchObject({ status: 400 })

    await sandbox.control({ advance: '25h' })
    expect(await nobody('GET', `${CARTS}/${german}`)).toMatchObject({ status: 404 })
  })
})

describe('a checkout', () => {
  it('is shown before it happens, with price and contracts', async () => {
    await sandbox.control({ order: { price: 10 } })
    const cartId = await ready()

    expect((await ana('GET', `${CARTS}/${cartId}/checkout`)).body).toMatchObject({
      orderId: null,
      url: null,
      prices: { withTax: { value: 12, currencyCode: 'EUR', priceInUcents: 1_200_000_000, text: '12.00 €' } },
      contracts: [{ name: expect.any(String), url: expect.stringContaining('https:') }, {}],
      details: [{ domain: '*', quantity: 1 }],
    })
    expect(sandbox.orders().filter(({ status }) => status === 'checking')).toEqual([])
  })

  it('happens once, and makes the cart read-only', async () => {
    const before = sandbox.orders().length
    const cartId = await ready()

    const first = await buy(cartId)
    expect(first).toMatchObject({ status: 200, body: { orderId: expect.any(Number) } })
    expect(await buy(cartId)).toMatchObject({ status: 409 })
    expect(await ana('GET', `${CARTS}/${cartId}/checkout`)).toMatchObject({ status: 409 })
    expect(await nobody('POST', `${CARTS}/${cartId}/okms`, OFFER)).toMatchObject({ status: 409 })
    expect(await ana('DELETE', `${CARTS}/${cartId}`)).toMatchObject({ status: 409 })
    expect((await nobody('GET', `${CARTS}/${cartId}`)).body).toMatchObject({ readOnly: true })
    expect(field((await nobody('GET', `${CARTS}/${cartId}/summary`)).body, 'orderId')).toBe(
      field(first.body, 'orderId'),
    )
    expect(sandbox.orders()).toHaveLength(before + 1)
  })

  it('is refused for what is not ready, and without the right', async () => {
    const empty = await cartOf()
    await ana('POST', `${CARTS}/${empty}/assign`)
    expect(await buy(empty)).toMatchObject({ status: 400 })
    await itemIn(empty)
    expect(await buy(empty)).toMatchObject({ status: 400 })

    const stray = await cartOf()
    const itemId = await itemIn(stray)
    await nobody('POST', `${CARTS}/${stray}/item/${itemId}/configuration`, REGION)
    expect(await buy(stray)).toMatchObject({ status: 400 })

    const cartId = await ready()
    await sandbox.control({ deny: ['order:apiovh:cart/checkout/execute'] })
    expect(await buy(cartId)).toMatchObject({
      status: 403,
      body: { details: { unauthorizedActionsByIAM: 'order:apiovh:cart/checkout/execute' } },
    })
  })
})

describe('an order', () => {
  const place = async () => Number(field((await buy(await ready())).body, 'orderId'))
  const status = async (orderId: number) => (await ana('GET', `/v1/me/order/${orderId}/status`)).body

  it('is checked, delivered by the clock, and then there is a new OKMS', async () => {
    const orderId = await place()
    expect(await status(orderId)).toBe('checking')
    await sandbox.control({ advance: '30m' })
    expect(await status(orderId)).toBe('delivering')
    const [detail] = list((await ana('GET', `/v1/me/order/${orderId}/details`)).body)
    const path = `/v1/me/order/${orderId}/details/${detail}`
    expect((await ana('GET', path)).body).toMatchObject({ domain: '*' })
    const idsNow = async () =>
      list((await ana('GET', '/v2/okms/resource')).body).map(okms => text(okms, 'id'))
    const before = await idsNow()

    await sandbox.control({ advance: '31m' })

    expect(await status(orderId)).toBe('delivered')
    const okmsId = text((await ana('GET', path)).body, 'domain')
    expect((await ana('GET', `/v2/okms/resource/${okmsId}`)).body).toMatchObject({ region: 'eu-west-gra' })
    expect(before).not.toContain(okmsId)
    expect(await idsNow()).toContain(okmsId)
    expect((await ana('GET', `${path}/extension`)).body).toMatchObject({ order: { plan: { code: 'okms' } } })
  })

  it('waits for its payment when the checkout did not pay', async () => {
    const cartId = await ready()
    const { body } = await ana('POST', `${CARTS}/${cartId}/checkout`, {})
    const orderId = Number(field(body, 'orderId'))
    await sandbox.control({ advance: '2h' })
    expect(await status(orderId)).toBe('notPaid')

    const [method] = list((await ana('GET', '/v1/me/payment/method?default=true')).body)
    const pay = (id: unknown) => ana('POST', `/v1/me/order/${orderId}/pay`, { paymentMethod: { id } })
    expect(await pay(1)).toMatchObject({ status: 400 })
    expect(await pay(method)).toMatchObject({ status: 200 })
    expect(await pay(method)).toMatchObject({ status: 409 })
    await sandbox.control({ advance: '2h' })
    expect(await status(orderId)).toBe('delivered')
  })

  it('delivers a service that can be given a name', async () => {
    const orderId = await place()
    await sandbox.control({ advance: '2h' })
    const { okmsId } = sandbox.orders().find(order => order.orderId === orderId)!
    const [serviceId] = list((await ana('GET', `/v1/services?resourceName=${okmsId}`)).body)

    await ana('PUT', `/v1/services/${serviceId}`, { displayName: 'new-kms' })

    const { body } = await ana('GET', `/v2/okms/resource/${okmsId}`)
    expect(field(field(body, 'iam'), 'displayName')).toBe('new-kms')
    expect(await ana('PUT', '/v1/services/1', { displayName: 'x' })).toMatchObject({ status: 404 })
  })

  it('that is none is not there', async () => {
    expect(await ana('GET', '/v1/me/order/1/status')).toMatchObject({ status: 404 })
    expect(await ana('GET', '/v1/me/order/one')).toMatchObject({ status: 400 })
  })
})
