/**
 * One Slack app over HTTP, as a process of its own for bench/acknowledging.ts: `ours`, the bot's chat half, or `plain`, a Bolt app that
 * only acknowledges. Prints its port, and ends when its input does. Arguments: which, address of the API, address of Redis, signing secret.
 */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { App } from '@slack/bolt'
import { loadDefinitions } from '../src/bot/load.js'
import { parsePolicy } from '../src/bot/policy.js'
import { publishPolicy, startChat } from '../src/build-bot.js'
import { realChance } from '../src/core/ports/chance.js'
import { realClock } from '../src/core/ports/clock.js'
import { silentLog } from '../src/core/ports/log.js'
import { Secret } from '../src/core/secret.js'
import { freePort } from '../src/demo/redis-server.js'
import { createSlackDoor } from '../src/platforms/slack/adapter.js'

const [which, apiUrl, redisUrl, signingSecret] = process.argv.slice(2) as [string, string, string, string]

const POLICY = `
people: { ana: { slack: U00ANA } }
roles: { operator: { people: [ana] } }
grants:
  - { allow: [read], to: [operator], in: ["*"] }
`

async function startOurs(): Promise<number> {
  const parsed = parsePolicy(POLICY)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  await publishPolicy(redisUrl, parsed.policy, silentLog)
  const door = createSlackDoor({
    botToken: new Secret('xoxb-bench'),
    transport: { way: 'http', signingSecret: new Secret(signingSecret), port: 0 },
    teamIds: [],
    apiUrl,
    log: silentLog,
    clock: realClock,
    painter: { draw: async () => null },
  })
  const key = () => new Secret(randomBytes(32).toString('base64'))
  await startChat({
    redisUrl,
    secretKeys: [key()],
    auditKeys: [key()],
    definitions: await loadDefinitions(resolve(fileURLToPath(import.meta.url), '../..')),
    platforms: ['slack'],
    doors: [door],
    clock: realClock,
    chance: realChance,
    log: silentLog,
  })
  return door.port()!
}

async function startPlain(): Promise<number> {
  const port = await freePort()
  const app = new App({
    signingSecret,
    endpoints: '/slack/events',
    authorize: async () => ({ botToken: 'xoxb-bench', botId: 'B00BOT', botUserId: 'U00BOT' }),
    clientOptions: { slackApiUrl: apiUrl },
    convoStore: false,
  })
  app.command('/okms', ({ ack }) => ack())
  await app.start(port)
  return port
}

const port = which === 'ours' ? await startOurs() : await startPlain()
process.stdout.write(`${port}\n`)
process.stdin.resume().once('end', () => process.exit(0))
