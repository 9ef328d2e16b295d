/** Ordering an OKMS over the API: implements ports/order.ts on `/v1/order` and `/v1/me/order`. Rights: rights.ts. */
import { z } from 'zod'
import type { OrderPort } from '../core/ports/order.js'
import { type OvhClient, type OvhRequest, segment } from './client.js'
import { foundOrNull, isCode } from './missing.js'
import {
  account,
  cart,
  detail,
  item,
  PLAN,
  planOfDetail,
  purchase,
  quote,
  regions,
  status,
  summary,
} from './order-schema.js'
import { ids, names } from './private-cloud-schema.js'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function createOrder(client: OvhClient): OrderPort {
  const cartPath = (cartId: string) => `/v1/order/cart/${segment(cartId)}`
  const itemPath = (cartId: string, itemId: number) => `${cartPath(cartId)}/item/${itemId}`
  const orderPath = (orderId: number) => `/v1/me/order/${orderId}`
  const nothing = z.unknown()

  async function data<T>(request: OvhRequest<T>): Promise<T> {
    return (await client.request(request)).data
  }

  const port: OrderPort = {
    async catalogue(signal) {
      const subsidiary = await data({ method: 'GET', path: '/v1/me', schema: account, signal })
      const path = '/v1/order/catalog/public/okms'
      const query = { ovhSubsidiary: subsidiary }
      return { subsidiary, regions: await data({ method: 'GET', path, query, schema: regions, signal }) }
    },

    async findCart(description) {
      const path = '/v1/order/cart'
      const found = await data({ method: 'GET', path, query: { description }, schema: names })
      for (const cartId of found) {
        // Whether the filter wants the whole text is in no public source: the cart itself tells.
        const one = await port.cart(cartId)
        if (one?.description === description) return one
      }
      return null
    },

    async createCart({ subsidiary, description, expiresAt }) {
      const body = { ovhSubsidiary: subsidiary, description, expire: expiresAt }
      const made = await data({ method: 'POST', path: '/v1/order/cart', body, schema: cart })
      await data({ method: 'POST', path: `${cartPath(made.cartId)}/assign`, schema: nothing })
      return made
    },

    cart: cartId => foundOrNull(client.request({ method: 'GET', path: cartPath(cartId), schema: cart })),

    // `quantity` is no matter of course: without it the API refuses (ovh/terraform-provider-ovh issue 724).
    addOkms: cartId =>
      data({
        method: 'POST',
        path: `${cartPath(cartId)}/okms`,
        body: { ...PLAN, quantity: 1 },
        schema: item,
      }),

    async removeItem(cartId, itemId) {
      await data({ method: 'DELETE', path: itemPath(cartId, itemId), schema: nothing })
    },

    async hasRegion(cartId, itemId) {
      const path = `${itemPath(cartId, itemId)}/configuration`
      return (await data({ method: 'GET', path, query: { label: 'region' }, schema: ids })).length > 0
    },

    async chooseRegion(cartId, itemId, region) {
      const path = `${itemPath(cartId, itemId)}/configuration`
      await data({ method: 'POST', path, body: { label: 'region', value: region }, schema: nothing })
    },

    quote: cartId => data({ method: 'GET', path: `${cartPath(cartId)}/checkout`, schema: quote }),

    // Both flags as OVHcloud's own console sends them (ovh/manager: okms app, order hook).
    checkOut: cartId =>
      data({
        method: 'POST',
        path: `${cartPath(cartId)}/checkout`,
        body: { autoPayWithPreferredPaymentMethod: true, waiveRetractationPeriod: true },
        schema: purchase,
        retry: 'never',
      }),

    orderOf: cartId =>
      foundOrNull(client.request({ method: 'GET', path: `${cartPath(cartId)}/summary`, schema: summary })),

    async discard(cartId) {
      try {
        await data({ method: 'DELETE', path: cartPath(cartId), schema: nothing })
        return 'discarded'
      } catch (thrown) {
        if (isCode(thrown, 'ovh.not-found')) return 'gone'
        throw thrown
      }
    },

    status: orderId => data({ method: 'GET', path: `${orderPath(orderId)}/status`, schema: status }),

    async deliveredOkms(orderId) {
      const details = `${orderPath(orderId)}/details`
      for (const id of await data({ method: 'GET', path: details, schema: ids })) {
        const plan = await data({ method: 'GET', path: `${details}/${id}/extension`, schema: planOfDetail })
        if (plan !== PLAN.planCode) continue
        const domain = await data({ method: 'GET', path: `${details}/${id}`, schema: detail })
        if (domain !== null && UUID.test(domain)) return domain
      }
      return null
    },
  }
  return port
}
