/** The door on a stand-in Discord, without the rest of the bot: what it posts, finds, edits, takes back, and what it hears. */
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Actor, Conversation } from '../../../../src/core/actor.js'
import { defineCommand } from '../../../../src/core/command.js'
import type { Form } from '../../../../src/core/form.js'
import type { Completing, Invocation, Press } from '../../../../src/core/invocation.js'
import { option } from '../../../../src/core/option.js'
import { always, type Work } from '../../../../src/core/ports/alone.js'
import type { ChatListener, Exchange, OutgoingMessage, Target } from '../../../../src/core/ports/chat.js'
import { type Log, silentLog } from '../../../../src/core/ports/log.js'
import { lines } from '../../../../src/core/reply.js'
import { Secret } from '../../../../src/core/secret.js'
import { createPainter } from '../../../../src/pictures/painter.js'
import { createDiscordDoor, type DiscordDoor } from '../../../../src/platforms/discord/adapter.js'
import { inviteUrl } from '../../../../src/platforms/discord/invite.js'
import type { DiscordPerson } from '../../../fakes/discord/person.js'
import { type FakeDiscord, startFakeDiscord } from '../../../fakes/discord/server.js'

const MINUTE_MS = 60_000
const OPS: Conversation = { platform: 'discord', id: '900000000000000100', name: '#ops', kind: 'channel' }

let discord: FakeDiscord
let door: DiscordDoor
let ana: DiscordPerson
let heard: { invocations: Invocation[]; presses: Press[]; completing: Completing[] }
/** Whether what is heard is for this process to answer. */
let isOurs = true
/** What the bot does with a command or a press; a test sets it. */
let act: (exchange: Exchange) => Promise<void>
let forms: Record<string, Form>
let completions: () => Promise<string[]>
let said: { level: string; text: string; details: unknown }[]
let fatal: number

const log: Log = {
  ...silentLog,
  ...Object.fromEntries(
    (['info', 'warn', 'error'] as const).map(level => [
      level,
      (text: string, details?: unknown) => void said.push({ level, text, details }),
    ]),
  ),
}

const commands = [
  defineCommand({
    name: 'say',
    summary: 'Says it',
    options: { okms: option.okms('Which'), csr: option.file('A file', { maxBytes: 100 }).optional() },
    requires: null,
    answers: 'privately',
    examples: [],
    run: async () => {},
  }),
]

const kept = new Map<string, Secret>()
const listener: ChatListener = {
  commands: () => commands,
  form: press => forms[press] ?? null,
  complete: asking => {
    heard.completing.push(asking)
    return completions()
  },
  keepToken: async (interactionId, token) => void kept.set(interactionId, token),
  keptToken: async interactionId => kept.get(interactionId) ?? null,
  async onInvocation(invocation, exchange) {
    heard.invocations.push(invocation)
    await act(exchange)
    return isOurs
  },
  async onPress(press, exchange) {
    heard.presses.push(press)
    await act(exchange)
    return isOurs
  },
}

function createDoor(token = discord.token): DiscordDoor {
  return createDiscordDoor({
    token: new Secret(token),
    applicationId: discord.applicationId,
    guildIds: [discord.guildId],
    apiUrl: discord.apiUrl,
    log,
    clock: discord.clock,
    painter: createPainter(log),
    onFatal: () => void fatal++,
  })
}

beforeEach(async () => {
  discord = await startFakeDiscord()
  ana = discord.person('ana', ['900000000000000010'])
  heard = { invocations: [], presses: [], completing: [] }
  act = exchange => exchange.answer(lines('Done.'), 'asker')
  forms = {}
  completions = async () => []
  said = []
  fatal = 0
  door = createDoor()
  await door.start(listener, always)
})
afterEach(async () => {
  await door.stop()
  await discord.stop()
})

const toOps: Target = { to: 'conversation', conversation: OPS }
const anaActor = (): Actor => ({ platform: 'discord', id: ana.user.id, name: 'ana' })
const message = (key: string, text = key, target: Target = toOps): OutgoingMessage => ({
  key,
  target,
  reply: lines(text),
})
const idle = () => expect.poll(() => door.isBusy()).toBe(false)

