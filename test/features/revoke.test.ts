/** Revoking on request: what it means is shown first, nothing happens without a word, and OVHcloud's refusals are outlived. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestBot, type TestBot } from '../fakes/test-bot.js'

const DELETE = 'DELETE /v2/okms/resource/{okmsId}/credential/{credentialId}'

let bot: TestBot

const saved = ['settle', 'ana: press Collect', 'settle', 'ana: press Saved it', 'settle']

beforeEach(async () => {
  bot = await startTestBot()
  await bot.type('ana: /okms credential reader 30d', ...saved)
})
afterEach(() => bot.stop())

it('says what it means, revokes at a word, and tells the reminders', async () => {
  const asked = await bot.type('ana: /okms revoke reader "the laptop was stolen"', 'settle')
  expect(asked).toMatch(/Revoke reader of prod-kms \(.+\)\? Owned by ana\./)
  expect(asked).toContain('Why: the laptop was stolen')
  expect(bot.live()).toHaveLength(1)

  const done = await bot.type('ana: press Revoke it', 'settle')

  expect(done).toMatch(/reader \(.+\) is revoked: whoever uses it is refused from now on\./)
  expect(bot.live()).toHaveLength(0)
  expect(await bot.type('advance 20d')).not.toMatch(/credential reader of prod-kms expires/)
})

it('does nothing without a word, or with the other one, or at the word of somebody else', async () => {
  const kept = await bot.type('ana: /okms revoke reader', 'settle', 'ana: press Keep it', 'settle')
  expect(kept).toContain('Nothing was revoked: reader stays as it is.')

  await bot.type('ana: /okms revoke reader', 'settle')
  expect(await bot.type('cy: press Revoke it', 'settle')).toContain('Only the one who asked')
  expect(await bot.type('advance 20m')).toContain('Nothing was revoked')
  expect(bot.live()).toHaveLength(1)
})

it('refuses in a sentence who may not and what is none', async () => {
  expect(await bot.type('dee: /okms revoke reader', 'settle')).toContain('You may not')
  expect(await bot.type('ana: /okms revoke readr', 'settle')).toContain('There is no credential "readr"')
  await bot.type('advance 40d')
  expect(await bot.type('ana: /okms revoke reader', 'settle')).toContain('has expired, so nobody can use it')
})

it('goes on for as long as OVHcloud refuses, says that it is pending after an hour, and when it is done', async () => {
  await bot.sandbox.control({ faults: [{ route: DELETE, do: 'status', status: 500 }] })
  await bot.type('ana: /okms revoke reader', 'settle', 'ana: press Revoke it')

  const pending = await bot.type('advance 2h')
  expect(pending).toContain('The revocation of reader is pending')
  expect(pending).toContain('Whoever runs the bot has been told')
  expect(bot.logLines.some(line => line.includes('revocation pending for over an hour'))).toBe(true)
  expect(bot.live()).toHaveLength(1)

  await bot.sandbox.control({ faults: [] })
  expect(await bot.type('advance 1h')).toContain('reader is revoked now')
  expect(bot.live()).toHaveLength(0)
})
