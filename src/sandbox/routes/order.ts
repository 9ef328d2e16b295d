/** `/v1/order`: the catalogue and the cart of an OKMS (OVHcloud API v1 schema, `order.*`). */

import { z } from 'zod'
import { checkBody } from '../body.js'
import type { Cart, CartItem } from '../carts.js'
import { formatInstant } from '../instants.js'
import {
  cartCreation,
  cartUpdate,
  checkout,
  configurationCreation,
  PLAN,
  productCreation,
  readSubsidiary,
} from '../order-schemas.js'
import type { OrderRecord } from '../orders.js'
import { orderPrices, priceOf } from '../prices.js'
import { REGION_IDS } from '../regions.js'
import { type Route, route } from '../router.js'
import { readLong } from '../v1.js'
import type { World } from '../world.js'

const CARTS = '/v1/order/cart'
const CART = `${CARTS}/{cartId}`
const ITEM = `${CART}/item/{itemId}`

type Params = Readonly<Record<string, string>>

export function orderRoutes(world: World): Route[] {
  const { carts } = world
  const cartOf = (params: Params) => carts.get(params.cartId!)
  const itemOf = (params: Params) => carts.item(cartOf(params), readLong('itemId', params.itemId!))
  return [
    route({
      method: 'GET',
      path: '/v1/order/catalog/public/okms',
      access: 'public',
      handler({ query }) {
        const { ovhSubsidiary } = checkBody(z.object({ ovhSubsidiary: readSubsidiary }), {
          ovhSubsidiary: query.get('ovhSubsidiary') ?? undefined,
        })
        return catalogue(ovhSubsidiary, carts.price)
      },
    }),
    route({
      method: 'GET',
      path: CARTS,
      iam: ['order:apiovh:cart/get'],
      handler: ({ query }) => carts.list(query.get('description')).map(({ cartId }) => cartId),
    }),
    route({
      method: 'POST',
      path: CARTS,
      access: 'public',
      body: cartCreation,
      handler: ({ body }) => encodeCart(carts.create(body)),
    }),
    route({
      method: 'GET',
      path: CART,
      access: 'public',
      handler: ({ params }) => encodeCart(cartOf(params)),
    }),
    route({
      method: 'PUT',
      path: CART,
      access: 'public',
      body: cartUpdate,
      handler({ params, body }) {
        const cart = cartOf(params)
        carts.update(cart, body)
        return encodeCart(cart)
      },
    }),
    route({
      method: 'DELETE',
      path: CART,
      iam: ['order:apiovh:cart/delete'],
      handler({ params }) {
        carts.remove(cartOf(params))
        return null
      },
    }),
    route({
      method: 'POST',
      path: `${CART}/assign`,
      iam: ['order:apiovh:cart/assign'],
      handler({ params }) {
        carts.assign(cartOf(params))
        return null
      },
    }),
    route({
      method: 'GET',
      path: `${CART}/okms`,
      access: 'public',
      handler({ params }) {
        cartOf(params)
        return [offer(carts.price)]
      },
    }),
    route({
      method: 'POST',
      path: `${CART}/okms`,
      access: 'public',
      body: productCreation,
      handler({ params, body }) {
        const cart = cartOf(params)
        return encodeItem(cart, carts.add(cart, body), carts.price)
      },
    }),
    route({
      method: 'GET',
      path: `${CART}/item`,
      access: 'public',
      handler: ({ params }) => cartOf(params).items.map(({ itemId }) => itemId),
    }),
    route({
      method: 'GET',
      path: ITEM,
      access: 'public',
      handler: ({ params }) => encodeItem(cartOf(params), itemOf(params), carts.price),
    }),
    route({
      method: 'DELETE',
      path: ITEM,
      access: 'public',
      handler({ params }) {
        carts.removeItem(cartOf(params), itemOf(params))
        return null
      },
    }),
    route({
      method: 'GET',
      path: `${ITEM}/configuration`,
      access: 'public',
      handler({ params, query }) {
        const label = query.get('label')
        return itemOf(params)
          .configurations.filter(one => label === null || one.label === label)
          .map(({ id }) => id)
      },
    }),
    route({
      method: 'POST',
      path: `${ITEM}/configuration`,
      access: 'public',
      body: configurationCreation,
      handler: ({ params, body }) => carts.configure(cartOf(params), itemOf(params), body),
    }),
    route({
      method: 'GET',
      path: `${ITEM}/requiredConfiguration`,
      access: 'public',
      handler({ params }) {
        itemOf(params)
        return [{ label: 'region', required: true, type: 'string', fields: [...REGION_IDS] }]
      },
    }),
    // The schema gives it an order id; that it is there for a cart that was checked out is our reading.
    route({
      method: 'GET',
      path: `${CART}/summary`,
      access: 'public',
      handler({ params }) {
        const cart = cartOf(params)
        return encodeOrder(cart, cart.order?.price ?? carts.price, cart.order)
      },
    }),
    route({
      method: 'GET',
      path: `${CART}/checkout`,
      iam: ['order:apiovh:cart/checkout/simulate'],
      handler({ params }) {
        const cart = cartOf(params)
        carts.demandReady(cart)
        return encodeOrder(cart, carts.price, null)
      },
    }),
    route({
      method: 'POST',
      path: `${CART}/checkout`,
      iam: ['order:apiovh:cart/checkout/execute'],
      body: checkout,
      handler({ params, body }) {
        const cart = cartOf(params)
        return encodeOrder(cart, carts.price, carts.checkOut(cart, body))
      },
    }),
  ]
}

