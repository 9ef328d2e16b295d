/** Private hand-over: states in one hash per run, files sealed in the vault. Implements ports/deliveries.ts. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../core/ports/clock.js'
import type { CollectLease, Deliveries, DeliveryState, DeliveryStatus } from '../core/ports/deliveries.js'
import type { Vault } from '../core/ports/vault.js'
import type { PrivateFile, Reply } from '../core/reply.js'
import { Secret } from '../core/secret.js'
import { keys } from './keys.js'
import { answered, type RedisConnection, script } from './redis.js'

const KEEP_SECONDS = 90 * 86_400
/** Long enough for a slow upload, short enough for the person whose chat process died to try again. */
const LEASE_MS = 2 * 60_000
const BUNDLE = 'bundle'
/** What the recipient can still collect. */
const OPEN = ['offered', 'collected']

/** KEYS delivery, open; ARGV recipient, collectBy, reply, ttl, runId. Answers the state it found when that is past offering. */
const OFFER = `
local at = redis.call('HMGET', KEYS[1], 'state', 'erased')
if at[2] then return 'erased' end
if at[1] and at[1] ~= 'offered' then return at[1] end
redis.call('HSET', KEYS[1], 'state', 'offered', 'recipient', ARGV[1], 'collectBy', ARGV[2], 'reply', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('SADD', KEYS[2], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 'offered'`

/** KEYS delivery; ARGV person, now, leaseId, leaseUntil, receipt. The receipt is noted before anything is handed over. */
const COLLECT = `
local at = redis.call('HMGET', KEYS[1], 'state', 'recipient', 'leaseUntil', 'erased', 'receipts')
if not at[1] then return 'unknown' end
if at[2] ~= ARGV[1] then return 'not-yours' end
if at[1] == 'lapsed' or at[1] == 'revoked' then return at[1] end
if at[4] or (at[1] ~= 'offered' and at[1] ~= 'collected') then return 'over' end
if at[3] and tonumber(at[3]) > tonumber(ARGV[2]) then return 'busy' end
local receipts = cjson.decode(at[5] or '[]')
table.insert(receipts, ARGV[5])
redis.call('HSET', KEYS[1], 'leaseId', ARGV[3], 'leaseUntil', ARGV[4], 'receipts', cjson.encode(receipts))
return 'ok'`

/**
 * KEYS delivery; ARGV leaseId, now. A first collection sets the time from which erasing is counted. That the platform confirmed is a
 * fact, also when it took longer than the lease, but it may come too late.
 */
const COLLECTED = `
local at = redis.call('HMGET', KEYS[1], 'state', 'leaseId', 'erased')
if at[2] == ARGV[1] then redis.call('HDEL', KEYS[1], 'leaseId', 'leaseUntil') end
if at[1] == 'lapsed' or at[1] == 'revoked' then return at[1] end
if at[3] or (at[1] ~= 'offered' and at[1] ~= 'collected') then return 'over' end
if at[1] == 'offered' then redis.call('HSET', KEYS[1], 'state', 'collected', 'collectedAt', ARGV[2]) end
return 'collected'`

const NOT_COLLECTED = `
if redis.call('HGET', KEYS[1], 'leaseId') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'leaseId', 'leaseUntil')
return 1`

/** KEYS delivery; ARGV person, now. What is just arriving would not be taken back: a live lease wins. */
const CONFIRM = `
local at = redis.call('HMGET', KEYS[1], 'state', 'recipient', 'leaseUntil')
if not at[1] then return 'unknown' end
if at[2] ~= ARGV[1] then return 'not-yours' end
if at[1] == 'offered' then return 'not-collected' end
if at[1] ~= 'collected' then return 'over' end
if at[3] and tonumber(at[3]) > tonumber(ARGV[2]) then return 'busy' end
redis.call('HSET', KEYS[1], 'state', 'confirmed')
return 'confirmed'`

/** KEYS delivery; ARGV now. A live lease wins over a lapse. */
const LAPSE = `
local at = redis.call('HMGET', KEYS[1], 'state', 'leaseUntil')
if at[1] ~= 'offered' then return at[1] == 'lapsed' and 1 or 0 end
if at[2] and tonumber(at[2]) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'state', 'lapsed')
return 1`

/** KEYS delivery; ARGV person */
const REVOKE = `
local at = redis.call('HMGET', KEYS[1], 'state', 'recipient', 'erased')
if not at[1] then return 'unknown' end
if at[2] ~= ARGV[1] then return 'not-yours' end
if at[3] or (at[1] ~= 'offered' and at[1] ~= 'collected') then return 'over' end
redis.call('HSET', KEYS[1], 'state', 'revoked')
return 'revoked'`

/** The sealed form of what is handed over. */
interface Bundle {
  files: { name: string; content: string; encoding: PrivateFile['encoding'] }[]
  passphrase: string | null
}

