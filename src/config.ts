/**
 * The environment, read once: typed, frozen, secrets boxed. All mistakes are found in one reading.
 * The table of settings is config/settings.ts; leaving with exit code 78 is main.ts's.
 */
import { readFileSync } from 'node:fs'
import { type DiscordConfig, readChat, type SlackConfig } from './config/chat.js'
import { deriveAuditKeys, readKeys } from './config/keys.js'
import { type OvhConfig, readOvh } from './config/ovh.js'
import { readPort } from './config/port.js'
import { readRedisUrl } from './config/redis-url.js'
import { SETTINGS, type SettingName } from './config/settings.js'
import { type Environment, type Mistake, openSource, type ReadFile, type Source } from './config/source.js'
import { deepFreeze } from './core/freeze.js'
import type { Secret } from './core/secret.js'

const ROLES = ['all', 'chat', 'worker'] as const
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export interface Config {
  role: (typeof ROLES)[number]
  /** `redis://`, `rediss://`, `redis+sentinel://…` or `redis+cluster://…`, checked; may hold a password. */
  redisUrl: Secret
  /** 32 bytes each, base64, the newest first: it seals, all open. */
  secretKeys: readonly Secret[]
  /** The same for the audit trail; derived from the secret keys where `AUDIT_KEY` is absent. */
  auditKeys: readonly Secret[]
  policyFile: string
  /** `null` in a chat process: it holds no OVHcloud credentials. */
  ovh: OvhConfig | null
  /** `null` in a worker, which holds no chat tokens, and where the platform is off. */
  discord: DiscordConfig | null
  slack: SlackConfig | null
  ops: { port: number /** `null`: no queue board. */; board: { user: string; password: Secret } | null }
  logLevel: (typeof LOG_LEVELS)[number]
}

/** Warnings are whole sentences for the log: what is set and has no effect, or looks misspelt. */
export type ReadConfig = { config: Config; warnings: string[] } | { mistakes: Mistake[]; warnings: string[] }

/** Reads the settings of design "Environment". An empty variable counts as absent. Never throws for what the environment says. */
export function readConfig(
  env: Environment = process.env,
  readFile: ReadFile = path => readFileSync(path, 'utf8'),
): ReadConfig {
  const source = openSource(env, readFile)
  const role = readWord(source, 'ROLE', ROLES, 'all')
  const redisUrl = readRedisUrl(source)
  const secretKeys = readKeys(source, 'SECRET_KEY')
  if (!source.has('SECRET_KEY')) source.wrong('SECRET_KEY', 'is missing')
  const auditKeys = source.has('AUDIT_KEY') ? readKeys(source, 'AUDIT_KEY') : deriveAuditKeys(secretKeys)
  const ovh = role === 'chat' ? leftOut(source, role, 'OVH_') : readOvh(source)
  const { discord, slack } = role === 'worker' ? noChat(source, role) : readChat(source)
  const ops = { port: readPort(source, 'OPS_PORT', 9090), board: readBoard(source) }
  const logLevel = readWord(source, 'LOG_LEVEL', LOG_LEVELS, 'info')
  if (slack?.transport.way === 'http' && slack.transport.port !== 0 && slack.transport.port === ops.port) {
    source.wrong('OPS_PORT', `is ${ops.port}, which SLACK_PORT uses already`)
  }

  const { mistakes, warnings } = source
  if (mistakes.length > 0 || redisUrl === undefined) return { mistakes, warnings }
  const policyFile = source.text('POLICY_FILE') ?? 'policy.yaml'
  const config = { role, redisUrl, secretKeys, auditKeys, policyFile, ovh, discord, slack, ops, logLevel }
  return { config: deepFreeze(config), warnings }
}

/** All mistakes as one text for a person at a terminal, ending in a line break. `before`: what cannot begin with them. */
export function formatMistakes(mistakes: readonly Mistake[], before = 'okms-bot can start'): string {
  const count = mistakes.length === 1 ? 'One setting needs' : `${mistakes.length} settings need`
  const blocks = mistakes.map(
    ({ name, problem, expected, example }) =>
      `${name} ${problem}.\n  expected  ${expected}\n  example   ${example}\n`,
  )
  return `${count} mending before ${before}.\n\n${blocks.join('\n')}`
}

function readWord<const W extends readonly string[]>(
  source: Source,
  name: SettingName,
  words: W,
  byDefault: W[number],
): W[number] {
  const text = source.text(name)
  if (text === undefined) return byDefault
  const found = words.find(word => word === text)
  if (found === undefined) source.wrongWord(name, text)
  return found ?? byDefault
}

function readBoard(source: Source): Config['ops']['board'] {
  const user = source.text('OPS_USER')
  const password = source.secret('OPS_PASSWORD')
  if (user !== undefined && !source.has('OPS_PASSWORD'))
    source.wrong('OPS_PASSWORD', 'is missing beside OPS_USER')
  if (user === undefined && source.has('OPS_PASSWORD'))
    source.wrong('OPS_USER', 'is missing beside OPS_PASSWORD')
  return user !== undefined && password !== undefined ? { user, password } : null
}

function noChat(source: Source, role: Config['role']): { discord: null; slack: null } {
  return { discord: leftOut(source, role, 'DISCORD_'), slack: leftOut(source, role, 'SLACK_') }
}

/** The two halves trust each other little: what a role does not need, it had better not be given. */
function leftOut(source: Source, role: Config['role'], prefix: string): null {
  const set = (Object.keys(SETTINGS) as SettingName[]).filter(
    name => name.startsWith(prefix) && source.has(name),
  )
  if (set.length > 0)
    source.warnings.push(
      `${set.join(', ')}: not read in ROLE=${role}; such a process had better not hold it.`,
    )
  return null
}
