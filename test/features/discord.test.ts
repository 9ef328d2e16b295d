/** The bot on Discord, through the real client: what people see, who sees it, and what goes over the wire. */
import { createPublicKey, X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type DiscordBot, startDiscordBot } from '../fakes/discord/bot.js'
import type { DiscordPerson } from '../fakes/discord/person.js'
import { FOREIGN_GUILD } from '../fakes/discord/world.js'
import { tracesOfKey } from '../fakes/key-traces.js'
import { openssl } from '../fakes/openssl.js'
import { lastRunId } from '../fakes/test-bot.js'

const MINUTE_MS = 60_000

let bot: DiscordBot
let ana: DiscordPerson
let bo: DiscordPerson
beforeAll(async () => {
  bot = await startDiscordBot()
  ana = bot.person('ana')
  bo = bot.person('bo')
})
afterAll(() => bot?.stop())
afterEach(async () => {
  bot.discord.faults = []
  ana.user.closedDms = false
  await bot.sandbox.control({ faults: [] })
  const refusals = bot.discord
    .refusals()
    .map(
      ({ method, path, code, why }) =>
        `${method} ${path.replace(/interaction-token-[^/]+/, '…')} ${why} ${code}`,
    )
  bot.discord.requests.splice(0)
  expect(refusals.filter(refusal => !/ (50007|10007)$/.test(refusal))).toEqual([])
})

const text = (texts: readonly string[]) => texts.join('\n')
const onlyFor = (person: DiscordPerson) =>
  person.messages().filter(({ onlyFor }) => onlyFor === person.user.id)

/** Asks for a credential and answers its run. */
async function asks(person: DiscordPerson, line = '/okms credential reader 30d'): Promise<string> {
  await person.says(line)
  await bot.settles()
  return lastRunId(text(person.sees()))
}

/** From the button to an inbox that holds nothing any more. */
async function collectsAndSaves(runId: string): Promise<void> {
  await ana.presses('Collect', runId)
  await bot.settles()
  expect(await ana.files()).toHaveLength(3)
  await ana.presses('Saved it', runId)
  await bot.settles()
  expect(await ana.files()).toEqual([])
}

describe('/okms list', () => {
  it('answers for everybody in the channel, and leaves no acknowledgement behind', async () => {
    await ana.says('/okms list')
    await bot.settles()

    const seen = text(bo.sees({ channel: 'ops' }))
    expect(seen).toContain('@ana · /okms list')
    expect(seen).toMatch(/2 OKMS\nprod-kms\nregion eu-west-rbx · state OK/)
    expect(onlyFor(ana)).toEqual([])
  })

  it('answers by the command itself where the bot may not write', async () => {
    bot.discord.channel('ops').botMayWrite = false
    const before = bo.sees({ channel: 'ops' }).length

    await ana.says('/okms list')
    await bot.settles()

    bot.discord.channel('ops').botMayWrite = true
    expect(bo.sees({ channel: 'ops' }).slice(before)).toEqual([expect.stringContaining('2 OKMS')])
    expect(ana.sees({ channel: 'ops' })).toContain('Answered below, for everyone here.')
    bot.discord.requests.splice(0)
  })
})

