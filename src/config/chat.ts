/** The chat platforms. A platform is on when its bot token is set. */
import type { Secret } from '../core/secret.js'
import { readPort } from './port.js'
import type { SettingName } from './settings.js'
import type { Source } from './source.js'
import { readUrl } from './url.js'

export interface DiscordConfig {
  token: Secret
  applicationId: string
  /** Servers that get the commands; interactions from others are ignored. */
  guildIds: readonly string[]
  /** Without a slash at its end. */
  apiUrl: string
}

export interface SlackConfig {
  botToken: Secret
  transport: { way: 'http'; signingSecret: Secret; port: number } | { way: 'socket'; appToken: Secret }
  /** Workspaces that are served; empty: the one the bot token belongs to. */
  teamIds: readonly string[]
  /** With a slash at its end. */
  apiUrl: string
}

/** 64-bit numbers, written out. https://docs.discord.com/developers/reference#snowflakes */
const SNOWFLAKE = /^\d{15,20}$/
/** A workspace, or an organisation on Enterprise Grid. */
const TEAM = /^[TE][A-Z0-9]{2,}$/
/** Rotating tokens carry a word in front. https://docs.slack.dev/authentication/tokens */
const BOT_TOKEN = /^(xoxe\.)?xoxb-/
const APP_TOKEN = /^xapp-/

const DISCORD = ['DISCORD_APPLICATION_ID', 'DISCORD_GUILD_IDS', 'DISCORD_API_URL'] as const
const SLACK = [
  'SLACK_SIGNING_SECRET',
  'SLACK_APP_TOKEN',
  'SLACK_TEAM_IDS',
  'SLACK_API_URL',
  'SLACK_PORT',
] as const

/** Both `null` when neither token is set, which is a mistake. */
export function readChat(source: Source): { discord: DiscordConfig | null; slack: SlackConfig | null } {
  if (!source.has('DISCORD_TOKEN') && !source.has('SLACK_BOT_TOKEN')) {
    source.mistakes.push({
      name: 'DISCORD_TOKEN or SLACK_BOT_TOKEN',
      expected: 'the token of a chat platform to speak on (or ROLE=worker, which speaks on none)',
      example: 'DISCORD_TOKEN_FILE=/run/secrets/discord',
      problem: 'is missing',
    })
  }
  return { discord: readDiscord(source), slack: readSlack(source) }
}

function readDiscord(source: Source): DiscordConfig | null {
  if (!source.has('DISCORD_TOKEN')) return unused(source, 'DISCORD_TOKEN', DISCORD)
  const token = source.secret('DISCORD_TOKEN')
  const applicationId = required(source, 'DISCORD_APPLICATION_ID', 'DISCORD_TOKEN')
  if (applicationId !== undefined && !SNOWFLAKE.test(applicationId))
    source.wrong('DISCORD_APPLICATION_ID', 'is not an id')
  const guildIds = ids(required(source, 'DISCORD_GUILD_IDS', 'DISCORD_TOKEN'))
  checkIds(source, 'DISCORD_GUILD_IDS', guildIds, SNOWFLAKE)
  if (guildIds.length === 0 && source.has('DISCORD_GUILD_IDS'))
    source.wrong('DISCORD_GUILD_IDS', 'names no server')
  const apiUrl = (readUrl(source, 'DISCORD_API_URL') ?? 'https://discord.com/api').replace(/\/+$/, '')
  return token && applicationId ? { token, applicationId, guildIds, apiUrl } : null
}

function readSlack(source: Source): SlackConfig | null {
  if (!source.has('SLACK_BOT_TOKEN')) return unused(source, 'SLACK_BOT_TOKEN', SLACK)
  const botToken = source.secret('SLACK_BOT_TOKEN')
  if (botToken && !BOT_TOKEN.test(botToken.reveal()))
    source.wrong('SLACK_BOT_TOKEN', 'is another kind of token: it does not begin with xoxb-')
  const transport = readTransport(source)
  const teamIds = ids(source.text('SLACK_TEAM_IDS'))
  checkIds(source, 'SLACK_TEAM_IDS', teamIds, TEAM)
  const apiUrl = (readUrl(source, 'SLACK_API_URL') ?? 'https://slack.com/api/').replace(/\/*$/, '/')
  return botToken && transport ? { botToken, transport, teamIds, apiUrl } : null
}

function readTransport(source: Source): SlackConfig['transport'] | undefined {
  const isHttp = source.has('SLACK_SIGNING_SECRET')
  const isSocket = source.has('SLACK_APP_TOKEN')
  if (isHttp === isSocket) {
    source.mistakes.push({
      name: 'SLACK_SIGNING_SECRET or SLACK_APP_TOKEN',
      expected: 'the signing secret for HTTP, or an app-level token for Socket Mode, not both',
      example: 'SLACK_SIGNING_SECRET_FILE=/run/secrets/slack-signing',
      problem: isHttp ? 'are both set' : 'is missing beside SLACK_BOT_TOKEN',
    })
    return undefined
  }
  if (isHttp) {
    const signingSecret = source.secret('SLACK_SIGNING_SECRET')
    const port = readPort(source, 'SLACK_PORT', 3000)
    return signingSecret && { way: 'http', signingSecret, port }
  }
  const appToken = source.secret('SLACK_APP_TOKEN')
  if (appToken && !APP_TOKEN.test(appToken.reveal()))
    source.wrong('SLACK_APP_TOKEN', 'is another kind of token: it does not begin with xapp-')
  return appToken && { way: 'socket', appToken }
}

const ids = (text: string | undefined) =>
  (text ?? '')
    .split(',')
    .map(id => id.trim())
    .filter(id => id !== '')

function checkIds(source: Source, name: SettingName, all: readonly string[], shape: RegExp): void {
  const wrong = all.findIndex(id => !shape.test(id))
  if (wrong >= 0) source.wrong(name, `has at position ${wrong + 1} what is not an id`)
}

function required(source: Source, name: SettingName, beside: SettingName): string | undefined {
  const text = source.text(name)
  if (text === undefined) source.wrong(name, `is missing beside ${beside}`)
  return text
}

function unused(source: Source, token: SettingName, names: readonly SettingName[]): null {
  const set = names.filter(source.has)
  if (set.length > 0) source.warnings.push(`${set.join(', ')}: of no effect without ${token}.`)
  return null
}
