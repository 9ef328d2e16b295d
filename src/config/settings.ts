/**
 * Every setting the bot reads from its environment: what is expected and how it looks. The README's table, the list of
 * mistakes at start and the guess at a misspelt name all come from here.
 */
export interface Setting {
  expected: string
  /** As it would stand in an environment file. */
  example: string
  /** May also come from the file named in `NAME_FILE`; its value is never shown. */
  isSecret?: true
}

const BASE64_KEY = '32 random bytes in base64; new,old while a key is being replaced'

export const SETTINGS = {
  ROLE: { expected: 'all, chat or worker', example: 'ROLE=all' },
  REDIS_URL: {
    expected:
      'redis://[user:password@]host[:port][/db], rediss:// for TLS, redis+sentinel://host:port,host:port/master[/db] or redis+cluster://host:port,host:port',
    example: 'REDIS_URL=redis://127.0.0.1:6379',
    isSecret: true,
  },
  SECRET_KEY: { expected: BASE64_KEY, example: 'SECRET_KEY=$(openssl rand -base64 32)', isSecret: true },
  AUDIT_KEY: {
    expected: `${BASE64_KEY}; derived from SECRET_KEY when absent`,
    example: 'AUDIT_KEY=$(openssl rand -base64 32)',
    isSecret: true,
  },
  POLICY_FILE: { expected: 'the path of the policy file', example: 'POLICY_FILE=policy.yaml' },
  OVH_ENDPOINT: { expected: 'ovh-eu, ovh-ca, ovh-us or a base URL', example: 'OVH_ENDPOINT=ovh-eu' },
  OVH_CLIENT_ID: { expected: 'the id of a service account', example: 'OVH_CLIENT_ID=EU.0123456789abcdef' },
  OVH_CLIENT_SECRET: {
    expected: 'the secret of the service account',
    example: 'OVH_CLIENT_SECRET_FILE=/run/secrets/ovh',
    isSecret: true,
  },
  OVH_APPLICATION_KEY: { expected: 'an application key', example: 'OVH_APPLICATION_KEY=0123456789abcdef' },
  OVH_APPLICATION_SECRET: {
    expected: 'the secret of the application key',
    example: 'OVH_APPLICATION_SECRET_FILE=/run/secrets/ovh',
    isSecret: true,
  },
  OVH_CONSUMER_KEY: {
    expected: 'a validated consumer key',
    example: 'OVH_CONSUMER_KEY_FILE=/run/secrets/ovh-consumer',
    isSecret: true,
  },
  OVH_ACCESS_TOKEN: {
    expected: 'a personal access token',
    example: 'OVH_ACCESS_TOKEN_FILE=/run/secrets/ovh',
    isSecret: true,
  },
  OVH_TOKEN_URL: {
    expected:
      'the address that gives OAuth2 tokens; only with a base URL in OVH_ENDPOINT and an OVH_CLIENT_ID',
    example: 'OVH_TOKEN_URL=http://127.0.0.1:8080/auth/oauth2/token',
  },
  OVH_RATE: {
    expected: 'calls per second (s) or minute (m) with a burst, for all processes together, or off',
    example: 'OVH_RATE=1/s burst 30',
  },
  DISCORD_TOKEN: {
    expected: 'the token of the Discord bot',
    example: 'DISCORD_TOKEN_FILE=/run/secrets/discord',
    isSecret: true,
  },
  DISCORD_APPLICATION_ID: {
    expected: 'the id of the Discord application, 15 to 20 digits',
    example: 'DISCORD_APPLICATION_ID=900000000000000001',
  },
  DISCORD_GUILD_IDS: {
    expected: 'the ids of the servers to serve, with commas',
    example: 'DISCORD_GUILD_IDS=900000000000000002',
  },
  DISCORD_API_URL: {
    expected: 'an http or https address',
    example: 'DISCORD_API_URL=https://discord.com/api',
  },
  SLACK_BOT_TOKEN: {
    expected: 'the bot token of the Slack app, beginning with xoxb-',
    example: 'SLACK_BOT_TOKEN_FILE=/run/secrets/slack',
    isSecret: true,
  },
  SLACK_SIGNING_SECRET: {
    expected: 'the signing secret of the Slack app, for HTTP',
    example: 'SLACK_SIGNING_SECRET_FILE=/run/secrets/slack-signing',
    isSecret: true,
  },
  SLACK_APP_TOKEN: {
    expected: 'an app-level token beginning with xapp-, for Socket Mode',
    example: 'SLACK_APP_TOKEN_FILE=/run/secrets/slack-app',
    isSecret: true,
  },
  SLACK_TEAM_IDS: {
    expected: 'the ids of the workspaces to serve, with commas',
    example: 'SLACK_TEAM_IDS=T00TEAM',
  },
  SLACK_API_URL: { expected: 'an http or https address', example: 'SLACK_API_URL=https://slack.com/api/' },
  SLACK_PORT: { expected: 'a port, 0 to 65535', example: 'SLACK_PORT=3000' },
  OPS_PORT: { expected: 'a port, 0 to 65535', example: 'OPS_PORT=9090' },
  OPS_USER: {
    expected: 'a name to log in to the queue board, together with OPS_PASSWORD',
    example: 'OPS_USER=ops',
  },
  OPS_PASSWORD: {
    expected: 'a password for the queue board, together with OPS_USER',
    example: 'OPS_PASSWORD_FILE=/run/secrets/ops',
    isSecret: true,
  },
  LOG_LEVEL: { expected: 'trace, debug, info, warn, error, fatal or silent', example: 'LOG_LEVEL=info' },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS
export type SecretName = {
  [N in SettingName]: (typeof SETTINGS)[N] extends { isSecret: true } ? N : never
}[SettingName]

export function isSecretName(name: SettingName): name is SecretName {
  return 'isSecret' in SETTINGS[name]
}

/** Names beside the table that belong to the bot's other programs: the demo and the sandbox. */
export const OTHER_NAMES = [
  'OKMS_HOME',
  'SANDBOX_PORT',
  'SANDBOX_TLS_PORT',
  'SANDBOX_KMIP_PORT',
  'SANDBOX_KMIP_RSA_PORT',
] as const
