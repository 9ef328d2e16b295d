/** When OVHcloud misbehaves in the middle of a run: tried again, found again, undone, said. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startTestBot, type TestBot } from '../fakes/test-bot.js'

const CREATE = 'POST /v2/okms/resource/{okmsId}/credential'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot()
})
afterAll(() => bot?.stop())
afterEach(async () => {
  await bot.sandbox.control({ faults: [], deny: [], creating: '0s' })
})

it.each(['', 'key:bot'])('finds again what OVHcloud made while the answer was lost (%s)', async options => {
  const before = bot.live().length
  await bot.sandbox.control({ faults: [{ route: CREATE, do: 'cut-after', times: 1 }] })

  const said = await bot.type(
    `ana: /okms credential reader 30d ${options}`,
    'settle',
    'ana: press Collect',
    'settle',
    'advance 2m',
  )

  expect(said).toContain('is ready.')
  expect(bot.live()).toHaveLength(before + 1)
})

it('waits as long as OVHcloud asks, and then goes on', async () => {
  await bot.sandbox.control({
    faults: [{ route: CREATE, do: 'status', status: 429, retryAfter: 3, times: 1 }],
  })
  const started = Date.now()

  const said = await bot.type('ana: /okms credential reader 30d', 'settle')

  expect(said).toMatch(/Ask OVHcloud for the credential\s+.*trying again/)
  expect(said).toContain('is ready.')
  expect(Date.now() - started).toBeGreaterThanOrEqual(3000)
})

it('says which right is missing, and that nothing is left over', async () => {
  const before = bot.sandbox.credentials().length
  await bot.sandbox.control({ deny: ['okms:apiovh:credential/create'] })

  const said = await bot.type('ana: /okms credential reader 30d', 'settle')

  expect(said).toMatch(
    /❌ Ask OVHcloud for the credential\s+.*okms:apiovh:resource\/credential\/create|credential\/create/,
  )
  expect(said).toContain('Try again: /okms credential reader 30d')
  expect(bot.sandbox.credentials()).toHaveLength(before)
})

it('does not claim to revoke what OVHcloud refused to make', async () => {
  const before = bot.sandbox.credentials().length
  await bot.sandbox.control({ deny: ['okms:apiovh:credential/create'] })
  const said = await bot.type('ana: /okms credential reader 30d', 'settle')
  await bot.sandbox.control({ deny: [] })

  expect(said).toMatch(/⚠ Prepare the request\s+nothing of it is at OVHcloud/)
  expect(said).not.toContain('revoked')
  expect(bot.sandbox.credentials()).toHaveLength(before)
})

it('revokes a credential that OVHcloud could not make', async () => {
  const before = bot.live().length
  await bot.sandbox.control({ creating: '1h' })
  await bot.type('ana: /okms credential reader 30d')
  await expect.poll(() => bot.live().length).toBe(before + 1)
  const id = bot.live().at(-1)!.id

  await bot.sandbox.control({ credential: { id, status: 'ERROR' } })
  const said = await bot.type('settle')

  expect(said).toContain('its status is ERROR')
  expect(bot.live()).toHaveLength(before)
})

it('gives up on a certificate after ten minutes and takes the credential back', async () => {
  const before = bot.live().length
  await bot.sandbox.control({ creating: '12m' })
  await bot.type('ana: /okms credential reader 30d')

  const said = await bot.type('advance 30m')

  expect(said).toContain('took longer than 10m')
  expect(said).toMatch(/⚠ Prepare the request\s+what was made is being revoked/)
  expect(said).toMatch(/What run \w{8} had left at OVHcloud is revoked/)
  expect(bot.live()).toHaveLength(before)
})

it('revokes what it cannot even see, once OVHcloud lets it look again, and says so', async () => {
  const known = new Set(bot.sandbox.credentials().map(({ id }) => id))
  const orphans = () => bot.live().filter(({ id }) => !known.has(id))
  await bot.sandbox.control({
    faults: [{ route: CREATE, do: 'cut-after', times: 1 }],
    deny: ['okms:apiovh:credential/get'],
  })

  const failed = await bot.type('ana: /okms credential reader 30d', 'advance 3h')
  expect(failed).toMatch(/⚠ Prepare the request\s+whatever was made is being revoked/)
  expect(failed).toContain('OVHcloud has not let the bot look or revoke for an hour')
  expect(orphans()).toHaveLength(1)
  await bot.sandbox.control({ faults: [], deny: [] })
  const mended = await bot.type('advance 1h')

  expect(mended).toMatch(/What run \w{8} had left at OVHcloud is revoked/)
  expect(orphans()).toHaveLength(0)
})

it('knows its own mark from one that somebody else wrote', async () => {
  const said = await bot.type('cy: /okms credential reader 30d description:"for [okms-bot 7F3K9Q2M.1]"')

  expect(said).toContain('A description cannot contain "[okms-bot"')
})
