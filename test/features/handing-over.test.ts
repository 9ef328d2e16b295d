/** Files with a key in Slack, where handing over takes its time or breaks: nothing of them stays that should not. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { SlackPerson } from '../fakes/slack/people.js'
import { type SlackBot, startSlackBot } from '../fakes/slack/slack-bot.js'

let bot: SlackBot
let ana: SlackPerson
beforeAll(async () => {
  bot = await startSlackBot({ way: 'http' })
  ana = bot.person('ana')
})
afterAll(() => bot?.stop())
afterEach(async () => {
  bot.server.untroubled()
  bot.server.site.shareAfterMs = 120
  await bot.settles()
  expect(await names()).toEqual([])
})

const names = async () => (await ana.files()).map(({ name }) => name).sort()
const all = ['ca.pem', 'reader.cert.pem', 'reader.key.pem']

async function issue(): Promise<string> {
  await ana.says('/okms credential reader 30d')
  await bot.settles()
  return [
    ...ana
      .sees('dm')
      .join()
      .matchAll(/run ([0-9A-HJKMNP-TV-Z]{8})/g),
  ].at(-1)![1]!
}
async function presses(label: string, runId: string): Promise<void> {
  await ana.presses(label, runId)
  await bot.settles()
}

/** Presses Collect; Slack shows the files a good second later. Resolves in between. */
async function isCollecting(runId: string): Promise<void> {
  bot.server.site.shareAfterMs = 1200
  void ana.presses('Collect', runId)
  await sleep(400)
}

it('waits with what is saved until a second set has arrived, and takes both back', async () => {
  const runId = await issue()
  await presses('Collect', runId)
  await isCollecting(runId)

  await ana.presses('Saved it', runId)
  await expect.poll(() => ana.sees().join('\n')).toContain('It is being handed over right now.')
  await sleep(1500)
  await bot.settles()
  expect(await names()).toEqual([...all, ...all].sort())

  await presses('Saved it', runId)
})

it('takes back what arrives after its recipient wanted it revoked', async () => {
  const live = bot.live().length
  const runId = await issue()
  await isCollecting(runId)

  await presses('Revoke now', runId)
  await sleep(1500)
  await bot.settles()

  expect(bot.live()).toHaveLength(live)
  expect(await names()).toEqual([])
})

it('takes back files whose sharing was done though the answer was lost, and hands them over again', async () => {
  const runId = await issue()
  bot.server.trouble({ method: 'files.completeUploadExternal', afterwards: true, times: 1 })

  await presses('Collect', runId)
  expect(await names()).toEqual([])
  await presses('Collect', runId)

  expect(await names()).toEqual(all)
  await presses('Saved it', runId)
})

it('takes back at its end what could not be taken back at once', async () => {
  const runId = await issue()
  bot.server.trouble({ method: 'files.completeUploadExternal', afterwards: true, times: 1 })
  bot.server.trouble({ method: 'files.delete', status: 503, times: 2 })

  await presses('Collect', runId)
  await bot.advance(65 * 60_000)

  expect(ana.sees('dm').join('\n')).toContain('Nobody collected reader within 60 min')
  expect(await names()).toEqual([])
})
