/** The bot in Slack, over HTTP and over Socket Mode, with the real clients: what people see, and what goes over the wire. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/core/ports/log.js'
import { createAskStore } from '../../src/store/asks.js'
import { keys } from '../../src/store/keys.js'
import { connectRedis } from '../../src/store/redis.js'
import { openssl } from '../fakes/openssl.js'
import { postSigned, signed } from '../fakes/slack/deliver.js'
import type { SlackPerson } from '../fakes/slack/people.js'
import { type SlackBot, startSlackBot } from '../fakes/slack/slack-bot.js'

const runIn = (texts: readonly string[]) =>
  texts.flatMap(text => [...text.matchAll(/run ([0-9A-HJKMNP-TV-Z]{8})/g)].map(([, id]) => id!)).at(-1)!

let bot: SlackBot
let ana: SlackPerson
let scratch: string

/** What somebody reads in a place, in one text. */
const read = (who: SlackPerson, ...place: Parameters<SlackPerson['sees']>) => who.sees(...place).join('\n')
/** What was shown to somebody since a number of messages ago. */
const since = (who: SlackPerson, count: number) => who.sees().slice(count).join('\n')

async function issue(command: string): Promise<string> {
  await ana.says(command)
  await bot.settles()
  return runIn(ana.sees('dm'))
}

async function newRequest(): Promise<string> {
  const file = join(scratch, `${Math.random()}.csr`)
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
    file,
  ]
  await openssl(...make)
  return readFile(file, 'utf8')
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'okms-slack-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe.each(['http', 'socket'] as const)('over %s', way => {
  beforeAll(async () => {
    bot = await startSlackBot({ way })
    ana = bot.person('ana')
  })
  afterAll(() => bot?.stop())
  afterEach(() => {
    expect(bot.server.mistakes).toEqual([])
  })

  it('shows the OKMS of the account in the channel', async () => {
    await ana.says('/okms list')
    await bot.settles()

    expect(read(ana, { channel: 'ops' })).toMatch(/2 OKMS[\s\S]*prod-kms {2}eu-west-rbx/)
    expect(read(bot.person('bo'), { channel: 'ops' })).toContain('2 OKMS')
  })

  it('hands a credential over in the direct messages alone, and erases it once saved', async () => {
    const before = bot.server.requests.length

    const runId = await issue('/okms credential reader 30d')
    await ana.presses('Collect', runId)
    await bot.settles()

    const files = await ana.files()
    expect(files.map(({ name }) => name)).toEqual(['reader.key.pem', 'reader.cert.pem', 'ca.pem'])
    const key = files[0]!.bytes.toString()
    expect(new X509Certificate(files[1]!.bytes).checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(await bot.person('cy').files()).toEqual([])
    expect(read(ana, 'dm')).toContain('Slack shows text files such as .pem opened')

    await ana.presses('Saved it', runId)
    await bot.settles()

    expect(await ana.files()).toEqual([])
    expect(ana.messages('dm').filter(({ files }) => files.length > 0)).toEqual([])
    expect(read(ana, 'dm')).toContain('collected, and erased here.')
    expect(read(ana, 'dm')).not.toContain('Save all files now')
    expect(read(bot.person('bo'), { channel: 'ops' })).toMatch(
      /@ana holds a new credential reader for prod-kms, valid until/,
    )
    const lines = key.split('\n').filter(line => line.length > 20 && !line.startsWith('-----'))
    const carrying = bot.server.requests
      .slice(before)
      .filter(({ body, answered }) => lines.some(line => body.includes(line) || answered.includes(line)))
    expect(carrying.map(({ to }) => to)).toEqual(['upload'])
    const said = bot.logLines.join('\n')
    expect([...lines, 'xoxb-', 'xapp-'].filter(secret => said.includes(secret))).toEqual([])
  })

  it('refuses whoever may not, in a sentence for them alone', async () => {
    const dee = bot.person('dee')

    await dee.says('/okms credential reader 30d')
    await bot.settles()

    expect(read(dee)).toMatch(/You may not issue credentials here\.[\s\S]*role operator \(ana, cy\)/)
    expect(read(ana)).not.toContain('You may not issue')
  })

  it('takes approvals in the thread, by button and by mention', async () => {
    const pasted = (await newRequest()).trim().replaceAll('\n', '\\n')
    await ana.says(`/okms credential vcenter 200d csr:"${pasted}"`)
    await bot.settles()
    const runId = runIn(ana.sees({ channel: 'ops' }))
    expect(read(bot.person('bo'), { thread: runId })).toContain('[Approve]  [Deny…]  [Withdraw]')

    await ana.presses('Approve', runId)
    await bot.settles()
    expect(read(ana, { thread: runId })).toContain('somebody else decides it')
    expect(read(bot.person('bo'), { thread: runId })).not.toContain('somebody else decides it')

    await bot.person('bo').says(`@okms approve ${runId}`, { thread: runId })
    await bot.settles()

    expect(read(ana, { thread: runId })).toContain('✅ @bo approved (1 of 1)')
    expect(read(ana, 'dm')).toContain('Credential vcenter for prod-kms is ready.')
  })

  it('asks for the reason in a form, and posts it in the thread', async () => {
    await ana.says(
      `/okms credential vcenter 200d csr:"${(await newRequest()).trim().replaceAll('\n', '\\n')}"`,
    )
    await bot.settles()
    const runId = runIn(ana.sees({ channel: 'ops' }))
    const bo = bot.person('bo')

    await bo.presses('Deny', runId)
    expect(await bo.form()).toEqual(['Deny the request', 'Why'])
    await bo.fills({ Why: 'not <!channel> & *this* week' })
    await bot.settles()

    expect(read(ana, { thread: runId })).toContain('not <!channel> & *this* week')
    expect(read(bo)).not.toContain('no form open')
  })

  it('is the same bot after a restart: buttons pressed before it, forms opened before it', async () => {
    const runId = await issue('/okms credential reader 30d')
    await ana.says('/okms')
    await ana.fills({ command: 'credential' })

    await bot.restarts()
    await ana.fills({ name: 'reader', validity: '20d' })
    await ana.presses('Collect', runId)
    await bot.settles()

    expect((await ana.files()).map(({ name }) => name)).toContain('reader.key.pem')
    const second = runIn(ana.sees('dm'))
    expect(second).not.toBe(runId)
    await ana.presses('Saved it', runId)
    await bot.settles()
    expect(await ana.files()).toEqual([])
  })

  it('was acknowledged within three seconds each time', () => {
    expect(bot.acknowledgements()).not.toEqual([])
    expect(Math.max(...bot.acknowledgements())).toBeLessThan(3000)
  })
})