export const orderUrl = (orderId: number) =>
  `https://www.ovh.com/cgi-bin/order/display-order.cgi?orderId=${orderId}`

const REGION_CONFIGURATION = {
  name: 'region',
  isCustom: false,
  isMandatory: true,
  values: [...REGION_IDS],
}

/** `order.catalog.public.Catalog`, with the fields that tell something about the one plan. */
function catalogue(subsidiary: string, price: number) {
  return {
    catalogId: 1,
    locale: { currencyCode: 'EUR', subsidiary, taxRate: 20 },
    products: [{ name: PLAN.planCode, description: 'OVHcloud KMS', configurations: null }],
    plans: [
      {
        planCode: PLAN.planCode,
        invoiceName: 'OVHcloud KMS',
        product: PLAN.planCode,
        pricingType: 'rental',
        configurations: [REGION_CONFIGURATION],
        pricings: [
          {
            capacities: ['installation', 'renew'],
            description: 'Monthly fees',
            interval: 1,
            intervalUnit: 'month',
            mode: PLAN.pricingMode,
            phase: 1,
            price: priceOf(price).priceInUcents,
            tax: 0,
            type: 'rental',
            commitment: 0,
            strategy: 'tiered',
            quantity: { min: 1, max: 1 },
            repeat: { min: 1, max: null },
          },
        ],
        addonFamilies: [],
      },
    ],
    addons: [],
    planFamilies: [],
  }
}

/** `order.cart.GenericProductDefinition` */
function offer(price: number) {
  return {
    planCode: PLAN.planCode,
    productName: 'okms',
    productType: 'cloud_service',
    prices: [
      {
        capacities: ['installation', 'renew'],
        description: 'Monthly fees',
        duration: PLAN.duration,
        interval: 1,
        minimumQuantity: 1,
        maximumQuantity: 1,
        minimumRepeat: 1,
        maximumRepeat: null,
        price: priceOf(price),
        priceInUcents: priceOf(price).priceInUcents,
        pricingMode: PLAN.pricingMode,
        pricingType: 'rental',
      },
    ],
  }
}

function encodeCart(cart: Cart) {
  return {
    cartId: cart.cartId,
    description: cart.description,
    expire: formatInstant({ ms: cart.expiresAtMs, micros: 0 }),
    items: cart.items.map(({ itemId }) => itemId),
    readOnly: cart.order !== null,
  }
}

function encodeItem(cart: Cart, item: CartItem, price: number) {
  const { planCode, pricingMode, quantity, duration } = item.product
  return {
    cartId: cart.cartId,
    itemId: item.itemId,
    configurations: item.configurations.map(({ id }) => id),
    duration,
    offerId: null,
    options: [],
    parentItemId: null,
    productId: 'okms',
    prices: [{ label: 'TOTAL', price: priceOf(price), promotions: null }],
    settings: { planCode, pricingMode, quantity },
  }
}

/** `order.Order` */
function encodeOrder(cart: Cart, price: number, order: OrderRecord | null) {
  return {
    orderId: order?.orderId ?? null,
    url: order === null ? null : orderUrl(order.orderId),
    prices: orderPrices(price * cart.items.length),
    contracts: [
      {
        name: 'Special conditions of the OVHcloud KMS',
        url: 'https://contracts.example.org/okms.pdf',
        content: 'The special conditions of the OVHcloud KMS.',
      },
      {
        name: 'General terms of service',
        url: 'https://contracts.example.org/general-terms.pdf',
        content: 'The general terms of service.',
      },
    ],
    details: cart.items.map(item => ({
      cartItemID: item.itemId,
      description: `OVHcloud KMS ${item.configurations[0]?.value ?? ''}`.trim(),
      detailType: 'DURATION',
      domain: '*',
      quantity: item.product.quantity,
      originalTotalPrice: priceOf(price),
      reductionTotalPrice: priceOf(0),
      reductions: [],
      totalPrice: priceOf(price),
      unitPrice: priceOf(price),
    })),
  }
}
