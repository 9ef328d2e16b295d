/** Orders: paid or not, checked, delivered after a while. What each one delivers is up to whoever placed it. */
import { randomInt } from 'node:crypto'
import type { Clock } from '../core/ports/clock.js'
import type { OrderStatus } from './order-schemas.js'
import { conflict, notFound } from './refusal.js'

export interface OrderRecord {
  orderId: number
  detailId: number
  region: string
  /** Without tax. */
  price: number
  placedAtMs: number
  /** `null`: nobody has paid. */
  paidAtMs: number | null
  /** Set by hand; it holds until the next change. */
  held: OrderStatus | null
  /** The id of what was delivered; `null` before. */
  delivered: string | null
}

export interface OrderSnapshot {
  orderId: number
  region: string
  status: OrderStatus
  okmsId: string | null
}

/** The part of the time to delivery in which an order is `checking`. Our choice. */
const CHECKING_PART = 1 / 3

export class Orders {
  /** From payment to delivery. */
  deliveryMs = 3000
  readonly #clock: Clock
  readonly #deliver: (order: OrderRecord) => string
  readonly #orders = new Map<number, OrderRecord>()

  constructor(clock: Clock, deliver: (order: OrderRecord) => string) {
    this.#clock = clock
    this.#deliver = deliver
  }

  place(order: { region: string; price: number; paid: boolean }): OrderRecord {
    const now = this.#clock.now()
    const record: OrderRecord = {
      orderId: 200_000_000 + randomInt(1_000_000) + this.#orders.size * 1_000_000,
      detailId: 500_000_000 + this.#orders.size,
      region: order.region,
      price: order.price,
      placedAtMs: now,
      paidAtMs: order.paid ? now : null,
      held: null,
      delivered: null,
    }
    this.#orders.set(record.orderId, record)
    return record
  }

  /** Oldest first. */
  list(): OrderRecord[] {
    this.settle()
    return [...this.#orders.values()]
  }

  /** @throws Refusal 404 */
  get(orderId: number): OrderRecord {
    this.settle()
    const order = this.#orders.get(orderId)
    if (order === undefined) throw notFound('This order does not exist')
    return order
  }

  statusOf(order: OrderRecord): OrderStatus {
    if (order.held !== null) return order.held
    if (order.paidAtMs === null) return 'notPaid'
    const passed = this.#clock.now() - order.paidAtMs
    if (passed >= this.deliveryMs) return 'delivered'
    return passed >= this.deliveryMs * CHECKING_PART ? 'delivering' : 'checking'
  }

  /** @throws Refusal 409 */
  pay(order: OrderRecord): void {
    if (this.statusOf(order) !== 'notPaid') throw conflict('This order cannot be paid')
    order.paidAtMs = this.#clock.now()
    order.held = null
  }

  /** Sets a status by hand; `checking` lets it run on from its beginning. */
  override(order: OrderRecord, status: OrderStatus): void {
    this.settle()
    if (status === 'checking') order.paidAtMs = this.#clock.now()
    if (status === 'notPaid') order.paidAtMs = null
    order.held = status === 'checking' || status === 'notPaid' ? null : status
    this.settle()
  }

  /** Delivers what is due. */
  settle(): void {
    for (const order of this.#orders.values()) {
      if (order.delivered === null && this.statusOf(order) === 'delivered') {
        order.delivered = this.#deliver(order)
      }
    }
  }
}
