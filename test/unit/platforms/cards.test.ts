/**
 * How the bot reads: one message of each kind, said by a whole bot, encoded for Discord and for Slack, and shown as their clients
 * show it. docs/cards.md holds the outcome, so that a change of wording shows in a diff.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DAY_MS } from '../../../src/core/duration.js'
import type { Picture } from '../../../src/core/ports/painter.js'
import type { Reply } from '../../../src/core/reply.js'
import { describeHorizon } from '../../../src/pictures/horizon.js'
import { encodeReply as encodeForDiscord } from '../../../src/platforms/discord/replies.js'
import { encodeReply as encodeForSlack, withPicture } from '../../../src/platforms/slack/replies.js'
import { newRequest } from '../../contracts/conversations/scene.js'
import { COMPONENTS_V2, type Component, checkMessage, checkShape } from '../../fakes/discord/rules.js'
import { readMessage } from '../../fakes/discord/text.js'
import type { Message as DiscordMessage, World as DiscordWorld } from '../../fakes/discord/world.js'
import { type Overheard, overhear } from '../../fakes/overheard.js'
import { consoleSide } from '../../fakes/sides/console.js'
import { checkBlocks, checkText } from '../../fakes/slack/block-kit.js'
import { shownText } from '../../fakes/slack/seen.js'
import { World as SlackWorld } from '../../fakes/slack/world.js'
import { startBot } from '../../fakes/whole-bot.js'

const PEOPLE = { ana: '900000000000000001', bo: '900000000000000002' }
const { newest, watched } = overhear()
const start = () => startBot({ here: consoleSide }, { watched })
let bot: Awaited<ReturnType<typeof start>>

beforeAll(async () => {
  bot = await start()
})
afterAll(() => bot?.stop())

/** By title, in the order in which a reader meets them. */
const said = new Map<string, Overheard>()

it('reads on Discord and in Slack as docs/cards.md shows', async () => {
  const [ana, bo, dee] = ['ana', 'bo', 'dee'].map(bot.sides.here.person)
  const says = async (who: typeof ana, line: string) => {
    await who!.says(line)
    await bot.settles()
  }
  /** `runId`: the run that it tells of, where its key does not name that. */
  const keep = (title: string, what: string, runId = newest(what).runId) =>
    void said.set(title, freezeDetails({ ...newest(what), runId }))

  await says(ana, '/okms credential reader 30d')
  keep('Run card, in progress', 'card')
  keep('Offer', 'offer')
  await ana!.presses('Collect')
  await bot.settles()
  keep('Hand-over, with the files', 'handover')
  await ana!.presses('Saved it')
  await bot.settles()
  keep('Run card, done', 'card')
  keep('Offer, collected', 'offer')
  keep('Announcement', 'announcement')

  await bot.sandbox.control({ deny: ['okms:apiovh:credential/create'] })
  await says(ana, '/okms credential reader 30d')
  keep('Run card, failed', 'card')
  await says(bo, '/okms jobs list failed')
  keep('What failed', 'answer', newest('card').runId)
  await bot.sandbox.control({ deny: [] })

  const csr = Buffer.from(await newRequest())
  await ana!.brings('/okms credential vcenter 200d description:"new vCenter"', 'csr', {
    name: 'vc.csr',
    bytes: csr,
  })
  await bot.settles()
  keep('Request card', 'request')
  keep('Request thread', 'voting')
  await bo!.presses('Deny', newest('voting').runId)
  await bo!.fills({ reason: 'not during the audit' })
  await bot.settles()
  keep('Request card, decided', 'request')
  keep('Request thread, decided', 'voting')

  await says(ana, '/okms list')
  keep('Table', 'answer')
  await bot.sandbox.control({ seed: { credentials: 200 } })
  await says(ana, '/okms credentials')
  keep('Table that does not fit', 'answer')
  await says(ana, '/okms show prod-kms')
  keep('Fields', 'answer')
  await says(dee, '/okms credential reader 30d')
  keep('Refusal', 'answer')
  await says(ana, '/okms help')
  keep('Help', 'answer')
  await says(ana, '/okms help credential')
  keep('Help for one command', 'answer')

  keep('Credentials that others made', 'found')
  // A minute more: what was seeded expires on a whole second, which may be a little after that of now.
  await bot.advances(16 * DAY_MS + 60_000)
  keep('Reminder', bot.live().find(({ name }) => name === 'reader')!.id)
  keep('Digest of reminders', 'digest')

  await expect(page()).toMatchFileSnapshot('../../../docs/cards.md')
})

function page(): string {
  const shown = [...said].map(([title, one]) =>
    [`## ${title}`, 'Discord', fenced(onDiscord(one)), 'Slack', fenced(inSlack(one))].join('\n\n'),
  )
  const head = [
    '# How the bot reads',
    'Written by `test/unit/platforms/cards.test.ts`: what a whole bot said, encoded for each platform and read as its clients show it; buttons stand in brackets, files by name. Ids, fingerprints, addresses and instants are examples. After a change of wording that is meant: `npx vitest run test/unit/platforms/cards.test.ts -u`.',
  ]
  return `${[...head, ...shown].join('\n\n')}\n`
}

