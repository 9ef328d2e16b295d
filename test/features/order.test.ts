/** Ordering an OKMS: the link for everybody, the purchase once, approved by somebody else. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { lastRunId, PROJECT, startTestBot, type TestBot } from '../fakes/test-bot.js'

const CHECKOUT = 'POST /v1/order/cart/{cartId}/checkout'

let bot: TestBot | null = null
const startWith = async (policyFile = join(PROJECT, 'demo/policy.yaml')) => {
  await bot?.stop()
  bot = await startTestBot({ policyFile })
  await bot.sandbox.control({ order: { takes: '0s' } })
}
beforeEach(() => startWith())
afterAll(() => bot?.stop())

const ask = async (line = 'cy: /okms order eu-west-gra') => {
  const said = await bot!.type(line, 'settle')
  return { said, runId: lastRunId(said) }
}
const approve = (runId: string) => bot!.type(`bo: press Approve ${runId}`, 'settle')
const orders = () => bot!.sandbox.orders()

describe('the express link', () => {
  it('names every region of the catalogue as the API spells it', async () => {
    const regions = (await bot!.type('ana: /okms regions')).match(/^\[#ops\]\s+([a-z]+-[a-z]+-[a-z]+) /gm)!
    expect(regions).toHaveLength(13)

    for (const row of regions) {
      const region = row.trim().split(/\s+/)[1]!
      expect(await bot!.type(`ana: /okms order ${region.toUpperCase().replaceAll('-', '_')}`)).toContain(
        `https://www.ovh.com/fr/order/express/#/express/review?products=~(~(productId~'okms~planCode~'okms~duration~'P1M~pricingMode~'default~configuration~(~(label~'region~value~'${region}))))`,
      )
    }
    expect(orders()).toEqual([])
  })

  it('is all that somebody without the right to buy gets', async () => {
    const { said, runId } = await ask('ana: /okms order eu-west-rbx')

    expect(said).toContain('Whoever may buy for the account opens it')
    expect(runId).toBe('')
  })

  it('refuses a region that cannot be ordered, and somebody who may not look', async () => {
    expect((await ask('cy: /okms order eu-west-rbxx')).said).toContain('Did you mean eu-west-rbx?')
    expect((await ask('cy: /okms order us-east-vin')).said).toContain(
      '"us-east-vin" is not a region that can be ordered.',
    )
    expect((await ask('dee: /okms order eu-west-rbx')).said).toContain('You may not look at anything here.')
  })
})

describe('buying', () => {
  it('shows price and contracts, and buys nothing before somebody else approved', async () => {
    await bot!.sandbox.control({ order: { price: 10 } })
    const { said, runId } = await ask()

    expect(said).toMatch(/Price\s+12\.00 € \(10\.00 € and 2\.00 € tax\)/)
    expect(said).toMatch(/Contract\s+Special conditions of the OVHcloud KMS: https:/)
    expect(said).toMatch(/Calls\s+POST \/v1\/order\/cart\/[0-9a-f-]{36}\/checkout/)
    expect(await bot!.type(`cy: press Approve ${runId}`)).toContain('somebody else decides it')
    expect(orders()).toEqual([])
  })

  it('buys once, follows the order, and shows the new OKMS', async () => {
    await bot!.sandbox.control({ order: { takes: '2h' } })
    const { runId } = await ask()

    const placed = await bot!.type(`bo: press Approve ${runId}`, 'advance 1m')
    expect(placed).toMatch(/✅ Order \d+ is placed\./)
    expect(await bot!.type('ana: /okms list')).toContain('2 OKMS')
    const delivered = await bot!.type('advance 3h')

    const [order] = orders()
    expect(orders()).toHaveLength(1)
    expect(order).toMatchObject({ region: 'eu-west-gra', status: 'delivered' })
    expect(delivered).toContain(`OKMS ${order!.okmsId} in eu-west-gra`)
    expect(await bot!.type('ana: /okms list')).toContain(order!.okmsId)
  })

  it('waits where OVHcloud does not know the new OKMS by its id at once', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({
      faults: [{ route: 'GET /v2/okms/resource/{okmsId}', do: 'status', status: 404, times: 2 }],
    })

    expect(await approve(runId)).toContain('The new OKMS is there')
  })

  it('finds the order again whose answer was lost', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({ faults: [{ route: CHECKOUT, do: 'cut-after', times: 1 }] })

    const said = await approve(runId)

    expect(orders()).toHaveLength(1)
    expect(said).toContain(`Place the order`)
    expect(said).toContain(`order ${orders()[0]!.orderId}`)
    expect(said).toContain('The new OKMS is there')
  })

  it('tries again when the purchase never arrived, and gives up on one that is refused', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({ faults: [{ route: CHECKOUT, do: 'cut-before', times: 1 }] })
    expect(await approve(runId)).toContain('The new OKMS is there')
    expect(orders()).toHaveLength(1)

    await bot!.sandbox.control({ deny: ['order:apiovh:cart/checkout/execute'] })
    const second = await ask()
    const said = await approve(second.runId)
    expect(said).toContain('order:apiovh:cart/checkout/execute')
    expect(said).toContain('put away')
    expect(orders()).toHaveLength(1)
  })

  it('stops, and buys nothing again, when OVHcloud does not tell the order of a cart that was checked out', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({
      faults: [
        { route: CHECKOUT, do: 'cut-after', times: 1 },
        { route: 'GET /v1/order/cart/{cartId}/summary', do: 'status', status: 404 },
      ],
    })

    const said = await approve(runId)

    expect(said).toContain('OVHcloud does not tell which order it has become. Nothing is bought again.')
    expect(orders()).toHaveLength(1)
  })

  it('leads to one order however often it is approved at once', async () => {
    const { runId } = await ask()

    await Promise.all(Array.from({ length: 40 }, () => bot!.pressAtOnce('bo', 'approve', runId)))
    await bot!.type('settle')

    expect(orders()).toHaveLength(1)
  })

  it('asks anew when the price changed between asking and buying', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({ order: { price: 99 } })

    const said = await approve(runId)

    expect(said).toContain(
      'Approved: 0.00 € with tax, 0.00 € without. Now: 118.80 € with tax, 99.00 € without. Nothing was bought.',
    )
    expect(orders()).toEqual([])
    const again = await bot!.type(`cy: press Ask again with the new price ${runId}`, 'settle')
    await approve(lastRunId(again))
    expect(orders()).toHaveLength(1)
  })

  it('puts the cart away when it is denied', async () => {
    const { runId } = await ask()

    const said = await bot!.type(`bo: /okms deny ${runId} "not this year"`, 'settle')

    expect(said).toContain('Nothing was bought.')
    expect(said).toContain('Put the cart away')
    expect(orders()).toEqual([])
  })

  it('says what OVHcloud waits for, and when an order is cancelled', async () => {
    await bot!.sandbox.control({ order: { takes: '3h' } })
    const { runId } = await ask()
    await bot!.type(`bo: press Approve ${runId}`, 'advance 1m')
    const id = orders()[0]!.orderId

    await bot!.sandbox.control({ order: { id, status: 'notPaid' } })
    expect(await bot!.type('advance 10m')).toContain(`⏳ Order ${id} is not paid`)
    await bot!.sandbox.control({ order: { id, status: 'cancelled' } })
    expect(await bot!.type('advance 10m')).toContain(`Order ${id} was cancelled at OVHcloud.`)
  })
})

describe('where the policy asks nobody else', () => {
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'okms-policy-'))
    const policy = (await readFile(join(PROJECT, 'demo/policy.yaml'), 'utf8')).replace(
      ', order:place]\n    need',
      ']\n    need',
    )
    await writeFile(join(folder, 'policy.yaml'), policy)
    await startWith(join(folder, 'policy.yaml'))
    await rm(folder, { recursive: true })
  })

  it('has the buyer confirm the price, and buys at that price alone', async () => {
    const { said, runId } = await ask()
    expect(said).toContain('Nothing was bought yet.')
    expect(orders()).toEqual([])
    expect(await bot!.type(`ana: press Buy it at this price ${runId}`)).toContain(
      'You may not place orders here.',
    )
    await bot!.sandbox.control({ order: { price: 1 } })
    const dearer = await bot!.type(`cy: press Buy it at this price ${runId}`, 'settle')
    expect(orders()).toEqual([])
    await bot!.type(`cy: press Buy it at this price ${lastRunId(dearer)}`, 'settle')
    expect(orders()).toHaveLength(1)
  })

  it('buys once, however often the button is pressed', async () => {
    const { runId } = await ask()

    await Promise.all(Array.from({ length: 10 }, () => bot!.pressAtOnce('cy', 'order-buy', runId)))
    await bot!.type('settle', `cy: press Buy it at this price ${runId}`, 'settle')

    expect(orders()).toHaveLength(1)
  })

  it('has them confirm it again, though it failed at its very beginning', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({ faults: [{ route: 'POST /v1/order/cart', do: 'status', status: 403 }] })
    const refused = lastRunId(await bot!.type(`cy: press Buy it at this price ${runId}`, 'settle'))
    await bot!.sandbox.control({ faults: [] })

    expect(await bot!.type(`bo: /okms jobs retry ${refused}`, 'settle')).toContain('Nothing was bought yet.')
    expect(orders()).toEqual([])
  })

  it('has them confirm it again when a purchase that failed is tried again', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({ faults: [{ route: CHECKOUT, do: 'status', status: 403 }] })
    const refused = lastRunId(await bot!.type(`cy: press Buy it at this price ${runId}`, 'settle'))
    await bot!.sandbox.control({ faults: [] })

    const again = await bot!.type(`bo: /okms jobs retry ${refused}`, 'settle')

    expect(again).toContain('Nothing was bought yet.')
    expect(orders()).toEqual([])
    await bot!.type(`cy: press Buy it at this price ${lastRunId(again)}`, 'settle')
    expect(orders()).toHaveLength(1)
  })
})
