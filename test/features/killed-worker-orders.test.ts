/** Buying an OKMS on the day the worker dies: after each step, one order and one new OKMS. */
import { afterEach, beforeAll, expect, it } from 'vitest'
import { compile } from '../fakes/compiled.js'
import { type DyingBot, startDyingBot } from '../fakes/dying-bot.js'
import { lastRunId } from '../fakes/test-bot.js'

let bot: DyingBot | null = null

beforeAll(compile)
afterEach(async () => {
  await bot?.stop()
  bot = null
})

/** Steps before anybody has approved. */
const EARLY = ['Prepare a cart', 'Put the OKMS into it', 'Choose the region', 'Ask for the price']

it.each([...EARLY, 'Ask for the price again', 'Place the order', 'Follow the order', 'Find the new OKMS'])(
  'leads to one order and one new OKMS when the worker is killed after "%s"',
  async title => {
    bot = await startDyingBot(title)
    await bot.sandbox.control({ order: { takes: '0s' } })

    const runId = lastRunId(await bot.type('cy: /okms order eu-west-gra'))
    if (EARLY.includes(title)) await bot.takeOver()
    await bot.type('settle')
    // Two at once, on top of it all.
    await Promise.all([bot.pressAtOnce('bo', 'approve', runId), bot.pressAtOnce('bo', 'approve', runId)])
    if (!EARLY.includes(title)) await bot.takeOver()
    await bot.type('settle')

    expect(bot.sandbox.orders()).toEqual([expect.objectContaining({ status: 'delivered' })])
    expect(await bot.type('ana: /okms list')).toContain('3 OKMS')
    expect(bot.screen.filter(line => line.includes('The new OKMS is there'))).toHaveLength(1)
  },
)