export function createDeliveries(redis: RedisConnection, vault: Vault, clock: Clock): Deliveries {
  const offer = script(redis, 'okmsDeliveryOffer', OFFER)
  const collect = script(redis, 'okmsDeliveryCollect', COLLECT)
  const collected = script(redis, 'okmsDeliveryCollected', COLLECTED)
  const notCollected = script(redis, 'okmsDeliveryNotCollected', NOT_COLLECTED)
  const confirm = script(redis, 'okmsDeliveryConfirm', CONFIRM)
  const lapse = script(redis, 'okmsDeliveryLapse', LAPSE)
  const revoke = script(redis, 'okmsDeliveryRevoke', REVOKE)

  async function opened(
    runId: string,
    recipient: string,
  ): Promise<Omit<CollectLease, 'leaseId' | 'receipt'> | null> {
    const sealed = await vault.open({ runId, recipient, label: BUNDLE })
    if (!sealed) return null
    const bundle = JSON.parse(sealed.reveal()) as Bundle
    const reply = JSON.parse((await answered(redis.hget(keys.delivery(runId), 'reply'))) ?? 'null') as Reply
    return {
      files: bundle.files.map(file => ({ ...file, content: new Secret(file.content) })),
      passphrase: bundle.passphrase === null ? null : new Secret(bundle.passphrase),
      reply,
    }
  }

  return {
    async offer({ runId, recipient, files, passphrase, reply, collectBy }) {
      const [state, erased] = await answered(redis.hmget(keys.delivery(runId), 'state', 'erased'))
      if (erased != null || (state != null && state !== 'offered')) return
      const bundle: Bundle = {
        files: files.map(file => ({ ...file, content: file.content.reveal() })),
        passphrase: passphrase?.reveal() ?? null,
      }
      // Sealed first: an offer without its files would be a promise that cannot be kept.
      await vault.seal({ runId, recipient, label: BUNDLE }, new Secret(JSON.stringify(bundle)))
      const now = await offer(
        [keys.delivery(runId), keys.openDeliveries(recipient)],
        [recipient, collectBy, JSON.stringify(reply), KEEP_SECONDS, runId],
      )
      // It ended since we looked: nothing of it may lie here again.
      if (now !== 'offered' && now !== 'collected') await vault.erase(runId)
    },

    async status(runId) {
      const fields = await answered(redis.hgetall(keys.delivery(runId)))
      return fields.state === undefined ? null : decode(fields, clock.now())
    },

    async openFor(person) {
      const offered = await answered(redis.smembers(keys.openDeliveries(person)))
      const states = await Promise.all(
        offered.map(runId => answered(redis.hmget(keys.delivery(runId), 'state', 'erased'))),
      )
      const isOpen = (i: number) => OPEN.includes(states[i]![0] ?? '') && states[i]![1] === null
      // Swept when somebody looks: no state change has to know of the list.
      const over = offered.filter((_, i) => !isOpen(i))
      if (over.length > 0) await answered(redis.srem(keys.openDeliveries(person), ...over))
      return offered.filter((_, i) => isOpen(i)).sort()
    },

    async collect(runId, person) {
      const leaseId = randomUUID()
      const now = clock.now()
      const receipt = `handover-${leaseId}`
      const outcome = await collect([keys.delivery(runId)], [person, now, leaseId, now + LEASE_MS, receipt])
      if (outcome !== 'ok')
        return outcome as Exclude<Awaited<ReturnType<Deliveries['collect']>>, CollectLease>
      const found = await opened(runId, person).catch(async error => {
        await notCollected([keys.delivery(runId)], [leaseId])
        throw error
      })
      if (found) return { leaseId, receipt, ...found }
      await notCollected([keys.delivery(runId)], [leaseId])
      return 'over'
    },

    collected: async (runId, leaseId) =>
      (await collected([keys.delivery(runId)], [leaseId, clock.now()])) as Awaited<
        ReturnType<Deliveries['collected']>
      >,
    async notCollected(runId, leaseId) {
      await notCollected([keys.delivery(runId)], [leaseId])
    },
    confirm: async (runId, person) =>
      (await confirm([keys.delivery(runId)], [person, clock.now()])) as Awaited<
        ReturnType<Deliveries['confirm']>
      >,
    lapse: async runId => (await lapse([keys.delivery(runId)], [clock.now()])) === 1,
    revoke: async (runId, person) =>
      (await revoke([keys.delivery(runId)], [person])) as Awaited<ReturnType<Deliveries['revoke']>>,

    async erase(runId) {
      await vault.erase(runId)
      // Also where nothing was offered: a worker that only stalled may be about to.
      await answered(
        redis
          .multi()
          .hset(keys.delivery(runId), 'erased', '1')
          .expire(keys.delivery(runId), KEEP_SECONDS)
          .exec(),
      )
    },
  }
}

function decode(fields: Record<string, string>, nowMs: number): DeliveryStatus {
  const collectedAt = fields.collectedAt
  return {
    state: fields.state as DeliveryState,
    recipient: fields.recipient ?? '',
    collectBy: fields.collectBy ?? '',
    collectedAt: collectedAt === undefined ? null : new Date(Number(collectedAt)).toISOString(),
    receipts: JSON.parse(fields.receipts ?? '[]') as string[],
    isUnderWay: Number(fields.leaseUntil ?? 0) > nowMs,
  }
}
