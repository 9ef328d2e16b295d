import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Environment } from '../../src/config/source.js'
import { type Config, formatMistakes, readConfig } from '../../src/config.js'

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')
const NEW = key(1)
const OLD = key(2)

/** Everything that `npm start` asks for, and nothing more. */
const ENOUGH: Environment = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  SECRET_KEY: NEW,
  OVH_CLIENT_ID: 'EU.abc',
  OVH_CLIENT_SECRET: 'client-canary',
  SLACK_BOT_TOKEN: 'xoxb-canary',
  SLACK_SIGNING_SECRET: 'signing-canary',
}
const DISCORD: Environment = {
  DISCORD_TOKEN: 'discord-canary',
  DISCORD_APPLICATION_ID: '900000000000000001',
  DISCORD_GUILD_IDS: '900000000000000002, 900000000000000003',
}

const noFiles = (): string => {
  throw Object.assign(new Error('canary'), { code: 'ENOENT' })
}
const read = (env: Environment, files: Record<string, string> = {}) =>
  readConfig(env, path => files[path] ?? noFiles())

function configOf(env: Environment, files?: Record<string, string>): Config {
  const result = read(env, files)
  if ('mistakes' in result) throw new Error(formatMistakes(result.mistakes))
  return result.config
}

function mistakesOf(env: Environment, files?: Record<string, string>) {
  const result = read(env, files)
  return 'mistakes' in result ? result.mistakes : []
}

describe('the configuration', () => {
  it('has the documented defaults', () => {
    const config = configOf(ENOUGH)

    expect(config).toMatchObject({
      role: 'all',
      policyFile: 'policy.yaml',
      ovh: {
        endpoint: 'ovh-eu',
        authentication: { way: 'client', clientId: 'EU.abc', tokenUrl: null },
        rate: { perSecond: 1, burst: 30 },
      },
      discord: null,
      slack: { transport: { way: 'http', port: 3000 }, teamIds: [], apiUrl: 'https://slack.com/api/' },
      ops: { port: 9090, board: null },
      logLevel: 'info',
    })
  })

  it('reads every setting', () => {
    const config = configOf({
      ...ENOUGH,
      ...DISCORD,
      ROLE: 'all',
      POLICY_FILE: '/etc/okms/policy.yaml',
      OVH_ENDPOINT: 'https://api.example.org/',
      OVH_TOKEN_URL: 'https://login.example.org/oauth2/token',
      OVH_RATE: '30/m burst 5',
      DISCORD_API_URL: 'http://127.0.0.1:4000/api/',
      SLACK_TEAM_IDS: 'T00ONE,T00TWO',
      SLACK_API_URL: 'http://127.0.0.1:4001/api',
      SLACK_PORT: '0',
      OPS_PORT: '9191',
      OPS_USER: 'ops',
      OPS_PASSWORD: 'board-canary',
      AUDIT_KEY: `${OLD},${NEW}`,
      LOG_LEVEL: 'debug',
    })

    expect(config).toMatchObject({
      policyFile: '/etc/okms/policy.yaml',
      ovh: {
        endpoint: 'https://api.example.org',
        authentication: { tokenUrl: 'https://login.example.org/oauth2/token' },
        rate: { perSecond: 0.5, burst: 5 },
      },
      discord: {
        applicationId: '900000000000000001',
        guildIds: ['900000000000000002', '900000000000000003'],
        apiUrl: 'http://127.0.0.1:4000/api',
      },
      slack: { teamIds: ['T00ONE', 'T00TWO'], apiUrl: 'http://127.0.0.1:4001/api/', transport: { port: 0 } },
      ops: { port: 9191, board: { user: 'ops' } },
      logLevel: 'debug',
    })
    expect(config.ops.board!.password.reveal()).toBe('board-canary')
    expect(config.auditKeys.map(k => k.reveal())).toEqual([OLD, NEW])
  })

  it('boxes every secret, so that printing it shows none', () => {
    const config = configOf({ ...ENOUGH, ...DISCORD, REDIS_URL: 'redis://:redis-canary@127.0.0.1' })

    expect(`${inspect(config, { depth: 9 })}${JSON.stringify(config)}`).not.toMatch(/canary|AQEB/)
    expect(config.discord!.token.reveal()).toBe('discord-canary')
  })

  it('cannot be changed afterwards', () => {
    const config = configOf(ENOUGH)

    expect(() => Object.assign(config.ops, { port: 1 })).toThrow(TypeError)
    expect(() => (config.secretKeys as unknown[]).pop()).toThrow(TypeError)
  })

  it('takes an empty variable for an absent one', () => {
    expect(configOf({ ...ENOUGH, ROLE: '', OVH_ENDPOINT: ' ', DISCORD_TOKEN: '' })).toMatchObject({
      role: 'all',
      discord: null,
    })
    expect(mistakesOf({ ...ENOUGH, SECRET_KEY: '' })).toMatchObject([
      { name: 'SECRET_KEY', problem: 'is missing' },
    ])
  })
})

