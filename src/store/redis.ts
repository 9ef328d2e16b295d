/** Connections to Redis and the scripts that run in it. The only place that imports ioredis. */
import { Cluster, Redis } from 'ioredis'
import { storeUnavailable } from '../core/errors.js'
import type { Log } from '../core/ports/log.js'

/**
 * A chat process must answer within 3 s, so its calls give up after 1.5 s; a worker waits for Redis to come back.
 * BullMQ demands `maxRetriesPerRequest: null` for workers.
 */
export type Patience = 'chat' | 'worker'
const CHAT_COMMAND_TIMEOUT_MS = 1500

export type RedisConnection = Redis | Cluster

/** `redis://`, `rediss://`, `redis+sentinel://h1:p,h2:p/name[/db]`, `redis+cluster://h1:p,h2:p`. */
export function connectRedis(url: string, patience: Patience, log: Log): RedisConnection {
  const common =
    patience === 'chat'
      ? { commandTimeout: CHAT_COMMAND_TIMEOUT_MS, maxRetriesPerRequest: 1, enableOfflineQueue: true }
      : { maxRetriesPerRequest: null }
  const connection = open(url, common)
  // Without a listener ioredis throws; one line per outage is enough, since every failed call is reported where it matters.
  let said = false
  connection.on('error', (error: Error) => {
    if (!said) log.warn('redis is not reachable', { reason: error.message })
    said = true
  })
  connection.on('ready', () => {
    if (said) log.info('redis is reachable again')
    said = false
  })
  return connection
}

type CommonOptions = {
  maxRetriesPerRequest: number | null
  commandTimeout?: number
  enableOfflineQueue?: boolean
}

function open(url: string, common: CommonOptions): RedisConnection {
  const special = /^redis(s?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^/]+)(?:\/([^/]+))?(?:\/(\d+))?$/.exec(
    url,
  )
  if (!special) return new Redis(url, common)
  const [, tls, kind, userInfo, hostList, name, db] = special
  const [username, password] = (userInfo ?? '').split(':').map(decodeURIComponent)
  const auth = { ...(username ? { username } : {}), ...(password ? { password } : {}) }
  const hosts = hostList!.split(',').map(entry => {
    const [host, port] = entry.split(':')
    return { host: host!, port: Number(port ?? (kind === 'sentinel' ? 26_379 : 6379)) }
  })
  const secure = tls ? { tls: {} } : {}
  if (kind === 'sentinel') {
    return new Redis({
      ...common,
      ...auth,
      ...secure,
      sentinels: hosts,
      name: name ?? 'mymaster',
      db: Number(db ?? 0),
    })
  }
  const Kind = common.commandTimeout === undefined ? Cluster : ImpatientCluster
  return new Kind(hosts, { redisOptions: { ...common, ...auth, ...secure } })
}

/** A cluster counts the time of a command only once a node has it, and keeps it for ever while it has no node. */
class ImpatientCluster extends Cluster {
  override sendCommand(...[command, ...rest]: Parameters<Cluster['sendCommand']>): unknown {
    command.setTimeout(CHAT_COMMAND_TIMEOUT_MS)
    return super.sendCommand(command, ...rest)
  }
}

/** A Lua script, sent once and called by its digest afterwards. */
export function script(redis: RedisConnection, name: string, lua: string) {
  redis.defineCommand(name, { lua })
  const call = (redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]!.bind(
    redis,
  )
  return (keys: readonly string[], args: readonly (string | number | Buffer)[]): Promise<unknown> =>
    answered(call(keys.length, ...keys, ...args))
}

/** Turns "Redis does not answer" into a sentence for the person; anything else passes. */
export async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw asStoreError(error)
  }
}

/** Connection trouble, and what Redis answers when it will not work: loading, full, failing over, refusing to write. */
const OUTAGE =
  /ECONN|ETIMEDOUT|EPIPE|EHOST|ENET|ENOTFOUND|EAI_AGAIN|timed out|MaxRetries|Connection is closed|Stream isn't writeable|slots cache|LOADING|READONLY|OOM|MISCONF|NOREPLICAS|MASTERDOWN|TRYAGAIN|CLUSTERDOWN/i

export function asStoreError(error: unknown): unknown {
  const text = error instanceof Error ? `${error.name} ${error.message}` : ''
  return OUTAGE.test(text) ? storeUnavailable(error) : error
}
