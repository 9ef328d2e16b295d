/** Shapes of `/v1/order` and `/v1/me/order` answers, renamed into the words of ports/order.ts (OVHcloud API v1 schema, all fields optional there). */
import { z } from 'zod'
import {
  type Cart,
  ORDER_STATUSES,
  type OrderStatus,
  type PlacedOrder,
  type Quote,
} from '../core/ports/order.js'
import { normalizeRegion } from '../core/region.js'
import { knownWord, orNull } from './fields.js'

/** The one plan of the KMS (ovh/manager: okms app; ovh/terraform-provider-ovh: ovh/resource_okms.go). */
export const PLAN = { planCode: 'okms', duration: 'P1M', pricingMode: 'default' } as const

export const account: z.ZodType<string> = z
  .object({ ovhSubsidiary: z.string().min(1) })
  .transform(({ ovhSubsidiary }) => ovhSubsidiary)

/** The regions of the plan, from the catalogue. */
export const regions: z.ZodType<string[]> = z
  .object({
    plans: z.array(
      z.object({
        planCode: z.string(),
        configurations: orNull(z.array(z.object({ name: z.string(), values: orNull(z.array(z.string())) }))),
      }),
    ),
  })
  .transform(({ plans }) => {
    const plan = plans.find(({ planCode }) => planCode === PLAN.planCode)
    const values = plan?.configurations?.find(({ name }) => name === 'region')?.values ?? []
    return values.map(normalizeRegion)
  })

export const cart: z.ZodType<Cart> = z
  .object({
    cartId: z.string().min(1),
    description: orNull(z.string()),
    items: orNull(z.array(z.number().int())),
    readOnly: z.boolean(),
  })
  .transform(({ cartId, description, items, readOnly }) => ({
    cartId,
    description: description ?? '',
    itemIds: items ?? [],
    readOnly,
  }))

export const item: z.ZodType<number> = z
  .object({ itemId: z.number().int() })
  .transform(({ itemId }) => itemId)

/** `order.Price` */
const price = z.object({ currencyCode: z.string(), text: z.string(), value: z.number() })

export const quote: z.ZodType<Quote> = z
  .object({
    prices: z.object({ withoutTax: price, tax: price, withTax: price }),
    contracts: orNull(z.array(z.object({ name: z.string(), url: z.string() }))),
  })
  .transform(({ prices, contracts }) => ({
    withoutTax: prices.withoutTax.text,
    tax: prices.tax.text,
    withTax: prices.withTax.text,
    currency: prices.withTax.currencyCode,
    value: prices.withTax.value,
    // The text of a contract comes along too; its name and address say which it is.
    contracts: (contracts ?? []).map(({ name, url }) => ({ name, url })),
  }))

const placed = z.object({ orderId: orNull(z.number().int()), url: orNull(z.string()) })

/** What a checkout answers: without an order id it is no purchase. */
export const purchase: z.ZodType<PlacedOrder> = placed.extend({ orderId: z.number().int() })

export const summary: z.ZodType<PlacedOrder | null> = placed.transform(({ orderId, url }) =>
  orderId === null ? null : { orderId, url },
)

export const status: z.ZodType<OrderStatus> = knownWord(ORDER_STATUSES, 'unknown')

export const detail: z.ZodType<string | null> = z
  .object({ domain: orNull(z.string()) })
  .transform(({ domain }) => domain)

export const planOfDetail: z.ZodType<string | null> = z
  .object({ order: z.object({ plan: z.object({ code: orNull(z.string()) }) }) })
  .transform(({ order }) => order.plan.code)
