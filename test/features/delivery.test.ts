/** Private delivery: collected or revoked, by nobody but the one it is for. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { lastRunId, startTestBot, type TestBot } from '../fakes/test-bot.js'

let bot: TestBot
let runId: string

beforeAll(async () => {
  bot = await startTestBot()
})
afterAll(() => bot?.stop())
beforeEach(async () => {
  runId = lastRunId(await bot.type('ana: /okms credential reader 30d', 'settle'))
})

it('refuses Collect, Saved it and Revoke now to everybody else', async () => {
  const before = await bot.inbox.files('cy')

  for (const label of ['Collect', 'Revoke now']) {
    expect(await bot.type(`cy: press ${label} ${runId}`, 'settle')).toContain(
      'nobody else can use the button',
    )
  }
  await bot.type(`ana: press Collect ${runId}`, 'settle')
  expect(await bot.type(`cy: press Saved it ${runId}`, 'settle')).toContain('nobody else can use the button')

  expect(await bot.inbox.files('cy')).toEqual(before)
  await bot.type(`ana: press Saved it ${runId}`, 'settle')
})

it('may be collected again until it is saved, and not afterwards', async () => {
  await bot.type(`ana: press Collect ${runId}`, 'settle')
  const again = await bot.type(`ana: press Collect ${runId}`, 'settle')
  expect(again).toContain('.key.pem')

  const saved = await bot.type(`ana: press Saved it ${runId}`, 'settle')
  expect(saved).toContain('collected, and erased here.')
  expect(saved).toMatch(/\[#ops\]\s+ana holds a new credential reader for prod-kms, valid until/)

  expect(await bot.type(`ana: press Collect ${runId}`, 'settle')).not.toContain('.key.pem')
})

it('is listed for its recipient alone, with its buttons, until it is over', async () => {
  const cy = await bot.type('cy: /okms requests')
  expect(cy).not.toContain(runId)

  const offered = await bot.type('ana: /okms requests')
  expect(offered).toMatch(
    new RegExp(`${runId}\\s+Credential reader for prod-kms\\s+you\\s+privately\\s+you to collect it`),
  )
  expect(offered).toContain('[Collect]')
  expect(await bot.type(`ana: press Collect ${runId}`, 'settle')).toContain('.key.pem')
  const collected = await bot.type('ana: /okms requests')
  expect(collected).toContain('you to say that it is saved')
  expect(collected).toContain('[Collect]  [Saved it]')
  await bot.type(`ana: press Saved it ${runId}`, 'settle')

  expect(await bot.type('ana: /okms requests')).toContain('nothing waits for you to collect')
})

it('is erased ten minutes after collecting when nobody says that it is saved', async () => {
  await bot.type(`ana: press Collect ${runId}`, 'settle')

  const said = await bot.type('advance 11m')

  expect(said).toContain('collected, and erased here.')
  expect(said).toContain('ana holds a new credential')
})

it('reminds at half time, and revokes what nobody collected within the hour', async () => {
  const before = bot.live().length

  const half = await bot.type('advance 31m')
  expect(half).toContain('Credential reader for prod-kms still waits for you.')
  const late = await bot.type('advance 30m')

  expect(late).toMatch(/\[dm ana\]\s+⚠ Nobody collected reader within 60 min, so it was revoked\./)
  expect(late).toMatch(/\[#ops\]\s+ana: Nobody collected reader within 60 min, so it was revoked\./)
  expect(late).not.toContain('holds a new credential')
  expect(bot.live()).toHaveLength(before - 1)
  expect(await bot.type(`ana: press Collect ${runId}`, 'settle')).not.toContain('.key.pem')
})

it('offers to issue again what lapsed', async () => {
  await bot.type('advance 61m')
  const before = bot.live().length

  const again = await bot.type(`ana: press Issue again ${runId}`, 'settle')

  expect(again).toContain('Started, run ')
  expect(lastRunId(again)).not.toBe(runId)
  expect(bot.live()).toHaveLength(before + 1)
})

it('is revoked on request before it is collected', async () => {
  const before = bot.live().length

  const said = await bot.type(`ana: press Revoke now ${runId}`, 'settle')

  expect(said).toContain('reader was revoked, as you asked.')
  expect(bot.live()).toHaveLength(before - 1)
})

it('keeps trying to revoke while OVHcloud refuses, says that it is pending, and gets there', async () => {
  const before = bot.live().length
  await bot.sandbox.control({ deny: ['okms:apiovh:credential/delete'] })

  const pending = await bot.type(`ana: press Revoke now ${runId}`, 'advance 20m')
  expect(pending).toContain('The revocation of reader is pending: OVHcloud has not taken it yet.')
  expect(bot.live()).toHaveLength(before)

  await bot.sandbox.control({ deny: [] })
  await bot.type('advance 10m')
  expect(bot.live()).toHaveLength(before - 1)
})