describe('posting', () => {
  it('writes once when the same message is sent twice, and brings it up to date', async () => {
    const first = await door.post(message('A/card', 'old'))
    const second = await door.post({ ...message('A/card', 'new'), possibleRepeat: true })

    expect(second).toEqual(first)
    expect(ana.sees()).toEqual(['possibly a repeat\nnew'])
  })

  it('posts anew when somebody deleted the first', async () => {
    const ref = await door.post(message('A/card'))
    await door.remove(ref)

    await door.post(message('A/card', 'again'))

    expect(ana.sees()).toEqual(['again'])
  })

  it('finds its message in the history, and knows when it is not there', async () => {
    const ref = await door.post(message('A/card'))
    for (let i = 0; i < 120; i++) discord.world.add({ channelId: OPS.id, authorId: ana.user.id })

    expect(await door.find('A/card', toOps)).toEqual(ref)
    expect(await door.find('B/card', toOps)).toBeNull()
    discord.channel('ops').botMayReadHistory = false
    expect(await door.find('A/card', toOps)).toBe('unknown')
  })

  it('says that Discord asks to slow down, and for how long', async () => {
    discord.faults = [
      { method: 'POST', path: /messages$/, do: { status: 429, retryAfterSeconds: 7 }, times: 1 },
    ]

    const error = await door.post(message('A/card')).catch(thrown => thrown)

    expect(error.code).toBe('chat.rate-limited')
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(7000)
    expect(error.retryAfterMs).toBeLessThan(7500)
  })

  it.each([
    [{ status: 503 }, 'chat.unreachable'],
    [{ status: 403, code: 50001 }, 'chat.refused'],
    [{ status: 403, code: 40003 }, 'chat.rate-limited'],
  ])('says of %j: %s', async (fault, code) => {
    discord.faults = [{ method: 'POST', path: /messages$/, do: fault, times: 1 }]

    await expect(door.post(message('A/card'))).rejects.toMatchObject({ code })
  })

  it('takes back what was posted, and does not mind when it is gone', async () => {
    const ref = await door.post(message('A/card'))

    await door.remove(ref)
    await door.remove(ref)

    expect(ana.sees()).toEqual([])
  })
})

describe('threads', () => {
  const inThread = (title = 'run A'): Target => ({ to: 'thread', under: 'A/card', conversation: OPS, title })

  it('opens one under the card, once, and posts there', async () => {
    const under = await door.post(message('A/card'))

    await door.post({ ...message('A/1', 'one', inThread('x'.repeat(120))), under })
    await door.post({ ...message('A/2', 'two', inThread()), under })

    const thread = discord.world.channel(under.message!)
    expect(thread.name).toBe('x'.repeat(100))
    expect(discord.requests.filter(({ path }) => path.endsWith('/threads'))).toHaveLength(1)
    expect(ana.sees({ thread: 'A/card' })).toEqual(['one', 'two'])
  })

  it('goes on in the thread that is there already after a restart', async () => {
    const under = await door.post(message('A/card'))
    const ref = await door.post({ ...message('A/1', 'one', inThread()), under })
    await door.stop()
    door = createDoor()
    await door.start(listener, always)

    await door.post({ ...message('A/2', 'two', inThread()), under })

    expect(ana.sees({ thread: 'A/card' })).toEqual(['one', 'two'])
    expect(await door.find('A/1', inThread(), under)).toEqual(ref)
  })

  it('opens an archived thread again to change a message or to post', async () => {
    const under = await door.post(message('A/card'))
    const ref = await door.post({ ...message('A/1', 'one', inThread()), under })
    const thread = discord.world.channel(under.message!)

    Object.assign(thread, { archived: true, locked: true })
    await door.edit(ref, message('A/1', 'one, changed'))
    Object.assign(thread, { archived: true, locked: true })
    await door.post({ ...message('A/2', 'two', inThread()), under })

    expect(ana.sees({ thread: 'A/card' })).toEqual(['one, changed', 'two'])
  })

  it('stays in a conversation that can have none', async () => {
    const dm: Conversation = {
      platform: 'discord',
      id: discord.world.directMessages(ana.user.id).id,
      name: 'dm',
      kind: 'dm',
    }
    const under = await door.post(message('A/card', 'card', { to: 'conversation', conversation: dm }))

    await door.post({
      ...message('A/1', 'one', { to: 'thread', under: 'A/card', conversation: dm, title: 'A' }),
      under,
    })

    expect(ana.sees('dm')).toEqual(['card', 'one'])
  })

  it('hears a press in a thread as one in its channel', async () => {
    const under = await door.post(message('A/card'))
    const buttons = [{ press: 'approve', label: 'Approve', subject: 'A' }]
    await door.post({ key: 'A/1', target: inThread(), reply: { kind: 'text', lines: ['?'], buttons }, under })

    await ana.presses('Approve')
    await idle()

    expect(heard.presses).toMatchObject([
      {
        press: 'approve',
        subject: 'A',
        conversation: { kind: 'thread', id: under.message, parent: OPS.id },
        actor: { groups: ['role:900000000000000010'] },
      },
    ])
  })
})