const fenced = (text: string) => `\`\`\`text\n${text}\n\`\`\``

/** @throws when Discord would refuse it */
function onDiscord({ reply, files }: Overheard): string {
  const handed = files.map(name => ({ name, data: Buffer.from('PEM') }))
  const encoded = encodeForDiscord(heardBy('discord', reply), { files: handed, picture: pictureOf(reply) })
  const body = {
    components: encoded.components as Component[],
    flags: COMPONENTS_V2,
    attachments: encoded.files.map(({ name }, i) => ({ id: String(i), filename: name })),
  }
  checkShape('createMessage', body)
  checkMessage(body, new Map(encoded.files.map(({ name }, i) => [i, name])))
  const users = new Map(Object.entries(PEOPLE).map(([name, id]) => [id, { name }]))
  const message = { components: body.components, attachments: encoded.files, isThinking: false }
  return readMessage(message as unknown as DiscordMessage, { users } as unknown as DiscordWorld)
}

/** @throws when Slack would refuse it */
function inSlack({ reply, files }: Overheard): string {
  const { text, blocks, files: own } = encodeForSlack(heardBy('slack', reply))
  const added = withPicture(own, pictureOf(reply))
  checkText(text)
  checkBlocks(blocks)
  const world = new SlackWorld({ now: () => 0 })
  for (const name of Object.keys(PEOPLE)) world.addUser(name)
  const message = world.add({
    channel: 'C00OPS',
    threadTs: null,
    by: 'U00BOT',
    text,
    blocks: blocks as unknown as Record<string, unknown>[],
  })
  // Files are messages of their own there.
  const beside = added.map(({ name, alt }) => (alt === undefined ? name : `${name} (${alt})`))
  return [...(files.length > 0 ? [files.join(' · ')] : []), shownText(message, world), ...beside].join('\n')
}

/** Undrawn: described is all that a text can show of it. */
const pictureOf = (reply: Reply): Picture | null =>
  reply.kind === 'table' && reply.horizon
    ? { name: reply.horizon.fileName, bytes: Buffer.from('PNG'), alt: describeHorizon(reply.horizon, 1000) }
    : null

/** The same reply to the same people on another platform. */
function heardBy(platform: 'discord' | 'slack', reply: Reply): Reply {
  let text = JSON.stringify(reply)
  for (const [name, discordId] of Object.entries(PEOPLE)) {
    const id = platform === 'discord' ? discordId : `U00${name.toUpperCase()}`
    text = text.replaceAll(`"platform":"console","id":"${name}"`, `"platform":"${platform}","id":"${id}"`)
  }
  return JSON.parse(text) as Reply
}

/** What differs from run to run becomes an example. */
function freezeDetails(heard: Overheard): Overheard {
  const { kmip, kmipRsa, url } = bot.sandbox.info
  const uuids: string[] = []
  const { runId } = heard
  const text = JSON.stringify(heard)
    .replaceAll(/^[0-9A-Z]{8}$/.test(runId) ? runId : /$^/g, '7F3K9Q2M')
    .replaceAll(kmip, 'eu-west-rbx.okms.ovh.net:5696')
    .replaceAll(kmipRsa, 'eu-west-rbx.okms.ovh.net:5697')
    .replaceAll(url, 'https://eu-west-rbx.okms.ovh.net')
    .replaceAll('{"code":"127.0.0.1"}', '{"code":"eu-west-rbx.okms.ovh.net"}')
    .replaceAll(/\{"code":"\d{4,5}"\}/g, '{"code":"5697"}')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, uuid => {
      if (!uuids.includes(uuid)) uuids.push(uuid)
      return `e90c5841-f39e-4983-8596-${String(uuids.indexOf(uuid) + 1).padStart(12, '0')}`
    })
    .replaceAll(/([0-9A-F]{2}:){19,31}[0-9A-F]{2}/g, found => 'FE:21:E2:7C:'.repeat(8).slice(0, found.length))
    .replaceAll(/"code":"[0-9a-f]{4}·[0-9a-f]{4}"/g, '"code":"5d1f·7e42"')
    .replaceAll(/\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d UTC/g, '23 Dec 2026 15:42 UTC')
    .replaceAll(/"instant":"[^"]+"/g, '"instant":"2026-12-23T15:42:00.000Z"')
    .replaceAll(/"nowMs":\d+/g, `"nowMs":${Date.parse('2026-12-23T15:42:00.000Z')}`)
    .replace(/("label":"KMIP objects","value":)"\d+"/, '$1"12"')
    .replaceAll(/\b\d+ ms\b/g, '12 ms')
    .replaceAll(/\b\d+ s\b/g, '2 s')
  return JSON.parse(text) as Overheard
}
