/** Names seen at OVHcloud lately. Implements ports/inventory.ts. */
import type { Inventory } from '../core/ports/inventory.js'
import { keys } from './keys.js'
import { answered, type RedisConnection } from './redis.js'

export function createInventory(redis: RedisConnection): Inventory {
  return {
    async remember(kind, part, names) {
      await answered(redis.hset(keys.inventory(kind), part, JSON.stringify([...new Set(names)])))
    },
    async names(kind) {
      const parts = await answered(redis.hvals(keys.inventory(kind)))
      return [...new Set(parts.flatMap(part => JSON.parse(part) as string[]))].sort()
    },
  }
}