describe('/okms credential', () => {
  it('reaches the requester alone, from ask to erased, and the key passes the wire once', async () => {
    const runId = await asks(ana)

    expect(text(onlyFor(ana).map(message => JSON.stringify(message.components)))).toContain(
      'I keep you informed by direct message',
    )
    const card = text(ana.sees('dm'))
    expect(card).toMatch(
      /Credential reader for prod-kms · run [0-9A-Z]{8}\n✅ Ask for approval · none needed\n✅ Prepare the request · profile reader/,
    )
    expect(card).toContain('🔒 Credential reader for prod-kms is ready.')
    expect(card).toMatch(/Collect it by \d+ \w+ \d{4} \d\d:\d\d UTC \(60 min\)/)
    expect(text(bo.sees())).not.toContain(runId)

    await ana.presses('Collect', runId)
    await bot.settles()

    const files = await ana.files()
    expect(files.map(({ name }) => name)).toEqual(['reader.key.pem', 'reader.cert.pem', 'ca.pem'])
    expect(await bo.files()).toEqual([])
    const key = files[0]!.bytes.toString()
    const certificate = new X509Certificate(files[1]!.bytes)
    expect(createPublicKey(key).export({ type: 'spki', format: 'pem' })).toBe(
      certificate.publicKey.export({ type: 'spki', format: 'pem' }),
    )

    await ana.presses('Saved it', runId)
    await bot.settles()

    expect(await ana.files()).toEqual([])
    expect(text(ana.sees('dm'))).toContain('collected, and erased here.')
    expect(text(bo.sees({ channel: 'ops' }))).toMatch(
      /@ana holds a new credential reader for prod-kms, valid until/,
    )
    const traces = tracesOfKey(key)
    const holding = bot.discord.requests.filter(({ raw }) => traces.some(trace => raw.includes(trace)))
    expect(traces.length).toBeGreaterThan(2)
    expect(holding.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`)).toEqual([
      'PATCH @original',
    ])
    for (const trace of traces) expect(bot.logLines.join('').includes(trace.toString('latin1'))).toBe(false)
  })

  it('keeps no interaction token in Redis or in the log', async () => {
    await asks(ana)
    const tokens = [...bot.discord.world.interactions.keys()]
    const redis = await bot.dumpsRedis()

    expect(tokens.length).toBeGreaterThan(0)
    for (const token of tokens) {
      expect(redis.includes(token)).toBe(false)
      expect(bot.logLines.join('')).not.toContain(token)
    }
    expect(redis.length).toBeGreaterThan(1000)
  })

  it('takes the files away after ten minutes, while Discord still lets it', async () => {
    const runId = await asks(ana)
    await ana.presses('Collect', runId)
    await bot.settles()
    expect(await ana.files()).toHaveLength(3)

    await bot.advances(11 * MINUTE_MS)

    expect(await ana.files()).toEqual([])
  })

  it('issues for a request that was uploaded', async () => {
    const before = bot.live().length
    const csr = await openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=vc.example.org',
    )

    const pem = Buffer.from(csr.slice(csr.indexOf('-----BEGIN CERTIFICATE REQUEST')))
    await ana.runs('/okms credential', {
      name: 'vcenter',
      validity: '30d',
      csr: { name: 'vc.csr', bytes: pem },
    })
    await bot.settles()

    expect(bot.live()).toHaveLength(before + 1)
    expect(bot.live().at(-1)?.fromCSR).toBe(true)
  })

  it('refuses a file that is too long in a sentence', async () => {
    await ana.runs('/okms credential', {
      name: 'vcenter',
      validity: '30d',
      csr: { name: 'vc.csr', bytes: Buffer.alloc(20_000, 'a') },
    })
    await bot.settles()

    expect(text(ana.sees({ channel: 'ops' }))).toContain('The file "vc.csr" is longer than 16384 bytes.')
  })

  it('tells the refused one alone', async () => {
    const dee = bot.person('dee')

    await dee.says('/okms credential reader 30d')
    await bot.settles()

    expect(text(dee.sees({ channel: 'ops' }))).toContain('You may not issue credentials here.')
    expect(text(ana.sees())).not.toContain('You may not issue')
  })

  it('refuses another person who presses Collect', async () => {
    const runId = await asks(ana)
    const offer = ana.messages('dm').at(-1)!

    await bo.pressesId(offer, `collect:${runId}`)
    await bot.settles()

    expect(text(onlyFor(bo).map(message => JSON.stringify(message.components)))).toContain(
      'nobody else can use the button',
    )
    expect(await bo.files()).toEqual([])
  })

  it('completes profiles for those who may use them', async () => {
    expect(await ana.isOffered('/okms credential', 'name', 're')).toEqual(['reader'])
    expect(await bot.person('dee').isOffered('/okms credential', 'name', 're')).toEqual([])
  })
})

describe('a request that needs approval', () => {
  it('is decided in the thread under its card, by somebody else', async () => {
    const csr = await openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=a',
    )
    const bytes = Buffer.from(csr.slice(csr.indexOf('-----BEGIN CERTIFICATE REQUEST')))
    const before = bot.live().length
    await ana.runs('/okms credential', { name: 'vcenter', validity: '200d', csr: { name: 'a.csr', bytes } })
    await bot.settles()
    const runId = lastRunId(text(bo.sees({ channel: 'ops' })))
    expect(bot.live()).toHaveLength(before)

    await ana.presses('Approve', runId)
    await bot.settles()
    await bo.presses('Approve', runId)
    await bot.settles()

    expect(text(ana.sees())).toContain('somebody else')
    expect(text(bo.sees({ thread: runId }))).toContain('bo approved')
    expect(bot.live()).toHaveLength(before + 1)
  })

  it('is denied by a form, with a reason that all can read', async () => {
    const csr = await openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=a',
    )
    const bytes = Buffer.from(csr.slice(csr.indexOf('-----BEGIN CERTIFICATE REQUEST')))
    await ana.runs('/okms credential', { name: 'vcenter', validity: '200d', csr: { name: 'a.csr', bytes } })
    await bot.settles()
    const runId = lastRunId(text(bo.sees({ channel: 'ops' })))

    await bo.presses('Deny', runId)
    await bo.fills({ reason: 'use *30d* please' })
    await bot.settles()

    expect(text(bo.sees({ thread: runId }))).toContain('use *30d* please')
  })
})

describe('with closed direct messages', () => {
  it('keeps the whole delivery where it was asked, for the asker alone', async () => {
    ana.closesDirectMessages()

    const runId = await asks(ana)

    expect(text(ana.sees({ channel: 'ops' }))).toContain('🔒 Credential reader for prod-kms is ready.')
    expect(text(bo.sees())).not.toContain(runId)
    await ana.presses('Collect', runId)
    await bot.settles()
    expect(await ana.files()).toHaveLength(3)
    await ana.presses('Saved it', runId)
    await bot.settles()
    expect(await ana.files()).toEqual([])
    expect(text(bo.sees())).not.toContain(runId)
  })

  it('tells in the channel, by name, once nothing private can be said any more', async () => {
    ana.closesDirectMessages()
    const runId = await asks(ana)
    const before = bo.sees({ channel: 'ops' }).length

    await bot.advances(61 * MINUTE_MS)

    const told = bo.sees({ channel: 'ops' }).slice(before)
    expect(text(told)).toMatch(
      /@ana\n⚠️ Nobody collected reader within 60 min, so it was revoked\.\n\[Issue again\]/,
    )
    expect(told.filter(message => message.includes('[Issue again]'))).toHaveLength(1)
    expect(
      bot.discord.world.messages.filter(({ notified }) => notified.includes(ana.user.id)).length,
    ).toBeGreaterThan(0)
    expect(runId).not.toBe('')
  })
})

describe('when processes come and go', () => {
  it('answers buttons that were shown before a restart', async () => {
    const runId = await asks(ana)

    await bot.restarts()
    await collectsAndSaves(runId)
  })

  it('explains a hand-over that Discord did not take, and hands over at the next press', async () => {
    const runId = await asks(ana)
    bot.discord.faults = [{ method: 'PATCH', path: /original$/, do: { status: 413, code: 40005 }, times: 1 }]

    await ana.presses('Collect', runId)
    await bot.settles()

    expect(ana.sees().join('\n')).toContain('The files could not be handed over.')
    expect(await ana.files()).toEqual([])
    await collectsAndSaves(runId)
  })

  it('takes files back that were handed over before a restart, and keeps no token in the clear', async () => {
    const runId = await asks(ana)
    await ana.presses('Collect', runId)
    await bot.settles()
    expect(await ana.files()).toHaveLength(3)

    await bot.restarts()
    await bot.advances(11 * 60_000)

    expect(await ana.files()).toEqual([])
    const heard = bot.discord.requests.map(
      ({ path }) => /^\/interactions\/\d+\/([^/]+)\/callback/.exec(path)?.[1],
    )
    const tokens = new Set(heard.filter(token => token !== undefined))
    expect(tokens.size).toBeGreaterThan(1)
    const rests = await bot.dumpsRedis()
    for (const token of tokens) expect(rests.includes(token)).toBe(false)
  })

  it('listens in one process at a time, and in the second at once when the first leaves', async () => {
    const { identified } = bot.discord.gateway.counts
    const { stopsFirst } = await bot.startsSecond()
    expect(bot.discord.gateway.counts.identified).toBe(identified)
    await ana.says('/okms list')
    await bot.settles()
    expect(bo.sees({ channel: 'ops' }).at(-1)).toContain('2 OKMS')

    await stopsFirst()

    await expect.poll(() => bot.discord.gateway.isConnected(), { timeout: 5000 }).toBe(true)
    expect(bot.discord.gateway.counts.identified).toBe(identified + 1)
    await expect.poll(() => bot.isConnected()).toBe(true)
    const runId = await asks(ana)
    await ana.presses('Collect', runId)
    await bot.settles()
    expect(await ana.files()).toHaveLength(3)
    await ana.presses('Saved it', runId)
    await bot.settles()
  })

  it('publishes commands once', async () => {
    await bot.restarts()

    const asked = bot.discord.requests.filter(({ path }) => path.endsWith('/commands'))
    expect(asked.map(({ method }) => method)).toEqual(['GET'])
  })

  it('resumes a lost connection and hears what was said meanwhile', async () => {
    const { resumed } = bot.discord.gateway.counts

    bot.discord.gateway.cut()
    await ana.says('/okms regions')
    await bot.settles()

    expect(bot.discord.gateway.counts.resumed).toBe(resumed + 1)
    expect(text(bo.sees({ channel: 'ops' }))).toContain('eu-west-rbx')
  })

  it('sends a card once when Discord loses the answer to it', async () => {
    bot.discord.faults = [{ method: 'POST', path: /^\/channels\/\d+\/messages$/, do: 'lose', times: 1 }]

    const runId = await asks(ana)

    expect(ana.sees('dm').filter(message => message.includes(`run ${runId}`))).toHaveLength(1)
  })

  it('waits as long as Discord asks, then goes on', async () => {
    bot.discord.faults = [
      {
        method: 'POST',
        path: /^\/channels\/\d+\/messages$/,
        do: { status: 429, retryAfterSeconds: 1.2 },
        times: 1,
      },
      { method: 'PATCH', path: /^\/channels\/\d+\/messages\//, do: { status: 503 }, times: 1 },
    ]
    const startedAtMs = Date.now()

    await asks(ana)

    expect(text(ana.sees('dm'))).toContain('is ready.')
    expect(Date.now() - startedAtMs).toBeGreaterThan(1200)
    bot.discord.requests.splice(0)
  })
})

describe('in time', () => {
  it('acknowledges at once while OVHcloud does not answer, and says that it takes longer', async () => {
    await bot.sandbox.control({
      faults: [{ route: 'GET /v2/okms/resource', do: 'delay', ms: 3200, times: 1 }],
    })
    const startedAtMs = Date.now()

    await ana.says('/okms list')

    expect(Date.now() - startedAtMs).toBeLessThan(1000)
    await expect
      .poll(() => text(ana.sees({ channel: 'ops' })), { timeout: 5000 })
      .toContain('takes longer than usual')
    await bot.settles()
    expect(onlyFor(ana).filter(({ isThinking }) => isThinking)).toEqual([])
    expect(bo.sees({ channel: 'ops' }).at(-1)).toContain('2 OKMS')
  })
})

describe('while Redis is slow', () => {
  it('acknowledges at once, and answers when it comes', async () => {
    await bot.pausesRedis(1000)
    const startedAtMs = Date.now()

    await ana.says('/okms list')

    expect(Date.now() - startedAtMs).toBeLessThan(900)
    await bot.settles()
    expect(bo.sees({ channel: 'ops' }).at(-1)).toContain('2 OKMS')
  })
})

describe('what is not served', () => {
  it('refuses people of another server in private', async () => {
    bot.discord.world.commands.set(FOREIGN_GUILD, bot.discord.world.commands.get(bot.discord.guildId)!)

    await ana.says('/okms list', { channel: 'elsewhere' })

    const answers = bot.discord.world.messages.filter(
      ({ channelId }) => channelId === bot.discord.channel('elsewhere').id,
    )
    expect(JSON.stringify(answers)).toContain('This bot does not serve this server.')
    expect(answers.map(({ onlyFor }) => onlyFor)).toEqual([ana.user.id])
  })

  it('says so when a button is from another version', async () => {
    await ana.pressesId(bot.discord.world.messages[0]!, 'no-such-button:7F3K9Q2M')
    await bot.settles()

    expect(text(ana.sees())).toContain('This button is from another version of the bot')
  })
})

describe('without Redis', () => {
  it('says so within three seconds', async () => {
    await bot.pausesRedis(4000)
    const startedAtMs = Date.now()

    await ana.says('/okms list')

    await expect
      .poll(() => text(ana.sees({ channel: 'ops' })), { timeout: 3000 })
      .toContain('The bot cannot reach its memory (Redis) right now.')
    expect(Date.now() - startedAtMs).toBeLessThan(3000)
  })
})