describe('direct messages', () => {
  const toAna = (otherwise?: Conversation): Target => ({
    to: 'person',
    actor: anaActor(),
    ...(otherwise ? { otherwise } : {}),
  })

  it('go to the person alone', async () => {
    await door.post(message('A/card', 'for you', toAna(OPS)))

    expect(ana.sees('dm')).toEqual(['for you'])
    expect(discord.person('bo').sees()).toEqual([])
  })

  it('are refused for good where they are closed and there is nowhere else', async () => {
    ana.closesDirectMessages()

    await expect(door.post(message('A/card', 'for you', toAna()))).rejects.toMatchObject({
      code: 'chat.refused',
    })
  })

  it('become an answer that only they see while an interaction of theirs lives', async () => {
    ana.closesDirectMessages()
    await ana.runs('/okms say', { okms: 'prod-kms' })
    await idle()

    const ref = await door.post(message('A/card', 'for you', toAna(OPS)))
    await door.edit(ref, message('A/card', 'for you, changed', toAna(OPS)))

    expect(ana.sees()).toEqual(['Done.', 'for you, changed'])
    expect(discord.person('bo').sees()).toEqual([])
    expect(JSON.stringify(ref)).not.toContain('token')
    await door.remove(ref)
    expect(ana.sees()).toEqual(['Done.'])
  })

  it('wait for the answer of the command, so that they do not become it', async () => {
    ana.closesDirectMessages()
    let answer = () => {}
    act = exchange =>
      new Promise(resolve => {
        answer = () => resolve(exchange.answer(lines('Done.'), 'asker'))
      })
    await ana.runs('/okms say', { okms: 'prod-kms' })

    await expect(door.post(message('A/card', 'for you', toAna(OPS)))).rejects.toMatchObject({
      code: 'chat.unreachable',
      retryAfterMs: 1000,
    })
    answer()
    await idle()
    await door.post(message('A/card', 'for you', toAna(OPS)))

    expect(ana.sees()).toEqual(['Done.', 'for you'])
  })

  it('become a message that mentions them once no interaction lives', async () => {
    ana.closesDirectMessages()

    const ref = await door.post(message('A/card', 'for you', toAna(OPS)))
    await door.edit(ref, message('A/card', 'for you, changed', toAna(OPS)))

    expect(discord.person('bo').sees()).toEqual(['@ana\nfor you, changed'])
    expect(discord.world.messages[0]!.notified).toEqual([ana.user.id])
    expect(await door.find('A/card', toAna(OPS))).toEqual(ref)
  })

  it('move there when what they saw can be changed no more, once, also across a restart', async () => {
    ana.closesDirectMessages()
    await ana.runs('/okms say', { okms: 'prod-kms' })
    await idle()
    const ref = await door.post(message('A/card', 'one', toAna(OPS)))
    discord.clock.moveTo(discord.clock.now() + 16 * MINUTE_MS)

    await door.edit(ref, message('A/card', 'two', toAna(OPS)))
    await door.edit(ref, message('A/card', 'three', toAna(OPS)))
    await door.stop()
    door = createDoor()
    await door.start(listener, always)
    await door.edit(ref, message('A/card', 'four', toAna(OPS)))

    expect(discord.person('bo').sees()).toEqual(['@ana\nfour'])
    await door.remove(ref)
    expect(discord.person('bo').sees()).toEqual([])
  })
})

