/** The gateway connection: one session, resumed by the library, from which interactions are taken as they come. */
import {
  Client,
  type CloseEvent,
  Events,
  GatewayCloseCodes,
  GatewayDispatchEvents,
  GatewayIntentBits,
  Options,
  Status,
} from 'discord.js'
import type { Log } from '../../core/ports/log.js'
import type { Secret } from '../../core/secret.js'
import { restOptions } from './wire.js'

export interface GatewayParts {
  token: Secret
  apiUrl: string
  log: Log
  onFatal(why: string): void
}

export interface Gateway {
  /** Resolves with the first session; later losses mend themselves. Rejects when there will be none. */
  ready: Promise<void>
  isConnected(): boolean
  /** The bot's own user id, once known. */
  selfId(): string | undefined
  close(): Promise<void>
}

/** After these there is nothing to try again. https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway */
const FINAL: Readonly<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]:
    'The token is not valid (any more): set DISCORD_TOKEN to the one of the developer portal.',
  [GatewayCloseCodes.ShardingRequired]: 'The bot is in too many servers for one connection.',
  [GatewayCloseCodes.InvalidIntents]: 'Discord refuses the intents of the connection.',
  [GatewayCloseCodes.DisallowedIntents]: 'Discord refuses the intents of the connection.',
}

export function connectGateway(
  { token, apiUrl, log, onFatal }: GatewayParts,
  onInteraction: (payload: unknown) => void,
): Gateway {
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    rest: restOptions(apiUrl),
    // Interactions carry what we need; nothing is kept of the servers.
    makeCache: Options.cacheWithLimits({ MessageManager: 0, GuildMemberManager: 0, ThreadMemberManager: 0 }),
    allowedMentions: { parse: [] },
  })
  const shutOut = (why: string) => {
    onFatal(why)
    return new Error(why)
  }

  const ready = new Promise<void>((resolve, reject) => {
    client.once(Events.ClientReady, () => resolve())
    client.on(Events.ShardDisconnect, ({ code }: CloseEvent) => {
      const why = FINAL[code]
      if (why) reject(shutOut(why))
    })
    client.login(token.reveal()).catch((error: Error & { code?: unknown }) => {
      reject(error.code === 'TokenInvalid' ? shutOut(FINAL[GatewayCloseCodes.AuthenticationFailed]!) : error)
    })
  })
  // The library hands out the payload here as it came, before any cache of its own has to know the channel.
  client.ws.on(GatewayDispatchEvents.InteractionCreate, onInteraction)
  client.on(Events.ShardError, error => log.warn('Discord gateway', { reason: error.message }))
  client.on(Events.Error, error => log.warn('Discord gateway', { reason: error.message }))
  client.on(Events.ShardReconnecting, () => log.info('Discord gateway is reconnecting'))
  client.on(Events.ShardResume, () => log.info('Discord gateway is connected again'))

  return {
    ready,
    isConnected: () => client.isReady() && client.ws.shards.every(({ status }) => status === Status.Ready),
    selfId: () => client.user?.id,
    close: () => client.destroy(),
  }
}