describe('a role', () => {
  const { OVH_CLIENT_ID, OVH_CLIENT_SECRET, ...chatOnly } = ENOUGH
  const { SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, ...workerOnly } = ENOUGH

  it('that chats needs no OVHcloud credentials and reads none', () => {
    expect(configOf({ ...chatOnly, ROLE: 'chat' }).ovh).toBeNull()

    const given = read({ ...ENOUGH, ROLE: 'chat' })
    expect(given).toMatchObject({ config: { ovh: null } })
    expect(given.warnings).toEqual([
      'OVH_CLIENT_ID, OVH_CLIENT_SECRET: not read in ROLE=chat; such a process had better not hold it.',
    ])
  })

  it('that works needs no chat tokens and reads none', () => {
    expect(configOf({ ...workerOnly, ROLE: 'worker' })).toMatchObject({ discord: null, slack: null })

    const given = read({ ...ENOUGH, DISCORD_TOKEN: 'x', SLACK_PORT: 'x', ROLE: 'worker' })
    expect(given).toMatchObject({ config: { discord: null, slack: null } })
    expect(given.warnings[0]).toContain('DISCORD_TOKEN')
  })

  it.each([['all'], ['chat']])('of %s needs a platform to speak on', role => {
    const [mistake] = mistakesOf({ ...workerOnly, ROLE: role })

    expect(mistake).toMatchObject({ name: 'DISCORD_TOKEN or SLACK_BOT_TOKEN', problem: 'is missing' })
  })
})

describe('keys', () => {
  it('are listed newest first', () => {
    expect(configOf({ ...ENOUGH, SECRET_KEY: `${NEW}, ${OLD}` }).secretKeys.map(k => k.reveal())).toEqual([
      NEW,
      OLD,
    ])
  })

  it('for the audit trail come from the secret keys, in their order', () => {
    const both = configOf({ ...ENOUGH, SECRET_KEY: `${NEW},${OLD}` }).auditKeys.map(k => k.reveal())
    const old = configOf({ ...ENOUGH, SECRET_KEY: OLD }).auditKeys.map(k => k.reveal())

    expect(both[1]).toBe(old[0])
    expect(new Set([NEW, OLD, ...both]).size).toBe(4)
    expect(both.map(k => Buffer.from(k, 'base64').length)).toEqual([32, 32])
  })

  it('are read in the form for addresses too', () => {
    const bytes = Buffer.alloc(32, 0xfb)

    expect(configOf({ ...ENOUGH, SECRET_KEY: bytes.toString('base64url') }).secretKeys[0]!.reveal()).toBe(
      bytes.toString('base64'),
    )
  })
})

