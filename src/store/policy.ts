/** The published policy: one version for all processes. Whoever holds the file publishes it at start and on reload. */
import type { PolicySource } from '../core/ports/policy-source.js'
import { keys } from './keys.js'
import { answered, type RedisConnection } from './redis.js'

export interface PolicyStore<P extends { version: string }> extends PolicySource<P> {
  publish(policy: P): Promise<void>
  /** From now on there is none: nobody may do anything. */
  withdraw(): Promise<void>
}

export function createPolicyStore<P extends { version: string }>(redis: RedisConnection): PolicyStore<P> {
  let known: P | null = null
  return {
    async publish(policy) {
      await answered(redis.hset(keys.policy, { version: policy.version, policy: JSON.stringify(policy) }))
    },
    async withdraw() {
      await answered(redis.del(keys.policy))
    },
    async current() {
      // The version alone is read each time; the policy only when it changed.
      const version = await answered(redis.hget(keys.policy, 'version'))
      if (version === null) return null
      if (known?.version !== version) {
        const text = await answered(redis.hget(keys.policy, 'policy'))
        known = text === null ? null : (JSON.parse(text) as P)
      }
      return known
    },
  }
}