describe('answering', () => {
  it('acknowledges in private before the bot has thought, and takes the acknowledgement away when nothing is said', async () => {
    act = async () => {}

    await ana.runs('/okms say', { okms: 'prod-kms' })
    await idle()

    expect(discord.world.messages).toEqual([])
    expect(heard.invocations).toMatchObject([
      { said: { form: 'typed', command: 'say', options: { okms: 'prod-kms' } } },
    ])
  })

  it('replaces its answer, in private and for everybody', async () => {
    act = async exchange => {
      await exchange.answer(lines('one'), 'asker')
      await exchange.answer(lines('two'), 'asker')
      await exchange.answer(lines('all: one'), 'everyone')
      await exchange.answer(lines('all: two'), 'everyone')
      await exchange.answer(lines('three'), 'asker')
    }

    await ana.runs('/okms say', { okms: 'prod-kms' })
    await idle()

    expect(discord.person('bo').sees()).toEqual(['@ana · /okms say\nall: two'])
    expect(ana.sees()).toEqual(['@ana · /okms say\nall: two', 'three'])
  })

  it('answers by direct message when the interaction has died', async () => {
    act = async exchange => {
      await exchange.acknowledge()
      discord.clock.moveTo(discord.clock.now() + 16 * MINUTE_MS)
      await exchange.answer(lines('late'), 'asker')
    }

    await ana.runs('/okms say', { okms: 'prod-kms' })
    await idle()

    expect(ana.sees('dm')).toEqual(['late'])
  })

  it('hands files over without a later notice wiping them out', async () => {
    const handover = {
      files: [
        {
          name: 'reader.p12',
          content: new Secret(Buffer.from([0, 1, 2]).toString('base64')),
          encoding: 'base64' as const,
        },
      ],
      passphrase: new Secret('correct horse'),
      reply: lines('Save it now.'),
      runId: '7F3K9Q2M',
    }
    act = async exchange => {
      await exchange.answer(lines('It takes longer than usual.'), 'asker')
      await exchange.deliver(handover, async () => {})
      await exchange.answer(lines('A late notice.'), 'asker')
    }

    await ana.runs('/okms say', { okms: 'prod-kms' })
    await idle()

    expect(ana.sees()).toEqual(['Passphrase: correct horse\nSave it now.\nreader.p12', 'A late notice.'])
    expect((await ana.files())[0]!.bytes).toEqual(Buffer.from([0, 1, 2]))
    expect(discord.person('bo').sees()).toEqual([])
  })

  it('leaves the acknowledgement to the process that answers', async () => {
    isOurs = false
    act = async exchange => void (await exchange.acknowledge())

    await ana.runs('/okms say', { okms: 'prod-kms' })
    await idle()
    isOurs = true

    expect(discord.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
  })

  it('leaves files alone that are out of reach after a restart, and says so in the log', async () => {
    await door.remove({ interaction: '123', channel: OPS.id, message: '456' })

    expect(said).toContainEqual(
      expect.objectContaining({ text: 'an answer that one person sees is out of reach' }),
    )
  })

  it('does nothing when Discord gave up waiting, and tells that by direct message', async () => {
    discord.faults = [{ method: 'POST', path: /callback$/, do: { status: 404, code: 10062 }, times: 1 }]
    act = async exchange => {
      await exchange.acknowledge().catch(error => exchange.answer(lines(error.message), 'asker'))
    }

    await ana.runs('/okms say', { okms: 'prod-kms' }).catch(() => {})
    await idle()

    expect(ana.sees('dm')).toEqual(['Discord stopped waiting before the bot could answer.'])
  })
})

describe('forms', () => {
  const form: Form = {
    title: 'Deny the request',
    fields: [
      {
        name: 'reason',
        label: 'Why',
        kind: 'lines',
        required: true,
        hint: 'The requester reads it',
        maxLength: 300,
      },
      { name: 'csr', label: 'Request', kind: 'file', required: false },
    ],
  }
  const asks = async () => {
    forms = { deny: form }
    const buttons = [{ press: 'deny', label: 'Deny…', subject: 'A' }]
    await door.post({ key: 'A/card', target: toOps, reply: { kind: 'text', lines: ['?'], buttons } })
    await ana.presses('Deny')
  }

  it('open at once, and come back as a press with what was filled in', async () => {
    await asks()
    await ana.fills({ reason: 'not now', 'csr.pasted': '-----BEGIN' })
    await idle()

    expect(heard.presses).toMatchObject([
      { press: 'deny', subject: 'A', fields: { reason: 'not now', csr: '-----BEGIN' } },
    ])
    expect(ana.sees().at(-1)).toBe('Done.')
  })

  it('take an upload as its text', async () => {
    await asks()
    await ana.fills({
      reason: 'not now',
      csr: resolve(import.meta.dirname, '../../../fixtures/discord/README.md'),
    })
    await idle()

    expect(heard.presses[0]?.fields?.csr).toContain('# Request schemas')
  })
})

describe('completing', () => {
  it('offers at most what Discord shows', async () => {
    completions = async () => [...Array.from({ length: 30 }, (_, i) => `okms-${i}`), 'x'.repeat(101)]

    expect(await ana.isOffered('/okms say', 'okms', 'ok')).toHaveLength(25)
    expect(heard.completing).toMatchObject([
      { command: 'say', option: 'okms', typed: 'ok', actor: { id: ana.user.id } },
    ])
  })

  it.each([
    ['fails', () => Promise.reject(new Error('no'))],
    ['hangs', () => new Promise<string[]>(() => {})],
  ])('offers nothing, in time, when the bot %s', async (_, complete) => {
    completions = complete

    expect(await ana.isOffered('/okms say', 'okms', 'ok')).toEqual([])
  })
})

describe('roles in direct messages', () => {
  const pressesInDm = async () => {
    const buttons = [{ press: 'collect', label: 'Collect', subject: 'A' }]
    await door.post({
      key: `A/${heard.presses.length}`,
      target: { to: 'person', actor: anaActor() },
      reply: { kind: 'text', lines: ['?'], buttons },
    })
    await ana.presses('Collect')
    await idle()
    return heard.presses.at(-1)!.actor.groups
  }
  const reads = () => discord.requests.filter(({ path }) => path.includes('/members/')).length

  it('are read from the server, and kept for a minute', async () => {
    expect(await pressesInDm()).toEqual(['role:900000000000000010'])
    ana.user.roles = []
    expect(await pressesInDm()).toEqual(['role:900000000000000010'])
    discord.clock.moveTo(discord.clock.now() + 61_000)
    expect(await pressesInDm()).toEqual([])
    expect(reads()).toBe(2)
  })

  it('count for nothing when they cannot be read, and are read again the next time', async () => {
    discord.faults = [{ method: 'GET', path: /members/, do: { status: 503 }, times: 1 }]

    expect(await pressesInDm()).toEqual([])
    expect(await pressesInDm()).toEqual(['role:900000000000000010'])
  })
})

describe('uploads', () => {
  it('come from Discord alone', async () => {
    const upload = discord.upload
    discord.upload = (name, bytes) => ({ ...upload(name, bytes), url: 'http://203.0.113.7/x.csr' })

    await ana.runs('/okms say', { okms: 'a', csr: { name: 'x.csr', bytes: Buffer.from('CSR') } })
    await idle()

    expect(heard.invocations).toEqual([])
    expect(ana.sees()).toEqual(['Discord named a place for an upload that is not its own.'])
  })

  it.each([
    ['is longer than it said', Buffer.alloc(200, 'a'), 10, 'longer than 100 bytes'],
    ['is no text', Buffer.from([0xff, 0xfe, 0x00]), 3, 'is not text'],
  ])('are refused when one %s', async (_, bytes, size, sentence) => {
    const upload = discord.upload
    discord.upload = (name, content) => ({ ...upload(name, content), size })

    await ana.runs('/okms say', { okms: 'a', csr: { name: 'x.csr', bytes } })
    await idle()

    expect(heard.invocations).toEqual([])
    expect(ana.sees()[0]).toContain(sentence)
  })

  it('reach the bot as text', async () => {
    await ana.runs('/okms say', { okms: 'a', csr: { name: 'x.csr', bytes: Buffer.from('CSR\n') } })
    await idle()

    expect(heard.invocations).toMatchObject([{ said: { options: { csr: 'CSR\n' } } }])
  })
})

describe('starting', () => {
  it('goes on trying while Discord does not answer, and connects then', async () => {
    await door.stop()
    discord.faults = [{ method: 'GET', path: /commands$/, do: { status: 503 }, times: 3 }]
    door = createDoor()

    await door.start(listener, always)

    expect(door.isConnected()).toBe(false)
    await expect.poll(() => door.isConnected(), { timeout: 5000 }).toBe(true)
    expect(fatal).toBe(0)
  })

  it('asks for exactly the rights that it uses', () => {
    const url = new URL(inviteUrl('900000000000000800'))

    expect(url.searchParams.get('scope')).toBe('bot applications.commands')
    expect(BigInt(url.searchParams.get('permissions')!)).toBe(
      // View Channel, Send Messages, Attach Files, Read Message History, Manage Threads, Create Public Threads, Send in Threads
      (1n << 10n) | (1n << 11n) | (1n << 15n) | (1n << 16n) | (1n << 34n) | (1n << 35n) | (1n << 38n),
    )
  })
})

describe('the turn', () => {
  it('ends the process that has it later and cannot listen, so that another one can', async () => {
    let later: Work | undefined
    const other = createDoor()
    await other.start(listener, {
      async take(_, work) {
        later = work
        return { isOurs: () => false, leave: async () => {} }
      },
    })
    expect(other.isConnected()).toBe(true)
    discord.faults = [{ method: 'GET', path: /commands$/, do: { status: 403 }, times: 1 }]

    await expect(later!.begin()).rejects.toThrow()

    expect(fatal).toBe(1)
    await other.stop()
  })
})

describe('the token', () => {
  it('ends everything with one line when Discord does not know it at the start', async () => {
    const other = createDoor('wrong')

    await expect(other.start(listener, always)).rejects.toThrow()
    await other.stop()

    expect(fatal).toBe(1)
    expect(said.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  it('ends everything with one line when it stops being valid', async () => {
    discord.faults = [{ method: 'POST', path: /messages$/, do: { status: 401 }, times: 2 }]

    await expect(door.post(message('A/1'))).rejects.toMatchObject({ code: 'chat.refused' })
    await expect(door.post(message('A/2'))).rejects.toThrow()

    expect(fatal).toBe(1)
    expect(said.filter(({ level }) => level === 'error')).toMatchObject([
      { text: 'Discord will not let the bot in' },
    ])
  })

  it('stands in no log line and no failure', async () => {
    discord.faults = [{ method: 'PATCH', path: /@original$/, do: { status: 500 }, times: 9 }]
    await ana.runs('/okms say', { okms: 'a' })
    await idle()

    const tokens = [...discord.world.interactions.keys(), discord.token]
    for (const token of tokens) expect(JSON.stringify(said)).not.toContain(token)
    expect(said.length).toBeGreaterThan(0)
  })
})
