/**
 * Buying an OKMS. A cart can be checked out once: that, and the description it carries, is what keeps a purchase from happening twice.
 * Every verb may throw BotError `ovh.*`.
 */

export interface Catalogue {
  /** Of the account that pays, such as `FR`. */
  subsidiary: string
  /** Regions that can be ordered now. */
  regions: string[]
}

export interface Cart {
  cartId: string
  description: string
  itemIds: number[]
  /** It was checked out. */
  readOnly: boolean
}

/** What a checkout would cost and bind to. Prices as OVHcloud writes them, such as `0.00 €`. */
export interface Quote {
  withoutTax: string
  tax: string
  withTax: string
  currency: string
  /** In the unit of the currency. */
  value: number
  contracts: { name: string; url: string }[]
}

export interface PlacedOrder {
  orderId: number
  /** Where a person sees it and pays, where that is needed. */
  url: string | null
}

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

export interface OrderPort {
  catalogue(signal?: AbortSignal): Promise<Catalogue>
  /** The account's cart with exactly this description; `null`: none, or one that was never assigned. */
  findCart(description: string): Promise<Cart | null>
  /** Makes a cart and assigns it to the account. `expiresAt`: ISO instant. */
  createCart(cart: { subsidiary: string; description: string; expiresAt: string }): Promise<Cart>
  /** `null`: gone or expired. */
  cart(cartId: string): Promise<Cart | null>
  /** Puts one OKMS into the cart. */
  addOkms(cartId: string): Promise<number>
  removeItem(cartId: string, itemId: number): Promise<void>
  /** Whether the region of an item has been chosen. */
  hasRegion(cartId: string, itemId: number): Promise<boolean>
  chooseRegion(cartId: string, itemId: number, region: string): Promise<void>
  /** A dry run. */
  quote(cartId: string): Promise<Quote>
  /** The purchase, with the account's preferred payment method. A cart that was checked out is refused with `ovh.conflict`. */
  checkOut(cartId: string): Promise<PlacedOrder>
  /** The order a cart has become; `null`: OVHcloud does not tell. */
  orderOf(cartId: string): Promise<PlacedOrder | null>
  /** `gone`: there was none. A cart that was checked out stays. */
  discard(cartId: string): Promise<'discarded' | 'gone'>
  status(orderId: number): Promise<OrderStatus>
  /** The id of the OKMS that the order delivered; `null`: not known yet. */
  deliveredOkms(orderId: number): Promise<string | null>
}
