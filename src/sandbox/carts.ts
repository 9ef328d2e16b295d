/**
 * Carts: an item, its region, a checkout that can happen once. What OVHcloud answers to a second assignment, a second value of a label
 * or a change of a cart that is read-only is in no public source: refusals are our choice, on the strict side.
 */
import { randomInt, randomUUID } from 'node:crypto'
import type { Clock } from '../core/ports/clock.js'
import { type Checkout, PLAN, type ProductCreation } from './order-schemas.js'
import type { OrderRecord, Orders } from './orders.js'
import { badRequest, conflict, notFound } from './refusal.js'
import { REGION_IDS } from './regions.js'

/** How long a cart lives that was given no end. Our choice. */
const LIFE_MS = 24 * 60 * 60 * 1000

export interface CartItem {
  itemId: number
  product: ProductCreation
  configurations: { id: number; label: string; value: string }[]
}

export interface Cart {
  cartId: string
  subsidiary: string
  description: string
  expiresAtMs: number
  items: CartItem[]
  /** By the account of the stand-in; carts belong to nobody at first. */
  assigned: boolean
  /** Set by the checkout, which makes the cart read-only. */
  order: OrderRecord | null
}

export class Carts {
  /** Of one OKMS, without tax. */
  price = 0
  readonly #carts = new Map<string, Cart>()

  constructor(
    private readonly clock: Clock,
    private readonly orders: Orders,
    private readonly account: { subsidiary: string },
  ) {}

  create(given: {
    ovhSubsidiary: string
    description?: string | undefined
    expire?: string | undefined
  }): Cart {
    const cart: Cart = {
      cartId: randomUUID(),
      subsidiary: given.ovhSubsidiary,
      description: given.description ?? '',
      expiresAtMs: this.#expiry(given.expire) ?? this.clock.now() + LIFE_MS,
      items: [],
      assigned: false,
      order: null,
    }
    this.#carts.set(cart.cartId, cart)
    return cart
  }

  /** Those of the account, oldest first. */
  list(description: string | null): Cart[] {
    return [...this.#carts.values()].filter(
      cart =>
        cart.assigned && this.#lives(cart) && (description === null || cart.description === description),
    )
  }

  /** @throws Refusal 404 */
  get(cartId: string): Cart {
    const cart = this.#carts.get(cartId)
    if (cart === undefined || !this.#lives(cart)) throw notFound('This cart does not exist')
    return cart
  }

  update(
    cart: Cart,
    { description, expire }: { description?: string | undefined; expire?: string | undefined },
  ): void {
    demandOpen(cart)
    const expiresAtMs = this.#expiry(expire)
    cart.description = description ?? cart.description
    cart.expiresAtMs = expiresAtMs ?? cart.expiresAtMs
  }

  /** @throws Refusal 409 for one that was checked out */
  remove(cart: Cart): void {
    demandOpen(cart)
    this.#carts.delete(cart.cartId)
  }

  assign(cart: Cart): void {
    demandOpen(cart)
    if (cart.subsidiary !== this.account.subsidiary) {
      throw badRequest(`The cart is of ${cart.subsidiary}, the account of ${this.account.subsidiary}`)
    }
    if (cart.assigned) throw conflict('This cart is assigned already')
    cart.assigned = true
  }

  add(cart: Cart, product: ProductCreation): CartItem {
    demandOpen(cart)
    if (product.planCode !== PLAN.planCode) throw badRequest('[planCode] This offer does not exist')
    if (product.duration !== PLAN.duration) throw badRequest('[duration] Not offered for this plan')
    if (product.pricingMode !== PLAN.pricingMode) throw badRequest('[pricingMode] Not offered for this plan')
    if (product.quantity !== 1) throw badRequest('[quantity] Not within 1 and 1')
    const item: CartItem = { itemId: randomInt(1, 2 ** 31), product, configurations: [] }
    cart.items.push(item)
    return item
  }

  /** @throws Refusal 404 */
  item(cart: Cart, itemId: number): CartItem {
    const item = cart.items.find(one => one.itemId === itemId)
    if (item === undefined) throw notFound('This item does not exist')
    return item
  }

  removeItem(cart: Cart, item: CartItem): void {
    demandOpen(cart)
    cart.items = cart.items.filter(one => one !== item)
  }

  configure(cart: Cart, item: CartItem, { label, value }: { label: string; value: string }) {
    demandOpen(cart)
    if (label !== 'region') throw badRequest(`[label] ${label} is no configuration of this item`)
    if (!REGION_IDS.some(region => region === value)) {
      throw badRequest(`[value] Accepted values for region: ${REGION_IDS.join(', ')}`)
    }
    if (item.configurations.some(one => one.label === label))
      throw conflict(`[label] ${label} is set already`)
    const configuration = { id: randomInt(1, 2 ** 31), label, value }
    item.configurations.push(configuration)
    return configuration
  }

  /** What a checkout would be refused for. @throws Refusal 400, 409 */
  demandReady(cart: Cart): void {
    demandOpen(cart)
    if (!cart.assigned) throw badRequest('This cart is not assigned to an account')
    if (cart.items.length === 0) throw badRequest('This cart is empty')
    const bare = cart.items.find(({ configurations }) => configurations.length === 0)
    if (bare !== undefined) throw badRequest(`Item ${bare.itemId} lacks its configuration region`)
  }

  /** The purchase. @throws Refusal 400, 409 */
  checkOut(cart: Cart, { autoPayWithPreferredPaymentMethod }: Checkout): OrderRecord {
    this.demandReady(cart)
    // One plan in one region per order: a stand-in that delivers several at once is for nobody.
    if (cart.items.length > 1) throw badRequest('This stand-in checks out one item at a time')
    cart.order = this.orders.place({
      region: cart.items[0]!.configurations[0]!.value,
      price: this.price,
      paid: autoPayWithPreferredPaymentMethod === true,
    })
    return cart.order
  }

  #lives({ expiresAtMs, order }: Cart): boolean {
    return order !== null || expiresAtMs > this.clock.now()
  }

  #expiry(expire: string | undefined): number | null {
    if (expire === undefined) return null
    const atMs = Date.parse(expire)
    if (atMs <= this.clock.now()) throw badRequest('[expire] Not in the future')
    return atMs
  }
}

/** @throws Refusal 409 */
function demandOpen(cart: Cart): void {
  if (cart.order !== null) throw conflict('This cart is read-only: it was checked out')
}
