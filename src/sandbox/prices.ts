/** Prices as `order.Price` has them. Amounts are ours: no public source tells what an OKMS costs. */

/** France's rate; the account of the stand-in is French. */
const TAX = 0.2
/** Micro-cents: hundred-millionths of the unit. */
const UCENTS = 100_000_000

export interface Price {
  currencyCode: 'EUR'
  priceInUcents: number
  text: string
  value: number
}

export function priceOf(value: number): Price {
  const rounded = Math.round(value * 100) / 100
  return {
    currencyCode: 'EUR',
    priceInUcents: Math.round(rounded * UCENTS),
    text: `${rounded.toFixed(2)} €`,
    value: rounded,
  }
}

/** `order.OrderPrices` of a price without tax. */
export function orderPrices(withoutTax: number) {
  return {
    originalWithoutTax: priceOf(withoutTax),
    reduction: priceOf(0),
    tax: priceOf(withoutTax * TAX),
    withTax: priceOf(withoutTax * (1 + TAX)),
    withoutTax: priceOf(withoutTax),
  }
}
