/** /okms order eu-west-rbx */
import { orderOkms, planOrder } from '../jobs/order-okms.js'
import { BotError, code, defineCommand, definePress, lines, option, say } from '../src/core/index.js'

export default defineCommand({
  name: 'order',
  summary: 'Order an OKMS: the link, and with the right to buy also the order',
  options: { region: option.region('The region, such as eu-west-rbx') },
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms order eu-west-rbx'],

  async run({ options: { region }, ask, may, start, reply }) {
    const { link, ...input } = await ask(planOrder, { region })
    await reply.show(
      lines(
        say`Order an OKMS in ${input.region} at OVHcloud: ${code(link)}`,
        may('order:place')
          ? 'You may buy here too: the price and the contracts follow. Nothing is bought before they are confirmed.'
          : 'Whoever may buy for the account opens it; the new OKMS then appears in /okms list.',
      ),
    )
    if (may('order:place')) await reply.follow(await start(orderOkms, input))
  },
})

export const presses = [
  definePress({
    name: 'order-again',
    requires: 'order:place',
    async run({ subject, run, ask, start, reply }) {
      const before = orderOkms.input.safeParse((await run(subject))?.input)
      if (!before.success)
        throw new BotError('input.not-found', 'What was asked for then is not known any more.')
      const { link: _, ...input } = await ask(planOrder, { region: before.data.region })
      await reply.follow(await start(orderOkms, input))
    },
  }),
  definePress({
    name: 'order-buy',
    requires: 'order:place',
    async run({ subject, run, ask, start, reply }) {
      const before = await run(subject)
      const asked = orderOkms.input.safeParse(before?.input)
      const quote = before?.ending?.facts?.quote
      if (!asked.success || typeof quote !== 'string') {
        throw new BotError('input.not-found', 'There is no price to confirm here.')
      }
      const { link: _, ...input } = await ask(planOrder, { region: asked.data.region })
      // A price is bought at once, however often it is pressed.
      await reply.follow(
        await start(orderOkms, { ...input, confirmed: quote }, { once: `bought/${subject}` }),
      )
    },
  }),
]
