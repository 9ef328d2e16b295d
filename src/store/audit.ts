/**
 * The audit trail: one stream, appended by one script that refuses whoever has not seen the newest entry, so there is one appender at a
 * time however many processes write. Implements ports/audit.ts; how entries are chained is audit-chain.ts.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Audit, AuditEntry, AuditEvent } from '../core/ports/audit.js'
import type { Clock } from '../core/ports/clock.js'
import type { Log } from '../core/ports/log.js'
import { normalizeRunId } from '../core/run-id.js'
import type { Secret } from '../core/secret.js'
import { type AuditHead, BEGINNING, chainKeys, type Link, macOf, numberOf, sealHead } from './audit-chain.js'
import { keys } from './keys.js'
import { answered, type RedisConnection, script } from './redis.js'

/** Waiting in this process while Redis is away; beyond it the log takes them. */
const MOST_WAITING = 10_000
const MOST_AT_ONCE = 100
/** Others may append first; each time somebody does, the whole moves on. */
const MOST_CONFLICTS = 100
const LONGEST_JITTER_MS = 20
const REST_MS = 1_000
/** A process that leaves waits no longer for its last entries; what is left goes to the log. */
const FLUSH_WITHIN_MS = 3_000
const PAGE = 1_000
const MOST_READ = 100_000
const HEAD_EVERY_MS = 3_600_000
const LONGEST_FIELD = 500
const MOST_SUBJECTS = 20

/** KEYS stream; ARGV the mac before, then body, mac, keyId of each entry. Answers 'ok', or the newest body and mac. */
const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local at = {body = '', mac = ''}
if last then
  for i = 1, #last[2], 2 do at[last[2][i]] = last[2][i + 1] end
end
if at.mac ~= ARGV[1] then return {at.body, at.mac} end
for i = 2, #ARGV, 3 do
  redis.call('XADD', KEYS[1], '*', 'body', ARGV[i], 'mac', ARGV[i + 1], 'keyId', ARGV[i + 2])
