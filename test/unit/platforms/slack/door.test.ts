/** The door itself against the stand-in for Slack: sending, editing, looking, taking back, and what goes wrong. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { BotError } from '../../../../src/core/errors.js'
import { always } from '../../../../src/core/ports/alone.js'
import type { ChatListener, MessageRef, OutgoingMessage, Target } from '../../../../src/core/ports/chat.js'
import { realClock } from '../../../../src/core/ports/clock.js'
import { silentLog } from '../../../../src/core/ports/log.js'
import { lines } from '../../../../src/core/reply.js'
import { Secret } from '../../../../src/core/secret.js'
import { createPainter } from '../../../../src/pictures/painter.js'
import { createSlackDoor, type SlackDoor } from '../../../../src/platforms/slack/adapter.js'
import { createHandOver } from '../../../../src/platforms/slack/hand-over.js'
import { createSlackWeb } from '../../../../src/platforms/slack/web.js'
import { BOT_TOKEN, type SlackServer, startSlackServer } from '../../../fakes/slack/server.js'
import { BOT_USER, World } from '../../../fakes/slack/world.js'

const world = new World(realClock)
let server: SlackServer
let door: SlackDoor

const kept = new Map<string, Secret>()
const listener: ChatListener = {
  commands: () => [],
  form: () => null,
  complete: async () => [],
  keepToken: async (interactionId, token) => void kept.set(interactionId, token),
  keptToken: async interactionId => kept.get(interactionId) ?? null,
  onInvocation: async () => true,
  onPress: async () => true,
}
const open = (token: string) =>
  createSlackDoor({
    botToken: new Secret(token),
    transport: { way: 'http', signingSecret: new Secret('x'), port: 0 },
    teamIds: [],
    apiUrl: server.url,
    log: silentLog,
    clock: realClock,
    painter: createPainter(silentLog),
  })

const actor = { platform: 'slack' as const, id: 'U00ANA', name: 'ana' }
const conversation = { platform: 'slack' as const, id: 'C00OPS', name: '#ops', kind: 'channel' as const }
const ops: Target = { to: 'conversation', conversation }
const toAna: Target = { to: 'person', actor, otherwise: conversation }
const message = (key: string, target: Target, text = `text of ${key}`): OutgoingMessage => ({
  key,
  target,
  reply: lines(text),
})
const texts = (channel: string) =>
  world.messages.filter(one => one.channel === channel).map(({ text }) => text)
const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('it worked'),
    (error: BotError) => error,
  )

beforeAll(async () => {
  server = await startSlackServer(world)
  world.addUser('ana')
  world.addChannel('ops', ['U00ANA', BOT_USER])
  world.addChannel('elsewhere', ['U00ANA'])
  door = open(BOT_TOKEN)
  await door.start(listener, always)
})
afterAll(async () => {
  await door.stop()
  expect(server.mistakes.filter(one => !one.includes('bot token'))).toEqual([])
  await server.stop()
})
beforeEach(() => server.untroubled())

it('starts though Slack is away, and is there once Slack is', async () => {
  server.trouble({ method: 'auth.test', status: 503, times: 1 })
  const other = open(BOT_TOKEN)

  await other.start(listener, always)
  expect(other.isConnected()).toBe(false)

  await expect.poll(() => other.isConnected(), { timeout: 5000 }).toBe(true)
  await other.stop()
})

it('posts, edits and removes; what is gone already is fine', async () => {
  const ref = await door.post(message('a', ops))
  await door.edit(ref, message('a', ops, 'newer'))
  expect(texts('C00OPS')).toEqual(['newer'])

  await door.remove(ref)
  await door.remove(ref)
  expect(texts('C00OPS')).toEqual([])
})

it('finds a message by its key, in a channel, a thread and direct messages, and knows when there is none', async () => {
  const head = await door.post(message('head', ops))
  const thread: Target = { to: 'thread', under: 'head', conversation, title: 'Thread' }
  const inThread = await door.post({ ...message('t', thread), under: head })
  const direct = await door.post(message('d', { to: 'person', actor }))

  expect(await door.find('head', ops)).toEqual(head)
  expect(await door.find('t', thread, head)).toEqual(inThread)
  expect(await door.find('d', { to: 'person', actor })).toEqual(direct)
  expect(await door.find('t', ops)).toBeNull()
  expect(world.find('C00OPS', inThread.ts!)?.threadTs).toBe(head.ts)
})

it('cannot tell where history is not readable', async () => {
  server.trouble({ method: 'conversations.history', error: 'not_in_channel', times: 1 })

  expect(await door.find('head', ops)).toBe('unknown')
})

it('marks what may be a repeat', async () => {
  const ref = await door.post({ ...message('r', ops), possibleRepeat: true })

  expect(JSON.stringify(world.find('C00OPS', ref.ts!)?.blocks)).toContain('You may have seen this before')
})

it('writes beside closed direct messages to the person alone, or mentions them where that cannot be', async () => {
  world.closedDirectMessages.add('U00ANA')
  const fresh = open(BOT_TOKEN)
  try {
    const ref = await fresh.post(message('e', toAna))
    expect(world.messages.at(-1)).toMatchObject({ only: 'U00ANA', text: 'text of e' })
    const before = world.messages.length
    await fresh.edit(ref, { ...message('e', toAna), reply: { kind: 'card', title: 't', steps: [] } })
    expect(world.messages).toHaveLength(before)
    await fresh.edit(ref, message('e', toAna, 'it ended'))
    expect(world.messages.at(-1)).toMatchObject({ only: 'U00ANA', text: 'it ended' })
    await fresh.remove(ref)

    server.trouble({ method: 'chat.postEphemeral', error: 'user_not_in_channel' })
    await fresh.post(message('m', toAna))
    expect(world.messages.at(-1)).toMatchObject({ only: null, channel: 'C00OPS' })
    expect(JSON.stringify(world.messages.at(-1)!.blocks)).toContain('<@U00ANA>')
    expect((await failure(fresh.post(message('x', { to: 'person', actor })))).code).toBe('chat.refused')
  } finally {
    world.closedDirectMessages.clear()
  }
})

it.each([
  [{ status: 429, retryAfterSeconds: 7 }, 'chat.rate-limited', 7000],
  [{ error: 'ratelimited' }, 'chat.rate-limited', 30_000],
  [{ status: 503 }, 'chat.unreachable', undefined],
  [{ error: 'internal_error' }, 'chat.unreachable', undefined],
  [{ error: 'token_revoked' }, 'chat.unreachable', undefined],
  [{ error: 'is_archived' }, 'chat.refused', undefined],
] as const)('says what %j means', async (trouble, code, retryAfterMs) => {
  server.trouble({ method: 'chat.postMessage', times: 1, ...trouble })

  const error = await failure(door.post(message('f', ops)))

  expect(error.code).toBe(code)
  expect(error.retryAfterMs).toBe(retryAfterMs)
  expect(error.details.method).toBe('chat.postMessage')
})

it('asks Slack once for each message, whatever it answers', async () => {
  const before = server.requests.length
  server.trouble({ method: 'chat.postMessage', status: 503, times: 1 })

  await failure(door.post(message('g', ops)))

  expect(server.requests).toHaveLength(before + 1)
})

it('does not start with a token that Slack does not take, and says which setting', async () => {
  const error = await failure(open('xoxb-wrong').start(listener, always))

  expect(error.code).toBe('chat.unreachable')
  expect(error.hint).toContain('SLACK_BOT_TOKEN')
})

it.each([
  ['GET', '/slack/events', '', 404],
  ['POST', '/elsewhere', '', 404],
  ['POST', '/slack/events', 'text=list', 401],
  ['POST', '/slack/events', 'ssl_check=1&token=x', 200],
  ['POST', '/slack/events', 'x'.repeat(2_000_000), 413],
])('answers %s %s without a signature with a status alone', async (method, path, body, status) => {
  const request = body === '' ? { method } : { method, body }
  const response = await fetch(`http://127.0.0.1:${door.port()}${path}`, request).catch(() => null)

  // What is too long may be cut off before it is read.
  expect(response?.status ?? 413).toBe(status)
})

it('tells where files are before Slack shows them, so that they can be taken back', async () => {
  const web = createSlackWeb({ botToken: new Secret(BOT_TOKEN), apiUrl: server.url, log: silentLog })
  server.site.shareAfterMs = 3_600_000
  const files = [{ name: 'reader.key.pem', content: new Secret('SECRET'), encoding: 'utf8' as const }]
  const handover = { files, passphrase: null, reply: lines('x'), runId: '7F3K9Q2M' }

  const refs: MessageRef[] = []
  const handOver = createHandOver(web, 300)

  const error = await failure(handOver.deliver('U00ANA', handover, async ref => void refs.push(ref)))

  expect(error.message).toBe('Slack took the files and does not show them.')
  expect(refs).toHaveLength(1)
  await handOver.takeBack(refs[0]!)
  expect([...world.files.values()].filter(({ name }) => name === 'reader.key.pem')).toEqual([])
})
