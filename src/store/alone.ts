/** Whose turn it is: one key that its holder keeps alive. Counts real time, since it is about live processes. Implements ports/alone.ts. */
import { randomUUID } from 'node:crypto'
import type { Alone, Turn, Work } from '../core/ports/alone.js'
import type { Log } from '../core/ports/log.js'
import { keys } from './keys.js'
import { type RedisConnection, script } from './redis.js'

/** A process that is silent for so long has lost its turn. Longer than a pause of a busy process, shorter than people wait. */
const SILENT_MS = 6_000

/** KEYS turn; ARGV holder, silentMs. Takes the turn where nobody has it, and keeps it where it is ours. */
const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

/** KEYS turn; ARGV holder */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`

export function createAlone(redis: RedisConnection, log: Log, silentMs = SILENT_MS): Alone {
  const hold = script(redis, 'okmsTurnHold', HOLD)
  const release = script(redis, 'okmsTurnRelease', RELEASE)

  return {
    async take(what: string, work: Work): Promise<Turn> {
      const holder = randomUUID()
      let isOurs = false
      let hasLeft = false
      let restsUntilMs = 0

      async function look(): Promise<void> {
        if (performance.now() < restsUntilMs) return
        let held: boolean
        try {
          held = (await hold([keys.turn(what)], [holder, silentMs])) === 1
        } catch {
          // Mostly Redis is gone for all, so nobody else can take it either, and whoever is heard can at least be told.
          return
        }
        if (hasLeft) {
          // It came to us while we were leaving.
          if (held) await release([keys.turn(what)], [holder]).catch(() => {})
          return
        }
        if (held === isOurs) return
        isOurs = held
        if (held) {
          log.info('its turn', { what })
          await work.begin().catch(async (thrown: unknown) => {
            // Somebody else may be able to: it is theirs to try first.
            restsUntilMs = performance.now() + silentMs
            await end()
            throw thrown
          })
          return
        }
        log.warn('another process has the turn now', { what })
        return work.end()
      }

      const keep = setInterval(() => {
        look().catch((thrown: unknown) => log.error('a turn went wrong', { what, reason: String(thrown) }))
      }, silentMs / 3)

      async function end(): Promise<void> {
        if (!isOurs) return
        isOurs = false
        await work.end()
        // Where Redis is gone, the silence says the same.
        await release([keys.turn(what)], [holder]).catch(() => {})
      }

      async function leave(): Promise<void> {
        hasLeft = true
        clearInterval(keep)
        await end()
      }

      try {
        await look()
      } catch (thrown) {
        await leave()
        throw thrown
      }
      if (!isOurs) log.info('standing by, another process has the turn', { what })
      return { isOurs: () => isOurs, leave }
    },
  }
}
