/**
 * Request bodies and enums of `/v1/order`, of orders in `/v1/me` and of `/v1/services`: the published OVHcloud API v1 schema
 * (`order.cart.*`, `billing.*`, `services.update.*`).
 */
import { z } from 'zod'
import { words } from './body.js'

export const SUBSIDIARIES = [
  'CZ',
  'DE',
  'ES',
  'EU',
  'FI',
  'FR',
  'GB',
  'IE',
  'IT',
  'LT',
  'MA',
  'NL',
  'PL',
  'PT',
  'SN',
  'TN',
] as const

export const ORDER_STATUSES = [
  'cancelled',
  'cancelling',
  'checking',
  'delivered',
  'delivering',
  'documentsRequested',
  'notPaid',
  'unknown',
] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]

/** What can be ordered: the one plan of the KMS. */
export const PLAN = { planCode: 'okms', duration: 'P1M', pricingMode: 'default' } as const

const missing = (field: string) => words(`[${field}] Missing required parameter`)
const notOfType = (field: string, type: string) =>
  words(`[${field}] Given data is not valid for type ${type}`)

const required = (field: string, type: string) => ({
  error: (issue: { input?: unknown }) => (issue.input == null ? missing(field) : notOfType(field, type)),
})

export const readSubsidiary = z.enum(SUBSIDIARIES, {
  error: issue =>
    issue.input == null
      ? missing('ovhSubsidiary')
      : words('[ovhSubsidiary] Given data does not belong to the OvhSubsidiaryEnum enumeration'),
})

const datetime = (field: string) =>
  z
    .string()
    .refine(text => z.iso.datetime({ offset: true }).safeParse(text).success, notOfType(field, 'datetime'))

export const cartCreation = z.strictObject({
  ovhSubsidiary: readSubsidiary,
  description: z.string().optional(),
  expire: datetime('expire').optional(),
})
export const cartUpdate = z.strictObject({
  description: z.string().optional(),
  expire: datetime('expire').optional(),
})

/** Leaving `quantity` out is refused (ovh/terraform-provider-ovh issue 724). */
export const productCreation = z.strictObject({
  planCode: z.string(required('planCode', 'string')),
  duration: z.string(required('duration', 'duration')),
  pricingMode: z.string(required('pricingMode', 'string')),
  quantity: z.int(required('quantity', 'long')),
})
export type ProductCreation = z.output<typeof productCreation>

export const configurationCreation = z.strictObject({
  label: z.string(required('label', 'string')),
  value: z.string(required('value', 'text')),
})

export const checkout = z.strictObject({
  autoPayWithPreferredPaymentMethod: z.boolean().optional(),
  waiveRetractationPeriod: z.boolean().optional(),
})
export type Checkout = z.output<typeof checkout>

export const payment = z.strictObject({ paymentMethod: z.strictObject({ id: z.int() }) })
export const registeredPayment = z.strictObject({
  paymentMean: z.enum([
    'bankAccount',
    'creditCard',
    'deferredPaymentAccount',
    'fidelityAccount',
    'ovhAccount',
    'paypal',
  ]),
  paymentMeanId: z.int().optional(),
})

export const serviceUpdate = z.strictObject({
  displayName: z.string().nullish(),
  renew: z
    .strictObject({ mode: z.enum(['automatic', 'manual']).optional(), period: z.string().optional() })
    .nullish(),
  terminationPolicy: z.enum(['empty', 'terminateAtEngagementDate', 'terminateAtExpirationDate']).nullish(),
})