describe('a secret from a file', () => {
  const { SECRET_KEY, ...rest } = ENOUGH

  it('loses the line break at its end', () => {
    const config = configOf(
      { ...rest, SECRET_KEY_FILE: '/run/secrets/key' },
      { '/run/secrets/key': `${NEW}\n` },
    )

    expect(config.secretKeys[0]!.reveal()).toBe(NEW)
  })

  it.each([
    ['REDIS_URL'],
    ['SECRET_KEY'],
    ['AUDIT_KEY'],
    ['OVH_CLIENT_SECRET'],
    ['DISCORD_TOKEN'],
    ['SLACK_BOT_TOKEN'],
    ['SLACK_SIGNING_SECRET'],
    ['OPS_PASSWORD'],
  ])('%s is refused beside the value itself', name => {
    const env = {
      ...ENOUGH,
      ...DISCORD,
      OPS_USER: 'ops',
      OPS_PASSWORD: 'board-canary',
      [name]: 'x-canary',
      [`${name}_FILE`]: '/run/secrets/x',
    }
    const mistakes = mistakesOf(env, { '/run/secrets/x': 'y-canary' })

    expect(mistakes).toMatchObject([{ name, problem: `is set together with ${name}_FILE; keep one of them` }])
    expect(formatMistakes(mistakes)).not.toContain('canary')
  })

  it('that cannot be read is told with its path and reason', () => {
    expect(mistakesOf({ ...rest, SECRET_KEY_FILE: '/run/secrets/none' })).toMatchObject([
      {
        name: 'SECRET_KEY',
        problem: 'cannot come from SECRET_KEY_FILE: /run/secrets/none cannot be read (ENOENT)',
      },
    ])
  })

  it('that is empty is a mistake', () => {
    const [mistake] = mistakesOf(
      { ...rest, SECRET_KEY_FILE: '/run/secrets/key' },
      { '/run/secrets/key': '\n' },
    )

    expect(mistake!.problem).toContain('is empty')
  })
})

