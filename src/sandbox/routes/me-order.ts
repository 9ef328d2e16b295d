/** `/v1/me/order`: what became of an order, and paying it; `/v1/services`: the name of what was delivered (OVHcloud API v1 schema). */
import { formatInstant } from '../instants.js'
import { PLAN, payment, registeredPayment, serviceUpdate } from '../order-schemas.js'
import type { OrderRecord } from '../orders.js'
import { orderPrices, priceOf } from '../prices.js'
import { badRequest, notFound } from '../refusal.js'
import { type Route, route } from '../router.js'
import { readLong } from '../v1.js'
import type { OkmsService, World } from '../world.js'
import { orderUrl } from './order.js'

const ORDER = '/v1/me/order/{orderId}'
const DETAIL = `${ORDER}/details/{orderDetailId}`
/** The payment method of the account; made up. */
const PAYMENT_METHOD = 7001
/** Services are numbered over the whole platform; made up. */
const FIRST_SERVICE = 120_000_000
const OFFER_DAYS = 14

type Params = Readonly<Record<string, string>>

export function meOrderRoutes(world: World): Route[] {
  const { orders } = world
  const orderOf = (params: Params) => orders.get(readLong('orderId', params.orderId!))
  const detailOf = (params: Params): OrderRecord => {
    const order = orderOf(params)
    if (readLong('orderDetailId', params.orderDetailId!) !== order.detailId) {
      throw notFound('This order detail does not exist')
    }
    return order
  }
  const serviceIdOf = ({ seq }: OkmsService) => FIRST_SERVICE + seq
  return [
    route({
      method: 'GET',
      path: ORDER,
      iam: ['account:apiovh:me/order/get'],
      handler: ({ params }) => encodeOrder(orderOf(params)),
    }),
    route({
      method: 'GET',
      path: `${ORDER}/status`,
      iam: ['account:apiovh:me/order/status/get'],
      handler: ({ params }) => orders.statusOf(orderOf(params)),
    }),
    route({
      method: 'GET',
      path: `${ORDER}/details`,
      iam: ['account:apiovh:me/order/details/get'],
      handler: ({ params }) => [orderOf(params).detailId],
    }),
    route({
      method: 'GET',
      path: DETAIL,
      iam: ['account:apiovh:me/order/details/get'],
      handler({ params }) {
        const order = detailOf(params)
        return {
          orderDetailId: order.detailId,
          cancelled: orders.statusOf(order) === 'cancelled',
          description: `OVHcloud KMS ${order.region}`,
          detailType: 'DURATION',
          domain: order.delivered ?? '*',
          quantity: '1',
          totalPrice: priceOf(order.price),
          unitPrice: priceOf(order.price),
        }
      },
    }),
    route({
      method: 'GET',
      path: `${DETAIL}/extension`,
      iam: ['account:apiovh:me/order/details/extension/get'],
      handler: ({ params }) => ({
        order: {
          action: 'installation',
          type: 'plan',
          configurations: [{ label: 'region', value: detailOf(params).region }],
          plan: {
            code: PLAN.planCode,
            duration: PLAN.duration,
            pricingMode: PLAN.pricingMode,
            product: { name: 'okms' },
            quantity: 1,
          },
        },
      }),
    }),
    route({
      method: 'GET',
      path: '/v1/me/payment/method',
      iam: ['account:apiovh:me/payment/method/get'],
      handler: () => [PAYMENT_METHOD],
    }),
    route({
      method: 'POST',
      path: `${ORDER}/pay`,
      iam: ['account:apiovh:me/order/pay'],
      body: payment,
      handler({ params, body }) {
        const order = orderOf(params)
        if (body.paymentMethod.id !== PAYMENT_METHOD) {
          throw badRequest('[paymentMethod.id] This payment method does not exist')
        }
        orders.pay(order)
        return null
      },
    }),
    route({
      method: 'POST',
      path: `${ORDER}/payWithRegisteredPaymentMean`,
      iam: ['account:apiovh:me/order/payWithRegisteredPaymentMean'],
      body: registeredPayment,
      handler({ params, body }) {
        const order = orderOf(params)
        // Points pay for what costs nothing (ovh/terraform-provider-ovh: ovh/order.go).
        if (body.paymentMean === 'fidelityAccount' && order.price > 0) {
          throw badRequest('[paymentMean] Not enough points')
        }
        orders.pay(order)
        return null
      },
    }),
    route({
      method: 'GET',
      path: '/v1/services',
      iam: ['account:apiovh:services/get'],
      handler({ query }) {
        const name = query.get('resourceName')
        return [...world.okms.values()].filter(({ id }) => name === null || id === name).map(serviceIdOf)
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/services/{serviceId}',
      iam: ['account:apiovh:services/edit'],
      body: serviceUpdate,
      handler({ params, body }) {
        const serviceId = readLong('serviceId', params.serviceId!)
        const okms = [...world.okms.values()].find(one => serviceIdOf(one) === serviceId)
        if (okms === undefined) throw notFound()
        if (body.displayName != null) okms.displayName = body.displayName
        return null
      },
    }),
  ]
}

/** `billing.Order` */
function encodeOrder(order: OrderRecord) {
  const prices = orderPrices(order.price)
  const at = (ms: number) => formatInstant({ ms, micros: 0 })
  return {
    orderId: order.orderId,
    date: at(order.placedAtMs),
    expirationDate: at(order.placedAtMs + OFFER_DAYS * 24 * 60 * 60 * 1000),
    metadatas: null,
    password: 'made-up',
    pdfUrl: `${orderUrl(order.orderId)}&format=pdf`,
    priceWithTax: prices.withTax,
    priceWithoutTax: prices.withoutTax,
    retractionDate: null,
    tax: prices.tax,
    url: orderUrl(order.orderId),
  }
}
