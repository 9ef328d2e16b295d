/** Following an order until the new OKMS is there. */
import { code, type Ending, type JobContext, lines, type PlacedOrder, say } from '../../src/core/index.js'

/** An order that waits for a payment or a document is followed for so long. */
const FOLLOW_FOR = '7d'

type Job = Pick<JobContext<unknown>, 'step' | 'order' | 'okms' | 'tell' | 'thread'>

/** What somebody has to do before OVHcloud goes on. */
const WAITS: Partial<Record<string, string>> = {
  notPaid: 'is not paid: the account has no payment method that OVHcloud could use',
  documentsRequested: 'waits for documents that OVHcloud has asked for',
}

export async function followOrder(job: Job, { orderId, url }: PlacedOrder): Promise<Ending> {
  const { step, order, okms, tell, thread } = job
  const where = url === null ? [] : [say`See it at ${code(url)}.`]
  await step('Tell the thread', () =>
    tell('placed', thread, lines(`✅ Order ${orderId} is placed.`, ...where)),
  )

  const end = await step.until<'delivered' | 'cancelled' | 'waiting'>(
    'Follow the order',
    {
      every: '2s',
      growingTo: '5m',
      atMost: FOLLOW_FOR,
      waitsFor: 'vendor',
      note: seen => (seen === 'waiting' ? `still not delivered after ${FOLLOW_FOR}` : seen),
      tooLong: async () => 'waiting',
    },
    async () => {
      const status = await order.status(orderId)
      if (status === 'delivered' || status === 'cancelled') return status
      const why = WAITS[status]
      if (why) await tell(`waits-${status}`, thread, lines(`⏳ Order ${orderId} ${why}.`, ...where))
      return undefined
    },
  )
  if (end !== 'delivered') {
    const said = end === 'cancelled' ? 'was cancelled at OVHcloud' : 'is still not delivered'
    return { outcome: 'stopped', lines: [`Order ${orderId} ${said}.`, ...where], facts: { orderId } }
  }

  const okmsId = await step.until(
    'Find the new OKMS',
    { every: '2s', growingTo: '1m', atMost: '1h', waitsFor: 'vendor', note: id => say`${code(id)}` },
    async () => (await order.deliveredOkms(orderId)) ?? undefined,
  )
  // Just after delivery OVHcloud may know an OKMS by its order and not yet by its id.
  const found = await step.until(
    'Look at it',
    { every: '2s', growingTo: '1m', atMost: '1h', waitsFor: 'vendor' },
    async () => {
      const seen = await okms.show(okmsId)
      return seen ? { name: seen.name, region: seen.region } : undefined
    },
  )
  // The next /okms list, and completion, know it by then.
  await step('Remember it', () => okms.list().then(all => all.length), { note: count => `${count} OKMS now` })
  const said = `✅ The new OKMS is there: ${found.region}, ${okmsId}.`
  await step('Tell that it is there', () => tell('delivered', thread, lines(said)))
  return {
    outcome: 'done',
    lines: [
      say`Order ${orderId} is delivered: OKMS ${code(okmsId)} in ${found.region}.`,
      say`${code(`/okms show ${okmsId}`)} shows its addresses.`,
    ],
    facts: { orderId, okmsId },
  }
}