describe('a mistake', () => {
  it.each<[string, Environment, string, RegExp]>([
    ['an unknown role', { ROLE: 'wroker' }, 'ROLE', /^is "wroker"$/],
    ['a loud log level', { LOG_LEVEL: 'LOUD' }, 'LOG_LEVEL', /^is "LOUD"$/],
    [
      'a long value that may be a secret',
      { LOG_LEVEL: 'canary'.repeat(9) },
      'LOG_LEVEL',
      /^is something else$/,
    ],
    ['no Redis', { REDIS_URL: undefined }, 'REDIS_URL', /^is missing$/],
    ['no key', { SECRET_KEY: undefined }, 'SECRET_KEY', /^is missing$/],
    ['a short key', { SECRET_KEY: Buffer.alloc(16).toString('base64') }, 'SECRET_KEY', /^is not 32 bytes/],
    ['a key in hex', { SECRET_KEY: Buffer.alloc(32).toString('hex') }, 'SECRET_KEY', /^is not 32 bytes/],
    ['a bad old key', { SECRET_KEY: `${NEW},canary` }, 'SECRET_KEY', /^has at position 2 /],
    ['a comma at the end', { AUDIT_KEY: `${NEW},` }, 'AUDIT_KEY', /^has at position 2 /],
    ['an endpoint with a slip', { OVH_ENDPOINT: 'ovh-ue' }, 'OVH_ENDPOINT', /did you mean ovh-eu\?/],
    ['an endpoint without a KMS', { OVH_ENDPOINT: 'kimsufi-eu' }, 'OVH_ENDPOINT', /has no KMS/],
    [
      'an endpoint with a version',
      { OVH_ENDPOINT: 'https://eu.api.ovh.com/1.0', OVH_TOKEN_URL: 'https://x.example.org' },
      'OVH_ENDPOINT',
      /ends in a version/,
    ],
    [
      'an endpoint with a password',
      { OVH_ENDPOINT: 'https://me:canary@x.example.org' },
      'OVH_ENDPOINT',
      /holds a user or a password/,
    ],
    [
      'an endpoint by file',
      { OVH_ENDPOINT: 'ftp://x.example.org' },
      'OVH_ENDPOINT',
      /is not an http or https address/,
    ],
    [
      'no token URL',
      { OVH_ENDPOINT: 'http://127.0.0.1:8080' },
      'OVH_TOKEN_URL',
      /^is missing: OVH_ENDPOINT is a base URL/,
    ],
    [
      'a token URL beside a name',
      { OVH_TOKEN_URL: 'https://x.example.org' },
      'OVH_TOKEN_URL',
      /of no use with ovh-eu/,
    ],
    [
      'half a service account',
      { OVH_CLIENT_SECRET: undefined },
      'OVH_CLIENT_SECRET',
      /^is missing beside OVH_CLIENT_ID$/,
    ],
    ['a rate in words', { OVH_RATE: 'slow' }, 'OVH_RATE', /^is "slow"$/],
    ['a rate of nothing', { OVH_RATE: '0/s' }, 'OVH_RATE', /^is "0\/s"$/],
    ['a burst of nothing', { OVH_RATE: '1/s burst 0' }, 'OVH_RATE', /burst 0/],
    [
      'no application id',
      { ...DISCORD, DISCORD_APPLICATION_ID: undefined },
      'DISCORD_APPLICATION_ID',
      /^is missing beside DISCORD_TOKEN$/,
    ],
    [
      'an application by name',
      { ...DISCORD, DISCORD_APPLICATION_ID: 'okms' },
      'DISCORD_APPLICATION_ID',
      /^is not an id$/,
    ],
    ['no server', { ...DISCORD, DISCORD_GUILD_IDS: undefined }, 'DISCORD_GUILD_IDS', /^is missing/],
    ['only a comma', { ...DISCORD, DISCORD_GUILD_IDS: ',' }, 'DISCORD_GUILD_IDS', /^names no server$/],
    [
      'a server by name',
      { ...DISCORD, DISCORD_GUILD_IDS: '900000000000000002,ops' },
      'DISCORD_GUILD_IDS',
      /position 2/,
    ],
    ['a user token', { SLACK_BOT_TOKEN: 'xoxp-canary' }, 'SLACK_BOT_TOKEN', /does not begin with xoxb-/],
    [
      'a swapped token',
      { SLACK_SIGNING_SECRET: undefined, SLACK_APP_TOKEN: 'xoxb-canary' },
      'SLACK_APP_TOKEN',
      /xapp-/,
    ],
    [
      'no way to hear Slack',
      { SLACK_SIGNING_SECRET: undefined },
      'SLACK_SIGNING_SECRET or SLACK_APP_TOKEN',
      /^is missing/,
    ],
    [
      'two ways to hear Slack',
      { SLACK_APP_TOKEN: 'xapp-canary' },
      'SLACK_SIGNING_SECRET or SLACK_APP_TOKEN',
      /^are both set$/,
    ],
    ['a workspace by name', { SLACK_TEAM_IDS: 'example' }, 'SLACK_TEAM_IDS', /position 1/],
    ['a port that is none', { SLACK_PORT: '70000' }, 'SLACK_PORT', /^is "70000"$/],
    ['one port for two', { OPS_PORT: '3000' }, 'OPS_PORT', /which SLACK_PORT uses already/],
    ['a user without a password', { OPS_USER: 'ops' }, 'OPS_PASSWORD', /beside OPS_USER/],
    ['a password without a user', { OPS_PASSWORD: 'canary' }, 'OPS_USER', /beside OPS_PASSWORD/],
  ])('such as %s is told by the name of the setting, without secrets', (_, change, name, problem) => {
    const mistakes = mistakesOf({ ...ENOUGH, ...change })

    expect(mistakes.map(mistake => mistake.name)).toEqual([name])
    expect(mistakes[0]!.problem).toMatch(problem)
    expect(formatMistakes(mistakes)).not.toContain('canary')
  })

  const { OVH_CLIENT_ID, OVH_CLIENT_SECRET, ...nobody } = ENOUGH
  it.each<[string, Environment, string]>([
    ['no way', {}, 'is missing'],
    [
      'two ways',
      { OVH_CLIENT_ID: 'EU.abc', OVH_CLIENT_SECRET: 'canary', OVH_ACCESS_TOKEN: 'canary' },
      'are set for 2 ways of authentication at once: OVH_CLIENT_ID, OVH_CLIENT_SECRET, OVH_ACCESS_TOKEN',
    ],
    [
      'a bit of all three',
      { OVH_CLIENT_ID: 'EU.abc', OVH_CONSUMER_KEY_FILE: '/run/secrets/ck', OVH_ACCESS_TOKEN: 'canary' },
      'are set for 3 ways of authentication at once: OVH_CLIENT_ID, OVH_CONSUMER_KEY, OVH_ACCESS_TOKEN',
    ],
  ])('such as %s to be known at OVHcloud says what is set', (_, given, problem) => {
    const mistakes = mistakesOf({ ...nobody, ...given })

    expect(mistakes).toMatchObject([
      { name: 'OVH_CLIENT_ID, OVH_APPLICATION_KEY or OVH_ACCESS_TOKEN', problem },
    ])
    expect(mistakes[0]!.expected).toContain('OVH_APPLICATION_KEY + OVH_APPLICATION_SECRET + OVH_CONSUMER_KEY')
  })

  it.each<[string, Environment, object]>([
    [
      'signature keys',
      { OVH_APPLICATION_KEY: 'ak', OVH_APPLICATION_SECRET: 'as', OVH_CONSUMER_KEY: 'ck' },
      { way: 'application', applicationKey: 'ak' },
    ],
    ['an access token', { OVH_ACCESS_TOKEN: 'at' }, { way: 'token' }],
  ])('is none with %s alone', (_, given, authentication) => {
    expect(configOf({ ...nobody, ...given }).ovh!.authentication).toMatchObject(authentication)
  })

  it('is a token URL without a service account', () => {
    const env = {
      ...nobody,
      OVH_ACCESS_TOKEN: 'at',
      OVH_ENDPOINT: 'https://x.example.org',
      OVH_TOKEN_URL: 'https://x.example.org/t',
    }

    expect(mistakesOf(env)).toMatchObject([
      { name: 'OVH_TOKEN_URL', problem: expect.stringContaining('without OVH_CLIENT_ID') },
    ])
  })

  it('does not hide the next one: an empty environment names all that is needed', () => {
    expect(mistakesOf({}).map(({ name }) => name)).toEqual([
      'REDIS_URL',
      'SECRET_KEY',
      'OVH_CLIENT_ID, OVH_APPLICATION_KEY or OVH_ACCESS_TOKEN',
      'DISCORD_TOKEN or SLACK_BOT_TOKEN',
    ])
  })

  it('is shown with what was expected and an example', () => {
    expect(formatMistakes(mistakesOf({ ...ENOUGH, SLACK_PORT: 'x', ROLE: 'both' }))).toBe(
      [
        '2 settings need mending before okms-bot can start.',
        '',
        'ROLE is "both".',
        '  expected  all, chat or worker',
        '  example   ROLE=all',
        '',
        'SLACK_PORT is "x".',
        '  expected  a port, 0 to 65535',
        '  example   SLACK_PORT=3000',
        '',
      ].join('\n'),
    )
  })
})

