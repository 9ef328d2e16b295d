/**
 * Discord as a chat platform: a gateway connection that hears interactions, REST for everything said. Implements ports/chat.ts.
 * The `Guilds` intent alone: no member list, no message contents. https://docs.discord.com/developers/events/gateway
 */

import type { Alone, Turn } from '../../core/ports/alone.js'
import type { ChatDoor, ChatListener } from '../../core/ports/chat.js'
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import type { Painter } from '../../core/ports/painter.js'
import { Secret } from '../../core/secret.js'
import { examineDiscord } from './checkup.js'
import { encodeCommands } from './commands.js'
import { chatError } from './errors.js'
import { connectGateway, type Gateway } from './gateway.js'
import { createHearing } from './hear.js'
import { INTERACTION } from './limits.js'
import { createMessages } from './messages.js'
import { createRoleReader } from './people.js'
import { publishCommands } from './publish.js'
import { createTokens } from './tokens.js'
import { createWire } from './wire.js'

export interface DiscordParts {
  token: Secret
  applicationId: string
  /** Servers that get the commands; interactions from others are refused. */
  guildIds: readonly string[]
  /** Without a slash at its end. */
  apiUrl: string
  log: Log
  clock: Clock
  painter: Painter
  /** Discord will never take this token (or these settings): the process has to end. Told once, after one line in the log. */
  onFatal(): void
  /** Least time between two messages in one conversation, in milliseconds; 1000 when absent. */
  paceMs?: number
}

export interface DiscordDoor extends ChatDoor {
  /** Whether somebody is being answered at the moment. */
  isBusy(): boolean
  /** Whether interactions arrive at the moment, or another process of the bot hears them and this one stands by. */
  isConnected(): boolean
}

/** The time for which this process listens. What belongs to one that is over must not touch the next. */
interface Session {
  listener: ChatListener
  onInteraction(payload: unknown): void
  gateway: Gateway | null
  retry: NodeJS.Timeout | undefined
  isOver: boolean
}

/** About five messages in five seconds is what a channel takes; limits beyond that come with the answers. */
const PACE_MS = 1000
/** Between tries to connect for the first time. */
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 30_000
/** How long the last answers may take when leaving. */
const LEAVE_WITHIN_MS = 10_000

export function createDiscordDoor({
  token,
  applicationId,
  guildIds,
  apiUrl,
  log,
  clock,
  painter,
  onFatal,
  paceMs = PACE_MS,
}: DiscordParts): DiscordDoor {
  let isOver = false
  function fatal(why: string): void {
    if (isOver) return
    isOver = true
    log.error('Discord will not let the bot in', { why })
    onFatal()
  }

  const tokens = createTokens(clock)
  const wire = createWire({
    token,
    applicationId,
    apiUrl,
    onUnauthorized: () =>
      fatal('The token is not valid (any more): set DISCORD_TOKEN to the one of the developer portal.'),
  })
  let listening: ChatListener | null = null
  let turn: Turn | null = null
  let session: Session | null = null
  const messages = createMessages({
    wire,
    tokens,
    clock,
    log,
    painter,
    selfId: () => session?.gateway?.selfId() ?? applicationId,
    keptToken: async id => (await listening?.keptToken(id)) ?? null,
  })
  const groupsOf = createRoleReader(guildIds, wire, clock, log)
  const underWay = new Set<Promise<void>>()

  /** Publishes and connects. While Discord does not answer, it goes on trying behind: the rest of the process need not wait for it. */
  async function connect(mine: Session, retryMs = FIRST_RETRY_MS): Promise<void> {
    try {
      await publishCommands(wire, guildIds, encodeCommands(mine.listener.commands()), log)
      if (mine.isOver) return
      mine.gateway = connectGateway({ token, apiUrl, log, onFatal: fatal }, mine.onInteraction)
      await mine.gateway.ready
    } catch (thrown) {
      if (mine.isOver) return
      const error = chatError(thrown, 'connect')
      if (isOver || !error.retryable) throw error
      log.warn('Discord is not reachable yet', { reason: error.message, retryMs, ...error.details })
      await mine.gateway?.close()
      if (mine.isOver) return
      mine.retry = setTimeout(() => {
        connect(mine, Math.min(retryMs * 2, LONGEST_RETRY_MS)).catch(again => fatal((again as Error).message))
      }, retryMs)
    }
  }

  async function disconnect(mine: Session): Promise<void> {
    mine.isOver = true
    clearTimeout(mine.retry)
    await mine.gateway?.close()
  }

  return {
    platform: 'discord',
    paceMs,
    isBusy: () => underWay.size > 0,
    isConnected: () => turn !== null && (!turn.isOurs() || (session?.gateway?.isConnected() ?? false)),

    async start(listener: ChatListener, alone: Alone) {
      listening = listener
      const hear = createHearing({
        wire,
        tokens,
        messages,
        keepToken: (id, token) => listener.keepToken(id, new Secret(token), INTERACTION.tokenLivesMs),
        painter,
        groupsOf,
        guildIds,
        apiUrl,
        listener,
        log,
      })
      const onInteraction = (payload: unknown) => {
        const heard: Promise<void> = hear(payload).finally(() => underWay.delete(heard))
        underWay.add(heard)
      }
      turn = await alone.take('discord-gateway', {
        async begin() {
          session = { listener, onInteraction, gateway: null, retry: undefined, isOver: false }
          // Whoever starts the door hears of a first failure; later ones have nobody to hear of them.
          const isLater = turn !== null
          await connect(session).catch((thrown: unknown) => {
            if (isLater) fatal((thrown as Error).message)
            throw thrown
          })
        },
        async end() {
          if (session) await disconnect(session)
        },
      })
    },

    post: message => messages.post(message),
    edit: (ref, message) => messages.edit(ref, message),
    find: (...wanted) => messages.find(...wanted),
    remove: ref => messages.remove(ref),
    examine: channels => examineDiscord({ wire, applicationId, guildIds }, channels),

    async stop() {
      isOver = true
      await turn?.leave()
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise<void>(resolve => {
        timer = setTimeout(resolve, LEAVE_WITHIN_MS)
      })
      await Promise.race([Promise.allSettled(underWay), patience])
      clearTimeout(timer)
      wire.close()
    },
  }
}
