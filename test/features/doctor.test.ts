/** The doctor: each precondition with its mark and the line that fixes it, in chat and before the first start. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { movableClock } from '../../src/core/ports/clock.js'
import { type RedisServer, startRedisServer } from '../../src/demo/redis-server.js'
import { SCOPES } from '../../src/platforms/slack/manifest.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js'
import { compile } from '../fakes/compiled.js'
import { type FakeDiscord, startFakeDiscord } from '../fakes/discord/server.js'
import { SIGNING_SECRET } from '../fakes/slack/deliver.js'
import { BOT_TOKEN, type SlackServer, startSlackServer } from '../fakes/slack/server.js'
import { BOT_USER, World } from '../fakes/slack/world.js'
import { PROJECT, startTestBot, type TestBot } from '../fakes/test-bot.js'

const DENIED = ['okms:apiovh:credential/delete', 'pccVMware:apiovh:vmEncryption/kms/create']

describe('/okms doctor', () => {
  let bot: TestBot
  beforeAll(async () => {
    bot = await startTestBot()
  })
  afterAll(() => bot.stop())

  const examine = async () => bot.type('bo: /okms doctor', 'settle')

  it('shows what is well, privately', async () => {
    const said = await examine()

    for (const line of [
      /\[only bo\]\s+✅ Policy version [0-9a-f]{12}, 4 people/,
      /✅ Redis \d+\.\d+\.\d+, answered in \d+ ms/,
      /✅ Redis writes everything to disk/,
      /✅ Redis maxmemory-policy noeviction/,
      /✅ OVHcloud http:\S+ as account of account ab12345-ovh/,
      /✅ Clock difference to OVHcloud under 1 s/,
      /✅ OVHcloud rights: all \d+ on account ab12345-ovh, prod-kms, lab-kms, pcc-192-0-2-10/,
      /✅ KMIP 127\.0\.0\.1:\d+ of prod-kms, TLSv1\.3/,
    ])
      expect(said).toMatch(line)
    expect(said).not.toContain('❌')
  })

  it('names exactly the actions that are missing, and gives the policy that grants them', async () => {
    await bot.sandbox.control({ deny: DENIED })

    const said = await examine()
    const [file] = await bot.inbox.files('bo')
    const policy = JSON.parse(String(file && (await bot.inbox.read('bo', file))))
    await bot.sandbox.control({ deny: [] })

    expect(said).toMatch(
      /❌ OVHcloud rights on prod-kms, lab-kms: missing okms:apiovh:credential\/delete \(revoke/,
    )
    expect(said).toMatch(
      /❌ OVHcloud rights on pcc-192-0-2-10, .*: missing pccVMware:apiovh:vmEncryption\/kms\/create \(attach/,
    )
    expect(said).toMatch(/Add it to an IAM policy of urn:v1:eu:identity:/)
    expect(policy.permissions).toEqual({ allow: DENIED.map(action => ({ action })) })
    expect(policy.identities).toEqual([expect.stringMatching(/^urn:v1:eu:identity:/)])
    expect(policy.resources).toHaveLength(4)
  })

  it('warns of rights that only ordering needs', async () => {
    await bot.sandbox.control({ deny: ['order:apiovh:cart/checkout/execute'] })

    const said = await examine()
    await bot.sandbox.control({ deny: [] })

    expect(said).toMatch(
      /⚠ OVHcloud rights on account ab12345-ovh: missing order:apiovh:cart\/checkout\/execute/,
    )
    expect(said).not.toContain('❌')
  })

  it('goes on where one thing cannot even be asked', async () => {
    await bot.sandbox.control({ deny: ['okms:apiovh:resource/get'] })

    const said = await examine()
    await bot.sandbox.control({ deny: [] })

    expect(said).toMatch(/❌ OVHcloud: the OKMS cannot be listed: .*okms:apiovh:resource\/get/)
    expect(said).toContain('✅ Redis writes everything to disk')
  })

  it('is for operators alone', async () => {
    expect(await bot.type('ana: /okms doctor', 'settle')).toContain('You may not operate the bot here.')
  })
})

describe('npm run doctor', () => {
  const clock = movableClock()
  let home: string
  let redis: RedisServer
  let sandbox: Sandbox
  let discord: FakeDiscord
  let slack: SlackServer
  const world = new World(clock)

  beforeAll(async () => {
    compile()
    home = await mkdtemp(join(tmpdir(), 'okms-doctor-'))
    world.addChannel('ops', [world.addUser('ana'), BOT_USER])
    world.addChannel('sec', [])
    ;[redis, sandbox, discord, slack] = await Promise.all([
      startRedisServer(),
      startSandbox(),
      startFakeDiscord(clock),
      startSlackServer(world),
    ])
  })
  beforeEach(async () => {
    slack.grants.scopes = Object.keys(SCOPES)
    await sandbox.control({ deny: [] })
    await writePolicy([`discord:${discord.channel('ops').id}`], [`slack:${slackId('ops')}`])
  })
  afterAll(async () => {
    await Promise.all([redis.stop(), sandbox.close(), discord.stop(), slack.stop()])
    await rm(home, { recursive: true, force: true })
  })

  const slackId = (name: string) => [...world.channels.values()].find(one => one.name === name)!.id
  const writePolicy = async (...places: string[][]) => {
    const policy = await readFile(join(PROJECT, 'demo/policy.yaml'), 'utf8')
    const named = places
      .flat()
      .map(place => `, "${place}"`)
      .join('')
    await writeFile(join(home, 'policy.yaml'), policy.replaceAll('"console:*"', `"console:*"${named}`))
  }
  async function run(
    changes: Record<string, string> = {},
  ): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [join(PROJECT, 'dist/src/doctor.js')], {
      env: {
        PATH: process.env.PATH,
        REDIS_URL: redis.url,
        SECRET_KEY: randomBytes(32).toString('base64'),
        POLICY_FILE: join(home, 'policy.yaml'),
        OVH_ENDPOINT: sandbox.info.url,
        OVH_CLIENT_ID: sandbox.info.clientId,
        OVH_CLIENT_SECRET: sandbox.info.clientSecret,
        OVH_TOKEN_URL: sandbox.info.tokenUrl,
        DISCORD_TOKEN: discord.token,
        DISCORD_APPLICATION_ID: discord.applicationId,
        DISCORD_GUILD_IDS: discord.guildId,
        DISCORD_API_URL: discord.apiUrl,
        SLACK_BOT_TOKEN: BOT_TOKEN,
        SLACK_SIGNING_SECRET: SIGNING_SECRET,
        SLACK_API_URL: slack.url,
        ...changes,
      },
    })
    let [out, err] = ['', '']
    child.stdout.on('data', data => (out += data))
    child.stderr.on('data', data => (err += data))
    const [code] = await once(child, 'close')
    return { code, out, err }
  }

  it('finds everything well, with the service account and both platforms', async () => {
    const { code, out, err } = await run()

    expect(err).toBe('')
    expect(out).not.toMatch(/❌/)
    expect(out).toMatch(/✅ OVHcloud http:\S+ as oauth2_client_credentials of account ab12345-ovh/)
    expect(out).toMatch(/✅ Discord as okms, 1 of 1 servers/)
    expect(out).toMatch(/✅ Discord: all permissions in #/)
    expect(out).toMatch(/✅ Slack: all \d+ scopes/)
    expect(out).toMatch(/✅ Slack: member of C/)
    expect(code).toBe(0)
    expect(slack.mistakes).toEqual([])
  })

  it('names two missing actions with the policy, the missing scope, channel and permission, each with its mend', async () => {
    const ops = discord.channel('ops')
    ops.botMayReadHistory = false
    slack.grants.scopes = Object.keys(SCOPES).filter(scope => scope !== 'files:write')
    await writePolicy(
      [`discord:${ops.id}`, 'discord:900000000000000777'],
      [`slack:${slackId('sec')}`, 'slack:C00NONE'],
    )
    await sandbox.control({ deny: DENIED })

    const { code, out } = await run()

    expect(code).toBe(1)
    for (const action of DENIED) expect(out).toContain(`missing ${action} (`)
    expect(JSON.parse(out.slice(out.indexOf('iam-policy.json:\n') + 17)).permissions.allow).toHaveLength(2)
    expect(out).toMatch(/❌ Discord: in #\S+ the bot lacks ReadMessageHistory .*\n {3}Channel settings/)
    expect(out).toMatch(/❌ Discord: channel 900000000000000777 of the policy is not there/)
    expect(out).toMatch(/❌ Slack: the bot token lacks files:write .*\n {3}Paste what npm run slack:manifest/)
    expect(out).toMatch(/❌ Slack: not a member of C\S+, .*\n {3}Invite it in that channel: \/invite @okms/)
    expect(out).toMatch(/❌ Slack: channel C00NONE of the policy is not there/)
  })

  it('says what is wrong when nobody answers, and lists wrong settings with exit code 78', async () => {
    const { code, out } = await run({
      REDIS_URL: 'redis://127.0.0.1:1',
      OVH_ENDPOINT: 'http://127.0.0.1:1',
      OVH_TOKEN_URL: 'http://127.0.0.1:1/token',
      DISCORD_TOKEN: 'wrong',
      SLACK_BOT_TOKEN: 'xoxb-wrong',
      POLICY_FILE: join(home, 'none.yaml'),
    })
    expect(code).toBe(1)
    for (const name of ['Redis', 'OVHcloud', 'KMIP endpoints', 'Discord', 'Slack'])
      expect(out).toMatch(new RegExp(`❌ ${name}`))
    expect(out).toContain('❌ There is no policy file')

    const wrong = await run({ SECRET_KEY: 'short', OVH_CLIENT_SECRET: '' })
    expect(wrong.code).toBe(78)
    expect(wrong.err).toContain('SECRET_KEY')
    expect(wrong.err).toContain('OVH_CLIENT_SECRET')
  })
})
