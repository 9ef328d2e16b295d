/** The ordering port against the stand-in: each verb, what is found again, and the rights it names. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { realClock } from '../../../src/core/ports/clock.js'
import type { OrderPort } from '../../../src/core/ports/order.js'
import type { OvhClient } from '../../../src/ovh/client.js'
import { createOrder } from '../../../src/ovh/order.js'
import { RIGHTS } from '../../../src/ovh/rights.js'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { sandboxClient } from './sandbox-client.js'

let sandbox: Sandbox
let client: OvhClient
let port: OrderPort
beforeAll(async () => {
  sandbox = await startSandbox()
  client = sandboxClient(sandbox)
  port = createOrder(client)
})
beforeEach(() => sandbox.control({ deny: [], faults: [], order: { takes: '1h' } }))
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

const expiresAt = () => new Date(realClock.now() + 86_400_000).toISOString()
const make = (description: string) =>
  port.createCart({ subsidiary: 'FR', description, expiresAt: expiresAt() })
async function bought(description: string) {
  const { cartId } = await make(description)
  await port.chooseRegion(cartId, await port.addOkms(cartId), 'eu-west-par')
  return { cartId, ...(await port.checkOut(cartId)) }
}

it('carries an OKMS from the catalogue to its delivery', async () => {
  expect(await port.catalogue()).toEqual({
    subsidiary: 'FR',
    regions: expect.arrayContaining(['eu-west-par']),
  })
  const { cartId } = await make('one')
  const itemId = await port.addOkms(cartId)
  expect(await port.hasRegion(cartId, itemId)).toBe(false)
  await port.chooseRegion(cartId, itemId, 'eu-west-par')
  expect(await port.hasRegion(cartId, itemId)).toBe(true)
  expect(await port.quote(cartId)).toMatchObject({ withTax: '0.00 €', value: 0, currency: 'EUR' })
  expect(await port.orderOf(cartId)).toBeNull()

  const placed = await port.checkOut(cartId)
  expect(await port.orderOf(cartId)).toEqual(placed)
  expect(await port.status(placed.orderId)).toBe('checking')
  expect(await port.deliveredOkms(placed.orderId)).toBeNull()

  await sandbox.control({ advance: '2h' })
  expect(await port.status(placed.orderId)).toBe('delivered')
  expect(await port.deliveredOkms(placed.orderId)).toMatch(/^[0-9a-f-]{36}$/)
})

it('finds a cart by its whole description, and tells whether it was checked out', async () => {
  const { cartId } = await make('[okms-bot 7F3K9Q2M]')
  expect(await port.findCart('[okms-bot 7F3K9Q2M]')).toMatchObject({ cartId, readOnly: false })
  expect(await port.findCart('[okms-bot')).toBeNull()
  const { cartId: second } = await bought('two')
  expect(await port.cart(second)).toMatchObject({ readOnly: true })
})

it('never repeats a checkout by itself, and is refused a second one', async () => {
  const before = sandbox.orders().length
  const { cartId } = await make('three')
  await port.chooseRegion(cartId, await port.addOkms(cartId), 'eu-west-par')
  const route = 'POST /v1/order/cart/{cartId}/checkout'
  await sandbox.control({ faults: [{ route, do: 'cut-before', times: 1 }] })
  await expect(port.checkOut(cartId)).rejects.toMatchObject({ code: 'ovh.unreachable' })
  expect(sandbox.orders()).toHaveLength(before)

  await port.checkOut(cartId)
  await expect(port.checkOut(cartId)).rejects.toMatchObject({ code: 'ovh.conflict' })
  expect(sandbox.orders()).toHaveLength(before + 1)
})

it('puts a cart away, and one that is gone is fine', async () => {
  const { cartId } = await make('four')
  expect(await port.discard(cartId)).toBe('discarded')
  expect(await port.discard(cartId)).toBe('gone')
  expect(await port.cart(cartId)).toBeNull()
})

it('needs no right that is not in the list of rights', async () => {
  const { cartId, orderId } = await bought('five')
  const open = await make('six')
  await port.chooseRegion(open.cartId, await port.addOkms(open.cartId), 'eu-west-par')
  const calls: [string, () => Promise<unknown>][] = [
    ['account:apiovh:me/get', () => port.catalogue()],
    ['order:apiovh:cart/get', () => port.findCart('x')],
    ['order:apiovh:cart/assign', () => make('seven')],
    ['order:apiovh:cart/delete', () => port.discard(cartId)],
    ['order:apiovh:cart/checkout/simulate', () => port.quote(open.cartId)],
    ['order:apiovh:cart/checkout/execute', () => port.checkOut(open.cartId)],
    ['account:apiovh:me/order/status/get', () => port.status(orderId)],
    ['account:apiovh:me/order/details/get', () => port.deliveredOkms(orderId)],
    ['account:apiovh:me/order/details/extension/get', () => port.deliveredOkms(orderId)],
  ]
  const missing: unknown[] = []
  for (const [action, call] of calls) {
    await sandbox.control({ deny: [action] })
    await call().catch(({ details }) => missing.push(details.missingActions))
  }

  expect(missing).toEqual(calls.map(([action]) => action))
  const named = RIGHTS.filter(right => 'only' in right && right.only === '/okms order')
  expect(named.map(({ action }) => action).sort()).toEqual([...missing].sort())
})