describe('the address of Redis', () => {
  it.each([
    'redis://127.0.0.1',
    'redis://127.0.0.1:6379/',
    'redis://user:p%40ss@redis.internal:6380/2',
    'rediss://:pass@redis.example.org:6379',
    'redis://[::1]:6379',
    'redis+sentinel://h1:26379,h2:26379/mymaster',
    'rediss+sentinel://:pass@h1,h2/mymaster/3',
    'redis+cluster://h1:7000,h2:7001,h3:7002',
  ])('may be %s', url => {
    expect(configOf({ ...ENOUGH, REDIS_URL: url }).redisUrl.reveal()).toBe(url)
  })

  it.each([
    ['127.0.0.1:6379', 'is not an address of Redis'],
    ['http://127.0.0.1', 'is not an address of Redis'],
    ['redis://', 'is not an address of Redis'],
    ['redis://host:99999', 'has no valid host and port at position 1'],
    ['redis://host:port', 'has no valid host and port at position 1'],
    ['redis://h1,h2', 'lists several hosts'],
    ['redis://host/db', 'number of a database'],
    ['redis://host/1/2', 'too many slashes'],
    ['redis://host?family=6', 'options after ? or #'],
    ['redis://:100%@host', 'has a % in user or password'],
    ['redis+sentinel://h1:26379', 'does not name the master'],
    ['redis+sentinel://h1:26379/mymaster/', 'number of a database'],
    ['redis+cluster://h1:7000,:7001', 'position 2'],
    ['redis+cluster://h1:7000/1', 'which Redis Cluster does not have'],
  ])('is not %s', (url, problem) => {
    const [mistake] = mistakesOf({ ...ENOUGH, REDIS_URL: url })

    expect(mistake).toMatchObject({ name: 'REDIS_URL', problem: expect.stringContaining(problem) })
  })
})

