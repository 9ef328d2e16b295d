/** Renewing: both valid at once, proof from a person, a day for second thoughts, and the old one revoked last. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lastRunId, startTestBot, type TestBot } from '../fakes/test-bot.js'

let bot: TestBot
let oldId: string

const saved = ['settle', 'ana: press Collect', 'settle', 'ana: press Saved it', 'settle']
const statusOf = (id: string) => bot.sandbox.credentials().find(one => one.id === id)?.status ?? 'gone'

beforeEach(async () => {
  bot = await startTestBot()
  await bot.type('ana: /okms credential reader 30d', ...saved)
  oldId = bot.live()[0]!.id
})
afterEach(() => bot.stop())

async function renewed(command = 'ana: /okms renew reader'): Promise<string> {
  const said = await bot.type(command, ...saved)
  expect(bot.live()).toHaveLength(2)
  return said
}

describe('renewing a credential', () => {
  it('issues another of the same kind, and revokes the old one a day after somebody said that it works', async () => {
    const said = await renewed()
    expect(said).toContain('Renew reader for prod-kms · run')
    expect(said).toContain('then press It works: the old one is revoked 24 h later.')
    const [old, successor] = bot.sandbox.credentials()
    expect(successor!.identityURNs).toEqual(old!.identityURNs)

    expect(await bot.type('ana: press It works', 'settle')).toContain('says that the new reader works')
    await bot.type('advance 23h')
    expect(statusOf(oldId)).toBe('READY')
    const end = await bot.type('advance 2h')

    expect(end).toContain('The old one is revoked.')
    expect(['DELETING', 'gone']).toContain(statusOf(oldId))
    expect(bot.live().map(({ id }) => id)).toEqual([successor!.id])
  })

  it('leaves the old one to expire when nobody says that it works', async () => {
    await renewed()

    const said = await bot.type('advance 31d')

    expect(said).toContain('so the old one was left to expire.')
    expect(said).not.toContain('The old one is revoked')
  })

  it('keeps the old one when somebody thinks better of it within the day', async () => {
    await renewed()
    await bot.type('ana: press It works', 'settle')

    expect(await bot.type('ana: press Keep the old one', 'settle')).toContain('The old one is kept')
    await bot.type('advance 3d')

    expect(statusOf(oldId)).toBe('READY')
  })

  it('keeps the old one, and is reminded of it again, when the new one is revoked within the day', async () => {
    await renewed()
    const successor = bot.live().find(({ id }) => id !== oldId)!.id
    await bot.type('ana: press It works', 'settle')
    await bot.type(`ana: /okms revoke ${successor}`, 'settle', 'ana: press Revoke it', 'settle')

    const said = await bot.type('advance 26h')

    expect(said).toContain('The new reader cannot be used any more, so the old one stays')
    expect(statusOf(oldId)).toBe('READY')
    expect(await bot.type('advance 16d')).toMatch(/credential reader of prod-kms expires in \d+ days/)
  })

  it('may be renewed again when the new one is gone before anybody said that it works', async () => {
    await renewed()
    const successor = bot.live().find(({ id }) => id !== oldId)!.id
    expect(await bot.type(`ana: /okms renew ${oldId}`)).toContain('was renewed by ana already')
    await bot.type(`ana: /okms revoke ${successor}`, 'settle', 'ana: press Revoke it', 'settle')

    const said = await bot.type('advance 25h')

    expect(said).toContain('The new reader cannot be used any more, so the old one stays')
    await bot.type(`ana: /okms renew ${oldId}`, ...saved)
    expect(bot.live()).toHaveLength(2)
  })

  it('reminds of the word that is missing', async () => {
    await renewed()

    const said = await bot.type('advance 8d')

    expect(said.match(/Nobody has said yet that the new reader works/g)).toHaveLength(3)
  })

  it('is reminded of the old one again once somebody keeps it', async () => {
    await renewed()
    await bot.type('ana: press It works', 'settle', 'ana: press Keep the old one', 'settle')

    expect(await bot.type('advance 17d')).toMatch(/credential reader of prod-kms expires in \d+ days/)
  })

  it('tells somebody who thinks better of it too late that it is', async () => {
    await renewed()
    await bot.type('ana: press It works', 'settle')
    await bot.sandbox.control({ deny: ['okms:apiovh:credential/delete'] })
    const runId = lastRunId(bot.transcript())
    await bot.type('advance 1445m')
    expect(bot.transcript()).toContain('The new reader works, and the old one is being revoked.')

    // The button of a message that was open somewhere.
    await bot.pressAtOnce('ana', 'keep-old', runId)
    expect(bot.screen.at(-1)).toContain('That is decided already')
    await bot.sandbox.control({ deny: [] })
    await bot.type('advance 10m')
    expect(['DELETING', 'gone']).toContain(statusOf(oldId))
  })

  it('decides once what becomes of the old one, though it is renewed twice', async () => {
    const [first, second] = [
      lastRunId(await bot.type(`ana: /okms renew ${oldId}`, 'settle')),
      lastRunId(await bot.type(`ana: /okms renew ${oldId}`, 'settle')),
    ]
    for (const runId of [first, second]) {
      await bot.type(`ana: press Collect ${runId}`, 'settle', `ana: press Saved it ${runId}`, 'settle')
    }

    expect(bot.transcript()).toContain(
      'ana had renewed it already: what becomes of the old one is decided there.',
    )
    await bot.type(`ana: press It works ${first}`, 'advance 25h')
    expect(['DELETING', 'gone']).toContain(statusOf(oldId))
    expect(bot.live()).toHaveLength(2)
  })

  it('changes nothing about the old one when the new one is not collected', async () => {
    const said = await bot.type('ana: /okms renew reader', 'settle', 'advance 2h')

    expect(said).toContain('Nobody collected reader within 60 min, so it was revoked.')
    expect(said).toContain('The old one is untouched: reader stays as it was.')
    expect(bot.live().map(({ id }) => id)).toEqual([oldId])
  })

  it('takes the word of the one who renewed, and of who may revoke, and of nobody else', async () => {
    const runId = lastRunId(await renewed())

    expect(await bot.type(`dee: press It works ${runId}`, 'settle')).toContain('This is for whoever renewed')
    await bot.type('advance 2d')
    expect(statusOf(oldId)).toBe('READY')
    expect(await bot.type(`cy: press It works ${runId}`, 'settle')).toContain('Good.')
  })

  it('solves the reminders of the old one: its card says so, and the new one gets its own', async () => {
    const reminded = await bot.type('advance 16d')
    expect(reminded).toMatch(/credential reader of prod-kms expires in 14 days/)

    const said = await bot.type('ana: press Renew', ...saved)

    expect(said).toMatch(/✅ reader of prod-kms: renewed by ana on/)
    await bot.type('ana: press It works', 'settle')
    const later = await bot.type('advance 15d')
    expect(later).not.toMatch(/reader of prod-kms has expired/)
  })

  it('refuses in a sentence what cannot be renewed, and creates nothing', async () => {
    expect(await bot.type('ana: /okms renew nothing', 'settle')).toContain('There is no credential "nothing"')
    expect(await bot.type('ana: /okms renew reader 400d', 'settle')).toContain('400')
    expect(await bot.type('dee: /okms renew reader', 'settle')).toContain('You may not')
    expect(bot.sandbox.credentials()).toHaveLength(1)
    await renewed()
    expect(await bot.type(`ana: /okms renew ${oldId}`, 'settle')).toContain('was renewed by ana already.')
  })
})

it('asks for a new signing request where the old one was made from one', async () => {
  const csr = join(bot.home, 'vc.csr')
  const make = [
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    '/dev/null',
    '-subj',
    '/CN=vc',
    '-out',
    csr,
  ]
  execFileSync('openssl', make, { stdio: 'ignore' })
  // Its own reminder shall be the newest.
  await bot.type('ana: /okms revoke reader', 'settle', 'ana: press Revoke it', 'settle')
  await bot.type(`ana: /okms credential vcenter 30d csr:${csr}`, ...saved)
  const before = bot.live().length

  expect(await bot.type('ana: /okms renew vcenter', 'settle')).toContain('so a new one is needed.')
  expect(bot.live()).toHaveLength(before)
  execFileSync('openssl', make, { stdio: 'ignore' })
  await bot.type(`ana: /okms renew vcenter csr:${csr}`, ...saved)
  expect(bot.live()).toHaveLength(before + 1)

  const reminded = await bot.type('advance 17d')
  expect(reminded).toContain('renewing it takes a new request.')
  execFileSync('openssl', make, { stdio: 'ignore' })
  await bot.type('ana: press Renew', `ana: fill csr:${csr}`, ...saved)
  expect(bot.live()).toHaveLength(before + 2)
})
