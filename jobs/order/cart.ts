/** A cart that is this run's own, known again by its description, and its checkout, which happens once. */
import {
  BotError,
  type JobContext,
  type Kept,
  keptForGood,
  type PlacedOrder,
  parseDuration,
} from '../../src/core/index.js'

/** Longer than any approval takes; OVHcloud forgets the cart afterwards. */
const CART_LIVES_MS = parseDuration('14d')

interface Ordering {
  region: string
  subsidiary: string
}
type Job = Pick<JobContext<Ordering>, 'step' | 'runId' | 'order' | 'clock' | 'input'>

const descriptionOf = (runId: string) => `[okms-bot ${runId}]`

/** Makes, fills and configures the cart. @returns its id */
export async function prepareCart(job: Job): Promise<string> {
  const { input, step, order, runId, clock } = job
  const cartId = await step(
    'Prepare a cart',
    async ({ again }) => {
      const description = descriptionOf(runId)
      const found = again ? await order.findCart(description) : null
      if (found) return found.cartId
      const expiresAt = new Date(clock.now() + CART_LIVES_MS).toISOString()
      return (await order.createCart({ subsidiary: input.subsidiary, description, expiresAt })).cartId
    },
    { looksFirst: true, undo: id => putAway(job, id) },
  )
  const itemId = await step(
    'Put the OKMS into it',
    async () => {
      const itemIds = (await order.cart(cartId))?.itemIds ?? []
      const [first, ...more] = itemIds
      // A lost answer may have left an item too many: one is bought, and no more.
      for (const extra of more) await order.removeItem(cartId, extra)
      return first ?? order.addOkms(cartId)
    },
    { looksFirst: true },
  )
  await step(
    'Choose the region',
    async () => {
      if (!(await order.hasRegion(cartId, itemId))) await order.chooseRegion(cartId, itemId, input.region)
    },
    { looksFirst: true, note: () => input.region },
  )
  return cartId
}

/** A cart that was bought stays: it is the proof of the order. */
async function putAway({ order }: Job, cartId: string): Promise<string | Kept> {
  const cart = await order.cart(cartId)
  if (cart?.readOnly) return keptForGood('checked out: see the order at OVHcloud')
  await order.discard(cartId)
  return 'put away'
}

/**
 * The purchase. Before a second try the cart is looked at: read-only means that the first one went through.
 * @returns `null`: checked out, and OVHcloud does not tell the order
 */
export function checkOutOnce({ step, order }: Job, cartId: string): Promise<PlacedOrder | null> {
  return step<PlacedOrder | null>(
    'Place the order',
    async ({ again }) => {
      if (again) {
        const cart = await order.cart(cartId)
        if (!cart) throw new BotError('state.conflict', 'The cart is gone, so nothing more is bought.')
        if (cart.readOnly) return order.orderOf(cartId)
      }
      try {
        return await order.checkOut(cartId)
      } catch (thrown) {
        const error = BotError.from(thrown)
        // Refused: perhaps because a first try, still under way when we looked, came through in between.
        if (error.retryable || !(await order.cart(cartId))?.readOnly) throw error
        return order.orderOf(cartId)
      }
    },
    { looksFirst: true, note: placed => (placed ? `order ${placed.orderId}` : 'placed, order unknown') },
  )
}