describe('the rate of calls', () => {
  it.each<[string, Environment, object | null]>([
    ['of its own burst', { OVH_RATE: '5/s burst 10' }, { perSecond: 5, burst: 10 }],
    ['without a burst', { OVH_RATE: '2/s' }, { perSecond: 2, burst: 30 }],
    ['off', { OVH_RATE: 'off' }, null],
    [
      'off for an API on this machine',
      { OVH_ENDPOINT: 'http://127.0.0.1:8080', OVH_TOKEN_URL: 'http://127.0.0.1:8080/t' },
      null,
    ],
    [
      'as written, even there',
      { OVH_ENDPOINT: 'http://localhost:8080', OVH_TOKEN_URL: 'http://localhost:8080/t', OVH_RATE: '1/s' },
      { perSecond: 1, burst: 30 },
    ],
  ])('can be %s', (_, given, rate) => {
    expect(configOf({ ...ENOUGH, ...given }).ovh!.rate).toEqual(rate)
  })
})

describe('a warning', () => {
  it.each([
    ['OVH_APLICATION_KEY', 'Did you mean OVH_APPLICATION_KEY?'],
    ['SECRET_KEY_FLIE', 'Did you mean SECRET_KEY_FILE?'],
    ['REDIS_URI', 'Did you mean REDIS_URL?'],
    ['OKMS_POLICY', 'none begins with OKMS_'],
  ])('is given for %s', (name, hint) => {
    const result = read({ ...ENOUGH, [name]: 'canary' })

    expect(result).toHaveProperty('config')
    expect(result.warnings).toEqual([
      expect.stringMatching(new RegExp(`^${name} is not a setting of okms-bot`)),
    ])
    expect(result.warnings[0]).toContain(hint)
    expect(result.warnings[0]).not.toContain('canary')
  })

  it.each([['OKMS_HOME'], ['SANDBOX_PORT'], ['PATH'], ['NODE_ENV'], ['OVH_CLOUD_PROJECT_SERVICE']])(
    'is not given for %s',
    name => {
      expect(read({ ...ENOUGH, [name]: 'x' }).warnings).toEqual([])
    },
  )

  it('is given for settings of a platform that is off', () => {
    expect(read({ ...ENOUGH, DISCORD_GUILD_IDS: '900000000000000002' }).warnings).toEqual([
      'DISCORD_GUILD_IDS: of no effect without DISCORD_TOKEN.',
    ])
  })

  it('is given for an API in the clear on another machine', () => {
    const env = {
      ...ENOUGH,
      OVH_ENDPOINT: 'http://api.example.org',
      OVH_TOKEN_URL: 'https://api.example.org/t',
    }

    expect(read(env).warnings[0]).toContain('not encrypted')
  })
})