describe('in Slack', () => {
  beforeAll(async () => {
    bot = await startSlackBot()
    ana = bot.person('ana')
  })
  afterAll(() => bot?.stop())
  afterEach(() => {
    bot.server.untroubled()
    expect(bot.server.mistakes).toEqual([])
  })

  it('opens a form for a bare /okms, with the same commands and options', async () => {
    await ana.says('/okms')
    expect(await ana.form()).toEqual(['OKMS', 'What should the bot do?'])
    await ana.fills({ command: 'credential' })
    expect(await ana.form()).toContain('validity: How long it is valid: 30d, 12w, 6mo, 1y, at most 365 days')

    await ana.fills({ name: 'reader', validity: '400d' })
    await bot.settles()

    expect(read(ana)).toContain('400d is longer than OVHcloud allows (365 days)')
    expect(ana.formErrors()).toEqual({})
  })

  it('runs a command without options as soon as it is chosen', async () => {
    const count = bot.person('bo').sees({ channel: 'sec' }).length
    await ana.says('/okms', { channel: 'sec' })
    await ana.fills({ command: 'list' })
    await bot.settles()

    expect(bot.person('bo').sees({ channel: 'sec' }).slice(count).join('\n')).toContain('2 OKMS')
  })

  it.each(['uploaded', 'pasted'])('issues from a signing request that is %s in the form', async how => {
    const csr = await newRequest()
    await ana.says('/okms')
    await ana.fills({ command: 'credential' })
    const upload = how === 'uploaded' ? { csr: { name: 'vc.csr', bytes: Buffer.from(csr) } } : {}
    const paste = how === 'pasted' ? { 'csr.pasted': csr } : {}
    await ana.fills({ name: 'vcenter', validity: '90d', ...paste }, upload)
    await bot.settles()
    await ana.presses('Collect')
    await bot.settles()

    const certificate = (await ana.files()).find(({ name }) => name === 'vcenter.cert.pem')!
    expect(await openssl('req', '-in', await kept(csr), '-noout', '-pubkey')).toBe(
      new X509Certificate(certificate.bytes).publicKey.export({ type: 'spki', format: 'pem' }),
    )
    await ana.presses('Saved it')
    await bot.settles()
  })

  it('refuses an upload that is too long to be a signing request', async () => {
    await ana.says('/okms')
    await ana.fills({ command: 'credential' })
    const count = ana.sees().length
    await ana.fills(
      { name: 'vcenter', validity: '90d' },
      { csr: { name: 'x.pem', bytes: Buffer.alloc(20_000, 65) } },
    )
    await bot.settles()

    expect(since(ana, count)).toContain('The file is longer than 16384 bytes.')
    expect(
      bot.server.requests.some(({ to, answered }) => to === 'download' && answered.length > 16_384),
    ).toBe(false)
  })

  it('shows a passphrase in the direct message alone, not in its notification, and takes it back', async () => {
    await issue('/okms credential reader 30d type:RSA format:p12')
    await ana.presses('Collect')
    await bot.settles()

    const passphrase = /Passphrase: (\S+)/.exec(read(ana, 'dm'))![1]!
    const [file] = await ana.files()
    const p12 = join(scratch, 'reader.p12')
    await writeFile(p12, file!.bytes)
    expect(await openssl('pkcs12', '-in', p12, '-nodes', '-passin', `pass:${passphrase}`)).toContain(
      'PRIVATE KEY',
    )
    expect(ana.messages('dm').some(({ text }) => text.includes(passphrase))).toBe(false)

    await ana.presses('Saved it')
    await bot.settles()
    expect(read(ana)).not.toContain(passphrase)
  })

  it('points to the direct messages when files were asked for elsewhere', async () => {
    const count = ana.sees().length
    await ana.says('/okms certificate reader', { channel: 'sec' })
    await bot.settles()

    expect(since(ana, count)).toContain('reader.cert.pem: in your direct messages with the bot.')
  })

  it('answers where it is no member, without posting there by itself', async () => {
    await ana.says('/okms list', { channel: 'elsewhere' })
    await bot.settles()

    expect(read(bot.person('bo'), { channel: 'elsewhere' })).toContain('2 OKMS')
  })

  it('shortens a long table visibly and shares all of it as a file', async () => {
    await bot.sandbox.control({ seed: { credentials: 200 } })
    await ana.says('/okms credentials')
    await bot.settles()

    const shown = bot
      .person('bo')
      .sees({ channel: 'ops' })
      .find(text => /^\d{3} credentials$/m.test(text))!
    const [, all] = /^(\d+) credentials$/m.exec(shown)!
    expect(shown).toContain(`… ${Number(all) - 20} more, all ${all} in credentials.txt`)
    const file = (await bot.person('bo').files()).find(({ name }) => name === 'credentials.txt')!
    expect(file.bytes.toString().trim().split('\n')).toHaveLength(Number(all) + 1)
  })

  it('refuses a signed request the second time, one from the future, an old one, and a wrong signature', async () => {
    const payload = {
      team_id: 'T00TEAM',
      user_id: 'U00ANA',
      channel_id: 'C00OPS',
      command: '/okms',
      text: 'list',
    }
    const whole = {
      ...payload,
      trigger_id: 'trigger.replayed',
      response_url: `${bot.server.site.url}/respond/none`,
    }
    const request = signed('command', whole, bot.clock.now())
    const count = bot.world.messages.length

    expect((await postSigned(bot.port(), request)).status).toBe(200)
    expect((await postSigned(bot.port(), request)).status).toBe(401)
    for (const atMs of [3_600_000, 120_000, -360_000]) {
      expect((await postSigned(bot.port(), signed('command', whole, bot.clock.now() + atMs))).status).toBe(
        401,
      )
    }
    const forged = signed('command', whole, bot.clock.now(), 'another-secret')
    expect((await postSigned(bot.port(), forged)).status).toBe(401)
    // Signed anew it is still the same interaction.
    const again = signed('command', { ...whole, extra: 'x' }, bot.clock.now())
    expect((await postSigned(bot.port(), again)).status).toBe(200)
    await bot.settles()

    expect(bot.world.messages).toHaveLength(count + 1)
  })

  it('answers once when Slack sends an event again', async () => {
    const event = {
      type: 'app_mention',
      user: 'U00ANA',
      text: '<@U00BOT> list',
      channel: 'C00SEC',
      ts: '1.1',
    }
    const payload = { type: 'event_callback', team_id: 'T00TEAM', event_id: 'Ev00TWICE', event }
    const count = ana.sees({ channel: 'sec' }).length

    for (const retry of [0, 1, 2]) {
      const request = signed('event', payload, bot.clock.now() - retry * 1000)
      request.headers['x-slack-retry-num'] = String(retry)
      expect((await postSigned(bot.port(), request)).status).toBe(200)
    }
    await bot.settles()

    expect(ana.sees({ channel: 'sec' })).toHaveLength(count + 1)
  })

  it('answers an event that Slack sends again after the process died that had it in hand', async () => {
    const redis = connectRedis(bot.redis.url, 'chat', silentLog)
    const dead = createAskStore(redis)
    const event = {
      type: 'app_mention',
      user: 'U00ANA',
      text: '<@U00BOT> list',
      channel: 'C00SEC',
      ts: '2.1',
    }
    const payload = { type: 'event_callback', team_id: 'T00TEAM', event_id: 'Ev00DEAD', event }
    // Slack signs each time anew, with the second in which it sends.
    const send = (retry: number) =>
      postSigned(bot.port(), signed('event', payload, bot.clock.now() - retry * 10_000))
    const count = ana.sees({ channel: 'sec' }).length

    expect(await dead.firstSight('slack:Ev00DEAD')).toBe(true)
    expect((await send(0)).status).toBe(200)
    await bot.settles()
    expect(ana.sees({ channel: 'sec' })).toHaveLength(count)
    // The dead process says no more that it is at work; Redis counts real time, which nobody waits for here.
    expect(await redis.pttl(keys.seen('slack:Ev00DEAD'))).toBeGreaterThan(0)
    await redis.pexpire(keys.seen('slack:Ev00DEAD'), 1)
    await expect.poll(() => redis.exists(keys.seen('slack:Ev00DEAD'))).toBe(0)
    expect((await send(1)).status).toBe(200)
    await bot.settles()
    redis.disconnect()

    expect(ana.sees({ channel: 'sec' })).toHaveLength(count + 1)
  })

  it('hands nothing to whoever presses the button of somebody else', async () => {
    const runId = await issue('/okms credential reader 30d')
    const cy = bot.person('cy')
    const before = (await cy.files()).length

    await cy.pressesUnseen('Collect', runId)
    await bot.settles()

    const told = bot.world.messages.filter(({ only }) => only === cy.id).map(({ text }) => text)
    expect(told.at(-1)).toContain('nobody else can use the button')
    expect(await cy.files()).toHaveLength(before)
  })

  it('does nothing for people of another workspace, and says so', async () => {
    await bot.person('ana').says('/okms list')
    await bot.settles()
    await issue('/okms credential reader 30d')
    const eve = bot.guest('eve', 'T00EVIL')
    const live = bot.live().length

    await eve.says('/okms list')
    await eve.pressesUnseen('Revoke now')
    await eve.says('@okms list')
    await bot.settles()

    expect(read(eve)).toContain('The bot serves another workspace')
    expect(bot.live()).toHaveLength(live)
  })

  it('counts user groups as they are within a minute, and nobody when they cannot be read', async () => {
    const dee = bot.person('dee')
    const list = async () => {
      const count = dee.sees({ channel: 'ops' }).length
      await bot.advance(61_000)
      await dee.says('/okms list')
      await bot.settles()
      return dee.sees({ channel: 'ops' }).slice(count).join('\n')
    }
    expect(await list()).toContain('You may not look at anything here.')

    bot.world.userGroups.set('S00OPS', [dee.id])
    expect(await list()).toContain('2 OKMS')

    bot.server.trouble({ method: 'usergroups.list', status: 503 })
    expect(await list()).toContain('You may not look at anything here.')
    expect(bot.logLines.join('')).toContain('user groups not read, so nobody counts as a member')
    bot.world.userGroups.clear()
  })

  it('goes on by ephemeral message when the short-lived address is used up', async () => {
    await ana.says('/okms')
    await ana.form()
    for (const entry of bot.world.responseUrls.values()) entry.uses = 5
    await ana.fills({ command: 'help' })
    const count = ana.sees().length
    await ana.fills({})
    await bot.settles()

    expect(since(ana, count)).toContain('What you can ask for here')
  })

  it('pauses one conversation when Slack asks to, and not the others', async () => {
    bot.server.trouble({
      method: 'chat.postMessage',
      channel: 'D00CY',
      status: 429,
      retryAfterSeconds: 2,
      times: 1,
    })
    const began = Date.now()
    await bot.person('cy').says('/okms credential reader 30d')
    await ana.says('/okms credential reader 30d')

    await expect.poll(() => read(ana, 'dm')).toContain('is ready.')
    await expect.poll(() => read(bot.person('cy'), 'dm'), { timeout: 10_000 }).toContain('is ready.')
    const sent = (channel: string) =>
      bot.server.requests.filter(
        ({ to, args, answered, atMs }) =>
          to === 'chat.postMessage' &&
          args.channel === channel &&
          answered.includes('"ok":true') &&
          atMs >= began,
      )
    expect(sent('D00ANA')[0]!.atMs - began).toBeLessThan(2000)
    expect(sent('D00CY')[0]!.atMs - began).toBeGreaterThanOrEqual(2000)
    await bot.settles()
  })

  it('tells a person beside closed direct messages, to them alone, and hands nothing over there', async () => {
    const cy = bot.person('cy')
    bot.server.trouble({ method: 'chat.postMessage', channel: 'D00CY', error: 'messages_tab_disabled' })
    const count = cy.sees().length
    await cy.says('/okms credential reader 30d', { channel: 'sec' })
    await bot.settles()

    expect(since(cy, count)).toContain('is ready.')
    expect(read(ana, { channel: 'sec' })).not.toContain('is ready.')
    await cy.presses('Revoke now')
    await expect.poll(() => since(cy, count)).toContain('It is being revoked')
  })

  it('does not say a thing twice when Slack took it and the answer was lost', async () => {
    bot.server.trouble({ method: 'chat.postMessage', channel: 'D00ANA', afterwards: true, times: 1 })
    const runId = await issue('/okms credential reader 30d')
    await expect
      .poll(() => read(ana, 'dm'), { timeout: 10_000 })
      .toMatch(new RegExp(`${runId}[\\s\\S]*is ready`))
    await bot.settles()

    expect(ana.sees('dm').filter(text => text.includes(runId))).toHaveLength(1)
  })

  it('answers in time while OVHcloud hangs, and with the result when it comes', async () => {
    await bot.sandbox.control({
      faults: [{ route: 'GET /v2/okms/resource', do: 'delay', ms: 4000, times: 1 }],
    })
    const count = ana.sees().length
    await ana.says('/okms list')

    expect(bot.acknowledgements().at(-1)).toBeLessThan(1000)
    await expect.poll(() => since(ana, count), { timeout: 4000 }).toContain('takes longer than usual')
    await bot.settles()
    expect(since(ana, count)).toContain('2 OKMS')
    await bot.sandbox.control({ faults: [] })
  })

  it('tells whoever asked when it may not write where it should', async () => {
    await ana.says('/okms attach pcc-192-0-2-10 prod-kms', { channel: 'elsewhere' })
    await bot.settles()

    expect(read(ana, 'dm')).toMatch(/The bot may not write in #?elsewhere, so nobody there sees run/)
  })

  it('acknowledges at once while Redis is slow, and answers when it comes', async () => {
    const count = ana.sees().length
    process.kill(bot.redis.pid, 'SIGSTOP')
    try {
      await ana.says('/okms list')
      expect(bot.acknowledgements().at(-1)).toBeLessThan(1000)
      await sleep(1000)
    } finally {
      process.kill(bot.redis.pid, 'SIGCONT')
    }
    await bot.settles()

    expect(since(ana, count)).toContain('2 OKMS')
    expect(since(ana, count)).not.toContain('cannot reach its memory')
  })

  it('says in a plain sentence within three seconds that its memory is gone', async () => {
    process.kill(bot.redis.pid, 'SIGSTOP')
    try {
      const count = ana.sees().length
      await ana.says('/okms list')
      expect(bot.acknowledgements().at(-1)).toBeLessThan(1000)
      await expect
        .poll(() => since(ana, count), { timeout: 3000 })
        .toContain('The bot cannot reach its memory (Redis) right now.')
    } finally {
      process.kill(bot.redis.pid, 'SIGCONT')
    }
    await bot.settles()
  })
})

async function kept(csr: string): Promise<string> {
  const file = join(scratch, `${Math.random()}.csr`)
  await writeFile(file, csr)
  return file
}
