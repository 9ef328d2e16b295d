/** Slack as a chat platform: connects over HTTP or Socket Mode, listens, sends. Implements ports/chat.ts. */
import { App } from '@slack/bolt'
import { BotError } from '../../core/errors.js'
import type { ChatDoor, ChatListener } from '../../core/ports/chat.js'
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import type { Painter } from '../../core/ports/painter.js'
import type { Secret } from '../../core/secret.js'
import { examineSlack } from './checkup.js'
import { isPassing } from './errors.js'
import { createExchange } from './exchange.js'
import { createUserGroups } from './groups.js'
import { createHandOver } from './hand-over.js'
import { MESSAGE } from './limits.js'
import { listen } from './listening.js'
import { createSlackLogger } from './logger.js'
import { createMessages } from './messages.js'
import { createHttpReceiver, createSocketReceiver } from './receivers.js'
import { createSlackWeb } from './web.js'

export interface SlackDoorOptions {
  botToken: Secret
  transport: { way: 'http'; signingSecret: Secret; port: number } | { way: 'socket'; appToken: Secret }
  /** Workspaces that are served; empty: the one the bot token belongs to. */
  teamIds: readonly string[]
  /** With a slash at its end. */
  apiUrl: string
  log: Log
  clock: Clock
  painter: Painter
  /** Absent: as fast as Slack allows. */
  paceMs?: number
}

export interface SlackDoor extends ChatDoor {
  /** Where requests are taken, once started; `null` in Socket Mode. */
  port(): number | null
  /** Whether requests reach us: the port is open, or the socket is. */
  isConnected(): boolean
  /** Whether somebody is being answered right now. */
  isBusy(): boolean
}

/** Between tries to reach Slack for the first time. */
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 30_000

export function createSlackDoor(options: SlackDoorOptions): SlackDoor {
  const { botToken, transport, apiUrl, log, clock, painter } = options
  const web = createSlackWeb({ botToken, apiUrl, log })
  const handOver = createHandOver(web)
  const receiver =
    transport.way === 'http'
      ? createHttpReceiver({ ...transport, clock, log })
      : createSocketReceiver({ ...transport, apiUrl, log })
  const underWay = new Set<Promise<void>>()
  let retry: NodeJS.Timeout | undefined

  /** Work that `stop` waits for. */
  async function inHand(work: Promise<void>): Promise<void> {
    underWay.add(work)
    await work.finally(() => underWay.delete(work))
  }

  async function connect(listener: ChatListener): Promise<void> {
    const bot = await web.identify()
    const app = new App({
      receiver,
      // Who the bot is was asked once; Bolt would ask again.
      authorize: async () => ({ botToken: botToken.reveal(), botId: bot.botId, botUserId: bot.userId }),
      logger: createSlackLogger(log),
      clientOptions: { slackApiUrl: apiUrl },
      convoStore: false,
    })
    app.error(async error => log.warn('a request of Slack was not understood', { reason: error.message }))
    listen(app, {
      listener,
      web,
      groups: createUserGroups(web, clock, log),
      exchangeFor: heard => createExchange(heard, { web, handOver, clock, log, painter }),
      teamIds: options.teamIds.length > 0 ? options.teamIds : [bot.teamId],
      botUserId: bot.userId,
      log,
      inHand,
    })
    await app.start()
    log.info('Slack is connected', { way: transport.way, team: bot.teamId })
  }

  /** While Slack does not answer, it goes on trying behind: the rest of the process need not wait for it. */
  async function begin(listener: ChatListener, retryMs = FIRST_RETRY_MS): Promise<void> {
    try {
      await connect(listener)
    } catch (thrown) {
      const error = BotError.from(thrown)
      if (!isPassing(error)) throw thrown
      log.warn('Slack is not reachable yet', { reason: error.message, retryMs, ...error.details })
      retry = setTimeout(() => {
        begin(listener, Math.min(retryMs * 2, LONGEST_RETRY_MS)).catch(again =>
          log.error('Slack will not let the bot in', { reason: BotError.from(again).message }),
        )
      }, retryMs)
    }
  }

  return {
    platform: 'slack',
    paceMs: options.paceMs ?? MESSAGE.paceMs,
    port: () => receiver.port(),
    isConnected: () => receiver.isConnected(),
    isBusy: () => underWay.size > 0,

    /** @throws BotError `chat.unreachable` when Slack does not take the token */
    start: listener => begin(listener),

    ...createMessages({ web, handOver, clock, log, painter }),

    examine: channels => examineSlack(web, channels),

    async stop() {
      clearTimeout(retry)
      await receiver.stop()
      await Promise.allSettled(underWay)
    },
  }
}
