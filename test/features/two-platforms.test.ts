/** One bot with Discord and Slack at once: somebody who is on both is one person, and what begins on one may go on on the other. */
import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { newRequest, runIn } from '../contracts/conversations/scene.js'
import type { DiscordPerson } from '../fakes/discord/person.js'
import { discordSide } from '../fakes/sides/discord.js'
import { slackSide } from '../fakes/sides/slack.js'
import type { SlackPerson } from '../fakes/slack/people.js'
import { startBot } from '../fakes/whole-bot.js'

const start = () => startBot({ discord: discordSide, slack: slackSide })

let bot: Awaited<ReturnType<typeof start>>
/** Operator and approver, on either platform. */
let cy: { onDiscord: DiscordPerson; onSlack: SlackPerson }
let bo: { onDiscord: DiscordPerson; onSlack: SlackPerson }

beforeAll(async () => {
  bot = await start()
  const both = (name: string) => ({
    onDiscord: bot.sides.discord.person(name),
    onSlack: bot.sides.slack.person(name),
  })
  cy = both('cy')
  bo = both('bo')
})
afterAll(() => bot?.stop())
afterEach(() => {
  expect(bot.sides.discord.complaints()).toEqual([])
  expect(bot.sides.slack.complaints()).toEqual([])
})

const text = (texts: readonly string[]) => texts.join('\n')

async function asksOnDiscord(): Promise<string> {
  const bytes = Buffer.from(await newRequest())
  await cy.onDiscord.brings('/okms credential vcenter 200d', 'csr', { name: 'vc.csr', bytes })
  await bot.settles()
  return runIn(text(cy.onDiscord.sees({ channel: 'ops' })))
}

async function asksOnSlack(): Promise<string> {
  await cy.onSlack.says('/okms credential reader 30d')
  await bot.settles()
  return runIn(text(cy.onSlack.sees('dm')))
}

it('answers each platform where it was asked, and not on the other', async () => {
  const onSlack = bo.onSlack.sees().length

  await cy.onDiscord.says('/okms list')
  await bot.settles()

  expect(text(bo.onDiscord.sees({ channel: 'ops' }))).toContain('2 OKMS')
  expect(bo.onSlack.sees()).toHaveLength(onSlack)
})

it('lets nobody approve from the other platform what they asked for themselves', async () => {
  const runId = await asksOnDiscord()
  const live = bot.live().length

  await bot.restarts()
  await cy.onSlack.says(`@okms approve ${runId}`)
  await cy.onDiscord.presses('Approve', runId)
  await bot.settles()

  expect(text(cy.onSlack.sees())).toContain('somebody else decides it')
  expect(text(cy.onDiscord.sees())).toContain('somebody else decides it')
  expect(bot.live()).toHaveLength(live)
})

it('takes the approval of somebody else from the other platform, and tells it in the thread where it was asked', async () => {
  const runId = await asksOnDiscord()
  const live = bot.live().length
  await bo.onSlack.says('/okms requests')
  await bot.settles()
  expect(text(bo.onSlack.sees())).toMatch(new RegExp(`${runId} {2}Credential vcenter for prod-kms {2}cy`))

  await bot.restarts()
  await bo.onSlack.says(`@okms approve ${runId} fine`)
  await bot.settles()

  expect(text(cy.onDiscord.sees({ thread: runId }))).toContain('✅ bo approved (1 of 1): fine.')
  expect(text(cy.onDiscord.sees('dm'))).toContain('Credential vcenter for prod-kms is ready.')
  expect(text(cy.onSlack.sees('dm'))).not.toContain(runId)
  expect(bot.live()).toHaveLength(live + 1)

  await bo.onDiscord.says(`/okms approve ${runId}`)
  await bot.settles()
  expect(text(bo.onDiscord.sees())).toContain('decided')
  expect(bot.live()).toHaveLength(live + 1)
})

it('hands over to the recipient on the other platform, to nobody else, and erases it on both', async () => {
  const runId = await asksOnSlack()
  const somewhere = cy.onDiscord.messages({ channel: 'ops' })[0]!

  await bot.restarts()
  await bo.onDiscord.pressesId(somewhere, `collect:${runId}`)
  await bot.settles()
  expect(text(bo.onDiscord.sees())).toContain('nobody else can use the button')
  expect(await bo.onDiscord.files()).toEqual([])

  await cy.onDiscord.pressesId(somewhere, `collect:${runId}`)
  await bot.settles()
  const files = await cy.onDiscord.files()
  expect(files.map(({ name }) => name)).toEqual(['reader.key.pem', 'reader.cert.pem', 'ca.pem'])
  expect(new X509Certificate(files[1]!.bytes).validTo).toContain('GMT')
  expect(await cy.onSlack.files()).toEqual([])

  await cy.onDiscord.presses('Saved it', runId)
  await bot.settles()
  expect(await cy.onDiscord.files()).toEqual([])
  expect(text(cy.onSlack.sees('dm'))).toContain('Credential reader for prod-kms: collected, and erased here.')
  expect(text(bo.onSlack.sees({ channel: 'ops' }))).toContain('@cy holds a new credential reader')
})

it('registers one key server for 1,000 approvals at once, of two people on two platforms, and answers each', async () => {
  await bot.sandbox.control({ customerWait: '0s' })
  const ana = bot.sides.discord.person('ana')
  await ana.says('/okms attach pcc-192-0-2-10 prod-kms')
  await bot.settles()
  const runId = runIn(text(ana.sees({ channel: 'ops' })))
  const voting = cy.onDiscord.messages({ thread: runId }).find(({ components }) => components.length > 0)!
  const { world } = bot.sides.slack
  const toldOnSlack = () => world.messages.filter(({ only }) => only === 'U00BO').length
  const before = toldOnSlack()

  // Nobody waits for an answer; the bot and both platforms share this one process, and each press has its 3 s.
  const eachSoonAfter = <T>(press: () => Promise<T>) =>
    Promise.all(Array.from({ length: 500 }, (_, i) => sleep(Math.floor(i / 25) * 250).then(press)))
  const [onDiscord] = await Promise.all([
    eachSoonAfter(() => cy.onDiscord.pressesId(voting, `approve:${runId}`)),
    eachSoonAfter(() => bo.onSlack.says(`/okms approve ${runId}`)),
  ])
  await bot.settles()

  const registrations = bot.sandbox
    .cloudTasks('pcc-192-0-2-10')
    .filter(({ name }) => name === 'createVmEncryptionKms')
  expect(registrations).toHaveLength(1)
  expect(bot.sandbox.keyServers('pcc-192-0-2-10')).toHaveLength(1)
  const answers = onDiscord.map(({ originalId }) =>
    bot.sides.discord.discord.world.messages.find(({ id }) => id === originalId),
  )
  expect(
    answers.filter(answer => answer?.onlyFor === cy.onDiscord.user.id && !answer.isThinking),
  ).toHaveLength(500)
  expect(toldOnSlack() - before).toBe(500)
  expect(text(ana.sees({ thread: runId })).match(/approved \(1 of 1\)/g)).toHaveLength(1)
})

it('goes on with buttons that were shown before a restart, on either platform', async () => {
  const runId = await asksOnSlack()
  const live = bot.live().length

  await bot.restarts()
  await cy.onSlack.presses('Revoke now', runId)
  await bot.settles()

  expect(text(cy.onSlack.sees('dm'))).toContain('reader was revoked, as you asked.')
  expect(bot.live()).toHaveLength(live - 1)
})
