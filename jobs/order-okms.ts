/**
 * Buys an OKMS: a cart, its price and contracts shown, approved by somebody else, checked out once, followed until the new OKMS is
 * there. A cart can be checked out once, so whatever is lost or killed in between, nothing is bought twice.
 */
import { z } from 'zod'
import {
  type AskedApproval,
  BotError,
  code,
  type Decision,
  defineJob,
  defineRead,
  didYouMean,
  type Ending,
  encodeJsurl,
  type JobContext,
  lines,
  normalizeRegion,
  type Quote,
  say,
} from '../src/core/index.js'
import { checkOutOnce, prepareCart } from './order/cart.js'
import { followOrder } from './order/follow.js'

export const orderInput = z.object({
  region: z.string(),
  subsidiary: z.string(),
  /** The quote that a buyer has confirmed, where the policy asks nobody else. */
  confirmed: z.string().nullable(),
})
export type OrderInput = z.infer<typeof orderInput>

/** OVHcloud's page for ordering without the API; what follows says what is ordered. */
const EXPRESS = 'https://www.ovh.com/fr/order/express/#/express/review?products='

/** The link with which somebody who may buy at OVHcloud orders an OKMS by hand. */
export function expressLink(region: string): string {
  return (
    EXPRESS +
    encodeJsurl([
      {
        productId: 'okms',
        planCode: 'okms',
        duration: 'P1M',
        pricingMode: 'default',
        configuration: [{ label: 'region', value: region }],
      },
    ])
  )
}

/** A region that cannot be ordered is answered before anything starts. */
export const planOrder = defineRead({
  name: 'plan-order',
  input: z.object({ region: z.string() }),

  async run({ input, order, signal }): Promise<OrderInput & { link: string }> {
    const { subsidiary, regions } = await order.catalogue(signal)
    const region = normalizeRegion(input.region)
    if (!regions.includes(region)) {
      const guess = didYouMean(region, regions)
      throw new BotError('input.not-found', `"${input.region}" is not a region that can be ordered.`, {
        hint: `${guess ? `Did you mean ${guess}? ` : ''}Regions: ${regions.join(', ')}.`,
      })
    }
    return { region, subsidiary, confirmed: null, link: expressLink(region) }
  },
})

export const orderOkms = defineJob({
  name: 'order-okms',
  input: orderInput,
  title: ({ region }) => `Order an OKMS in ${region}`,
  commitsAt: ['Place the order'],
  anew: input => ({ ...input, confirmed: null }),
  failed: ({ region }) => ({
    lines: [say`Look at your orders at OVHcloud before you ask again: ${code(`/okms order ${region}`)}.`],
  }),

  async run(job): Promise<Ending> {
    const { step, order } = job

    const cartId = await prepareCart(job)
    const quote = await step('Ask for the price', () => order.quote(cartId), { note: priceOf })

    const decision = await step.approval('Wait for approval', requestOf(job, cartId, quote))
    const stop = whyNotBuy(job, quote, decision)
    if (stop) return discard(job, cartId, stop)

    const now = await step('Ask for the price again', () => order.quote(cartId), {
      note: again => (isSame(again, quote) ? 'unchanged' : 'changed'),
    })
    if (!isSame(now, quote)) {
      const said = `The price or the contracts changed while you were deciding. Approved: ${priceOf(quote)}. Now: ${priceOf(now)}. Nothing was bought.`
      return discard(job, cartId, {
        outcome: 'stopped',
        lines: [said],
        buttons: [{ press: 'order-again', label: 'Ask again with the new price', subject: job.runId }],
      })
    }

    const placed = await checkOutOnce(job, cartId)
    if (!placed) {
      return {
        outcome: 'stopped',
        lines: [
          'The cart was checked out, and OVHcloud does not tell which order it has become. Nothing is bought again.',
          'Look at your newest order at OVHcloud; the new OKMS appears in /okms list once it is delivered.',
        ],
        facts: { cartId },
      }
    }
    return followOrder(job, placed)
  },
})

const priceOf = ({ withTax, withoutTax }: Quote) => `${withTax} with tax, ${withoutTax} without`

const isSame = (one: Quote, other: Quote) => JSON.stringify(one) === JSON.stringify(other)

/** What a buyer confirms where nobody else has to: price and contracts. */
const confirmable = ({ withTax, contracts }: Quote) => [withTax, ...contracts.map(({ url }) => url)].join(' ')

function requestOf(
  { input: { region, subsidiary } }: JobContext<OrderInput>,
  cartId: string,
  quote: Quote,
): AskedApproval {
  return {
    plan: { cartId, region, subsidiary, planCode: 'okms', duration: 'P1M', quantity: 1, quote },
    permission: 'order:place',
    facts: {},
    shows: [
      { label: 'What', value: `1 OKMS in ${region}, by the month (plan okms, P1M)` },
      { label: 'Price', value: `${quote.withTax} (${quote.withoutTax} and ${quote.tax} tax)` },
      ...quote.contracts.map(({ name, url }) => ({ label: 'Contract', value: say`${name}: ${code(url)}` })),
      {
        label: 'Means',
        value:
          'Paid with the preferred payment method of the account; the right of withdrawal is waived. Keys are billed by their number.',
      },
      { label: 'Calls', value: `POST /v1/order/cart/${cartId}/checkout` },
    ],
  }
}

/** How a run ends that shall not buy; `null`: go on. Money needs a second look: another person's, or the buyer's own at the price. */
function whyNotBuy(
  { input, runId }: JobContext<OrderInput>,
  quote: Quote,
  decision: Decision,
): Ending | null {
  if (decision.state === 'approved') return null
  if (decision.state !== 'not-needed') {
    return { outcome: 'stopped', lines: ['Nothing was bought.'], facts: { decision: decision.state } }
  }
  if (input.confirmed === confirmable(quote)) return null
  return {
    outcome: 'stopped',
    lines: [
      `It would cost ${priceOf(quote)}.`,
      ...quote.contracts.map(({ name, url }) => say`${name}: ${code(url)}`),
      'Nothing was bought yet.',
    ],
    buttons: [{ press: 'order-buy', label: 'Buy it at this price', subject: runId }],
    facts: { quote: confirmable(quote) },
  }
}

async function discard(job: JobContext<OrderInput>, cartId: string, ending: Ending): Promise<Ending> {
  await job.step('Put the cart away', () => job.order.discard(cartId))
  await job.step('Tell the thread', () => job.tell('stopped', job.thread, lines(...ending.lines)))
  return ending
}
