/** Slack as a chat platform: connects over HTTP or Socket Mode, listens, sends. Implements ports/chat.ts. */
import { App } from '@slack/bolt'
import type { ChatDoor } from '../../core/ports/chat.js'
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import type { Painter } from '../../core/ports/painter.js'
import type { Secret } from '../../core/secret.js'
import { examineSlack } from './checkup.js'
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

export function createSlackDoor(options: SlackDoorOptions): SlackDoor {
  const { botToken, transport, apiUrl, log, clock, painter } = options
  const web = createSlackWeb({ botToken, apiUrl, log })
  const handOver = createHandOver(web)
  const receiver =
    transport.way === 'http'
      ? createHttpReceiver({ ...transport, clock, log })
      : createSocketReceiver({ ...transport, apiUrl, log })
  const underWay = new Set<Promise<void>>()

  /** Work that `stop` waits for. */
  async function inHand(work: Promise<void>): Promise<void> {
    underWay.add(work)
    await work.finally(() => underWay.delete(work))
  }

  return {
    platform: 'slack',
    paceMs: options.paceMs ?? MESSAGE.paceMs,
    port: () => receiver.port(),
    isConnected: () => receiver.isConnected(),
    isBusy: () => underWay.size > 0,

    /** @throws BotError `chat.unreachable` when Slack does not answer, or does not take the token */
    async start(listener) {
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
    },

    ...createMessages({ web, handOver, clock, log, painter }),

    examine: channels => examineSlack(web, channels),

    async stop() {
      await receiver.stop()
      await Promise.allSettled(underWay)
    },
  }
}
