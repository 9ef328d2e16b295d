/** A Redis of the test file's own, with as many connections as it asks for; all end with it. */

import { silentLog } from '../../src/core/ports/log.js'
import { type RedisServer, startRedisServer } from '../../src/demo/redis-server.js'
import { connectRedis, type Patience, type RedisConnection } from '../../src/store/redis.js'

export interface TestRedis {
  server: RedisServer
  url: string
  connect(patience?: Patience): RedisConnection
  stop(): Promise<void>
}

export async function startTestRedis(): Promise<TestRedis> {
  const server = await startRedisServer({ appendOnly: false })
  const opened: RedisConnection[] = []
  return {
    server,
    url: server.url,
    connect(patience = 'worker') {
      const connection = connectRedis(server.url, patience, silentLog)
      opened.push(connection)
      return connection
    },
    async stop() {
      for (const connection of opened) connection.disconnect()
      await server.stop()
    },
  }
}
