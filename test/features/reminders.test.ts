/** Reminders as people meet them: the most urgent one alone, put off, disowned, solved, in a digest, and while OVHcloud is away. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readPng } from '../fakes/png.js'
import { startTestBot, type TestBot } from '../fakes/test-bot.js'

/** An outage that does not invite to try again soon. */
const DOWN = {
  route: 'GET /v2/okms/resource/{okmsId}/credential',
  do: 'status',
  status: 503,
  retryAfter: 60,
} as const

let bot: TestBot

const collected = ['settle', 'ana: press Collect', 'settle', 'ana: press Saved it', 'settle']
const cards = (text: string) =>
  text.split('\n').filter(line => /\[#ops\].*credential \S+ of .* (expires|expired)/.test(line))

async function startAnew(): Promise<void> {
  bot = await startTestBot()
}
const stop = () => bot?.stop()

describe('a credential of 30 days', () => {
  beforeAll(async () => {
    await startAnew()
    await bot.type('ana: /okms credential reader 30d', ...collected)
  })
  afterAll(stop)

  it('is previewed with every reminder it will get, for those who manage reminders', async () => {
    const said = await bot.type('ana: /okms reminders test reader')

    const previewed = said.split('\n').filter(line => / expires in | has expired /.test(line))
    expect(previewed.map(line => /in (\d+ days?)|(expired)/.exec(line)?.slice(1).join(''))).toEqual([
      '14 days',
      '7 days',
      '3 days',
      '1 day',
      'expired',
    ])
    expect(said).not.toMatch(/^\[#ops\] +ana: credential/m)
    expect(await bot.type('bo: /okms reminders test reader')).toContain('You may not manage reminders here.')
  })

  it('is reminded of at 14 days, once, with its owner and its buttons', async () => {
    const said = await bot.type('advance 16d')

    expect(cards(said)).toHaveLength(1)
    expect(said).toMatch(/\[#ops\] +ana: credential reader of prod-kms expires in 14 days \(/)
    expect(said).toMatch(/\[#ops\] +\[Renew\] {2}\[Snooze…\] {2}\[Not mine\]/)
    expect(said).not.toContain('OVHcloud has not answered')
    expect(cards(await bot.type('advance 3d'))).toEqual([])
  })

  it('is not snoozed past its expiry, nor by somebody whose it is not', async () => {
    expect(await bot.type('ana: press Snooze', 'ana: fill duration:12d')).toContain(
      'reader expires before that',
    )
    expect(await bot.type('ana: press Snooze', 'ana: fill duration:soon')).toContain(
      '"soon" is not a duration.',
    )
    expect(await bot.type('bo: /okms snooze reader 1d')).toContain(
      'You may not snooze reader: it is not yours.',
    )
    expect(await bot.type('dee: press Snooze', 'dee: fill duration:1d')).toContain('You may not')
  })

  it('is quiet while it is snoozed, and comes back afterwards', async () => {
    const said = await bot.type('ana: press Snooze', 'ana: fill duration:6d', 'settle')
    expect(said).toMatch(/\[only ana\] +reader of prod-kms is not reminded of before/)
    expect(said).toMatch(/\[#ops\] +Snoozed by ana until/)

    // Seven days before its end falls into the snooze.
    expect(cards(await bot.type('advance 5d'))).toEqual([])
    expect(cards(await bot.type('advance 2d'))).toEqual([expect.stringContaining('expires in 5 days')])
  })

  it('loses its owner when that is somebody else, and those who manage reminders are asked', async () => {
    expect(await bot.type('cy: press Not mine')).toContain("reader is not known as yours, but as ana's.")

    const said = await bot.type('ana: press Not mine', 'settle')

    expect(said).toMatch(/\[#ops\] +⚠ cy: credential reader of prod-kms is not ana's/)
    expect(said).toMatch(/\[#ops\] +Made on .* No owner is known\./)
    expect(await bot.type('ana: /okms credentials')).toMatch(/reader .* unknown/)
  })

  it('is overdue once', async () => {
    const said = await bot.type('advance 40d')

    expect(cards(said).map(line => /in (\S+ days?)|(expired)/.exec(line)?.slice(1).join(''))).toEqual([
      '3 days',
      '1 day',
      'expired',
    ])
  })
})

describe('a credential that is renewed from its card', () => {
  beforeAll(startAnew)
  afterAll(stop)

  it('has the card rewritten, and is reminded of no more; its successor is', async () => {
    await bot.type('ana: /okms credential reader 30d', ...collected, 'advance 24d')
    const old = bot.live()[0]!.id

    const said = await bot.type('ana: press Renew', ...collected)

    expect(said).toMatch(/\[#ops\] +✅ reader of prod-kms: renewed by ana on .*, now valid until .*\./)
    expect(await bot.type(`ana: /okms snooze ${old} 1d`)).toContain('was renewed by ana')
    const later = cards(await bot.type('advance 17d'))
    expect(later).toEqual([expect.stringContaining('expires in 14 days')])
  })
})

describe('credentials that others made', () => {
  beforeAll(async () => {
    await startAnew()
    await bot.type('settle')
  })
  afterAll(stop)
  beforeEach(() => bot.sandbox.control({ faults: [] }))

  it('are told once, and many that are due are one digest', async () => {
    await bot.sandbox.control({ seed: { credentials: 30 } })

    const said = await bot.type('ana: /okms credentials', 'settle')

    expect(said).toMatch(/\[#ops\] +30 credentials of prod-kms appeared that the bot did not make\./)
    expect(said).toMatch(/\[#ops\] +\d+ credentials need attention/)
    expect(said).toMatch(/Picture: .*\/pictures\/reminders\.png/)
    expect(readPng(await readFile(join(bot.home, 'pictures/reminders.png'))).height).toBeGreaterThan(110)
    expect(cards(said)).toEqual([])
    expect(await bot.type('advance 1h')).not.toMatch(/appeared|attention/)
  })

  it('are told when they are gone, and the digest shows it', async () => {
    const [first] = bot.live().filter(({ name }) => name.startsWith('seeded'))
    await bot.sandbox.control({ credential: { id: first!.id, status: 'DELETING' } })

    const said = await bot.type('advance 16m')

    expect(said).toMatch(/\[#ops\] +⚠ A credential is gone from OVHcloud, and not through the bot\./)
    expect(said).toContain(first!.id)
    expect(said).toMatch(/\[#ops\] +\d+ of \d+ credentials still need attention/)
    expect(await bot.type('advance 1h')).not.toContain('gone from OVHcloud, and')
  })

  it('are listed from the ledger with its age while OVHcloud is down, and reminders say it too', async () => {
    await bot.sandbox.control({ faults: [DOWN] })
    await bot.type('advance 25h')

    const said = await bot.type('ana: /okms credentials', 'settle')
    expect(said).toMatch(/\d+ credentials\n/)
    expect(said).toMatch(/OVHcloud does not answer: this is what the bot knew on /)

    const reminded = await bot.type('advance 20d')
    expect(reminded).toMatch(/OVHcloud has not answered for \d+ d/)
  })
})

describe('a channel', () => {
  beforeAll(async () => {
    await startAnew()
    await bot.type('ana: /okms credential reader 30d', ...collected)
  })
  afterAll(stop)

  it('chooses its thresholds and quiet hours, and shows them', async () => {
    const said = await bot.type(
      'ana: /okms reminders set 20d,0d quiet:22:00-07:00 zone:Europe/Paris',
      'settle',
    )
    expect(said).toContain(
      'This channel is reminded 20d and 0d before an expiry, quiet 22:00-07:00 Europe/Paris',
    )

    const shown = await bot.type('ana: /okms reminders show')
    expect(shown).toContain(
      'Reminders 20d and 0d before an expiry (chosen here by ana), quiet 22:00-07:00 Europe/Paris.',
    )
    expect(shown).toMatch(/reader +prod-kms +/)
    expect(shown).toContain('1 credential is followed here.')
  })

  it('is told what is wrong with a choice', async () => {
    expect(await bot.type('ana: /okms reminders set soon')).toContain('"soon" is not a threshold.')
    expect(await bot.type('ana: /okms reminders set 20d quiet:nights')).toContain(
      '"nights" is not a time of quiet.',
    )
    expect(await bot.type('ana: /okms reminders set 20d zone:Europe/Paris')).toContain('there are none')
    expect(await bot.type('ana dm: /okms reminders set 20d')).toContain('Reminders are chosen for a channel.')
    expect(await bot.type('bo: /okms reminders off')).toContain('You may not manage reminders here.')
  })

  it('is left in peace when reminders are off, and caught up with when they are on again', async () => {
    await bot.type('ana: /okms reminders off', 'settle')
    expect(cards(await bot.type('advance 28d'))).toEqual([])

    const said = await bot.type('ana: /okms reminders set default', 'settle')
    expect(cards(said)).toEqual([expect.stringMatching(/expires in 2 days/)])
  })
})