end
return 'ok'`

interface Tip {
  count: number
  mac: string
}

export interface AuditParts {
  /** 32 bytes each, base64, the newest first. */
  auditKeys: readonly Secret[]
  clock: Clock
  log: Log
}

export interface AuditTrail extends Audit {
  /** Resolves when all that was recorded so far is written. */
  flush(): Promise<void>
  /** The authenticated head, for the log; `null` while the trail is empty. */
  headLine(): Promise<AuditHead | null>
  /** Logs the head every hour. */
  logHeads(everyMs?: number): void
  /** Flushes for a few seconds at most, then ends. Before the connection does. */
  stop(): Promise<void>
}

export function createAudit(redis: RedisConnection, { auditKeys, clock, log }: AuditParts): AuditTrail {
  const [key] = chainKeys(auditKeys)
  if (!key) throw new Error('the audit trail has no key')
  const append = script(redis, 'okmsAuditAppend', APPEND)
  const waiting: AuditEntry[] = []
  let tip: Tip = { count: 0, mac: BEGINNING }
  let pumping: Promise<void> | null = null
  let heads: NodeJS.Timeout | undefined
  let stopped = false
  /** A batch that Redis may or may not have taken, since its answer was lost. */
  let doubt: { entries: number; mac: string } | null = null

  function chained(entries: readonly AuditEntry[], from: Tip): { args: string[]; end: Tip } {
    const args = [from.mac]
    let { count, mac } = from
    for (const entry of entries) {
      const body = JSON.stringify({ n: ++count, ...entry })
      mac = macOf(key!, mac, body)
      args.push(body, mac, key!.id)
    }
    return { args, end: { count, mac } }
  }

  /** Writes what waits, in one round trip where nobody else writes. */
  async function writeBatch(): Promise<void> {
    if (doubt) await resolveDoubt(doubt)
    const batch = waiting.slice(0, MOST_AT_ONCE)
    for (let conflicts = 0; conflicts < MOST_CONFLICTS && batch.length > 0; conflicts++) {
      const { args, end } = chained(batch, tip)
      doubt = { entries: batch.length, mac: end.mac }
      const answer = await append([keys.audit], args)
      doubt = null
      if (answer === 'ok') {
        tip = end
        waiting.splice(0, batch.length)
        return
      }
      const [body, mac] = answer as [string, string]
      meet({ count: numberOf(body) ?? 0, mac })
      await pause(Math.random() * Math.min(LONGEST_JITTER_MS, conflicts))
    }
    if (batch.length > 0) throw new Error('others write without a pause')
  }

  async function resolveDoubt({ entries, mac }: NonNullable<typeof doubt>): Promise<void> {
    const newest = await newestLinks(redis, PAGE)
    if (newest.some(link => link.mac === mac)) waiting.splice(0, entries)
    doubt = null
  }

  function meet(found: Tip): void {
    if (found.count < tip.count) {
      log.error('audit trail is shorter than it was', { was: tip.count, is: found.count })
    }
    tip = found
  }

  async function pump(): Promise<void> {
    let said = false
    while (waiting.length > 0) {
      try {
        await writeBatch()
        said = false
      } catch (thrown) {
        if (!said) {
          log.error('audit trail cannot be written', { waiting: waiting.length, reason: String(thrown) })
        }
        said = true
        if (stopped) return
        await pause(REST_MS, undefined, { ref: false })
      }
    }
  }

  const write = (): Promise<void> => {
    pumping ??= pump().finally(() => {
      pumping = null
      // Recorded after the last look and before this line.
      if (waiting.length > 0 && !stopped) void write()
    })
    return pumping
  }

  const flush = async () => {
    while (waiting.length > 0 && !stopped) await write()
  }

  const headLine = async () => {
    const [newest] = await newestLinks(redis, 1)
    return newest ? sealHead(key, numberOf(newest.body) ?? 0, newest.mac) : null
  }

  return {
    flush,
    headLine,

    record(event) {
      const entry = { at: new Date(clock.now()).toISOString(), ...bounded(event) }
      if (stopped || waiting.length >= MOST_WAITING) {
        log.error('audit entry lost', { entry })
        return
      }
      waiting.push(entry)
      void write()
    },

    async read({ subject, limit }) {
      if (subject === undefined) return takeNewest(redis, limit, () => true)
      const wanted = new Set([subject.toLowerCase()])
      const about = ({ subjects }: AuditEvent) => subjects.some(one => wanted.has(one.toLowerCase()))
      if (!isRunId(subject)) {
        // What is told of a thing is told of the runs that were about it: votes and calls name the run alone.
        const found = await takeNewest(redis, limit, about)
        for (const { subjects } of found)
          for (const one of subjects.filter(isRunId)) wanted.add(one.toLowerCase())
      }
      return takeNewest(redis, limit, about)
    },

    logHeads(everyMs = HEAD_EVERY_MS) {
      heads = setInterval(() => {
        headLine().then(
          head => head && log.info('audit head', { ...head }),
          (thrown: unknown) => log.warn('audit head not read', { reason: String(thrown) }),
        )
      }, everyMs)
      heads.unref()
    },

    async stop() {
      clearInterval(heads)
      const inTime = new AbortController()
      const tooLong = pause(FLUSH_WITHIN_MS, undefined, { signal: inTime.signal }).catch(() => {})
      await Promise.race([flush(), tooLong])
      inTime.abort()
      stopped = true
      for (const entry of waiting.splice(0)) log.error('audit entry lost', { entry })
    },
  }
}

/** Every entry from the first on, a page at a time. */
export async function* auditLinks(redis: RedisConnection): AsyncGenerator<Link> {
  for (let from = '-'; ; ) {
    const page = await answered(redis.xrange(keys.audit, from, '+', 'COUNT', PAGE))
    for (const [id, fields] of page) yield linkOf(id, fields)
    if (page.length < PAGE) return
    from = `(${page.at(-1)![0]}`
  }
}

const newestLinks = async (redis: RedisConnection, count: number) =>
  (await answered(redis.xrevrange(keys.audit, '+', '-', 'COUNT', count))).map(([id, fields]) =>
    linkOf(id, fields),
  )

/** Newest first. */
async function takeNewest(
  redis: RedisConnection,
  limit: number,
  wanted: (entry: AuditEntry) => boolean,
): Promise<AuditEntry[]> {
  const found: AuditEntry[] = []
  let to = '+'
  for (let looked = 0; looked < MOST_READ; looked += PAGE) {
    const page = await answered(redis.xrevrange(keys.audit, to, '-', 'COUNT', PAGE))
    for (const [id, fields] of page) {
      const entry = entryOf(linkOf(id, fields))
      if (entry && wanted(entry)) found.push(entry)
      if (found.length >= limit) return found
    }
    if (page.length < PAGE) return found
    to = `(${page.at(-1)![0]}`
  }
  return found
}

function linkOf(id: string, fields: readonly string[]): Link {
  const field = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
  return { id, body: field('body'), mac: field('mac'), keyId: field('keyId') }
}

/** `null` for what is no entry of ours: finding that is the verifier's. */
function entryOf({ body }: Link): AuditEntry | null {
  if (numberOf(body) === null) return null
  const { n: _, ...entry } = JSON.parse(body) as AuditEntry & { n: number }
  return Array.isArray(entry.subjects) ? entry : null
}

const isRunId = (text: string) => normalizeRunId(text) === text

/** Nobody can make the trail grow by long names. */
function bounded(event: AuditEvent): AuditEvent {
  const cut = (text: string) => (text.length > LONGEST_FIELD ? `${text.slice(0, LONGEST_FIELD - 1)}…` : text)
  return {
    ...event,
    who: cut(event.who),
    what: cut(event.what),
    subjects: [...new Set(event.subjects.map(cut))].slice(0, MOST_SUBJECTS),
  }
}
