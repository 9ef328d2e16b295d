/**
 * How entries of the audit trail hang together: each carries an HMAC-SHA-256 (RFC 2104) over its number, its text and the HMAC of the
 * entry before it. Pure. Whoever holds a key can write a new history; whoever only reaches Redis cannot.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Secret } from '../core/secret.js'

/** An entry as it rests in the stream. */
export interface Link {
  /** The stream's own id. */
  id: string
  /** JSON of the entry and its number `n`, counted from 1. */
  body: string
  mac: string
  keyId: string
}

/** How long the trail was at some time; kept outside of Redis, it shows that newest entries were cut off. */
export interface AuditHead {
  count: number
  mac: string
  keyId: string
  /** HMAC over the three. */
  seal: string
}

export interface ChainKey {
  id: string
  bytes: Buffer
}

/** The HMAC that stands before the first entry. */
export const BEGINNING = ''

/** @param keys 32 bytes each, base64, the newest first: it signs, all verify */
export const chainKeys = (keys: readonly Secret[]): ChainKey[] =>
  keys.map(key => {
    const bytes = Buffer.from(key.reveal(), 'base64')
    return { bytes, id: hmac(bytes, 'okms-bot audit key').slice(0, 8) }
  })

const hmac = (key: Buffer, ...parts: (string | number)[]) =>
  createHmac('sha256', key).update(parts.join('\n')).digest('base64url')

export const macOf = (key: ChainKey, before: string, body: string) =>
  hmac(key.bytes, 'okms-bot audit entry', key.id, before, body)

const sealOf = (key: ChainKey, { count, mac }: Pick<AuditHead, 'count' | 'mac'>) =>
  hmac(key.bytes, 'okms-bot audit head', key.id, count, mac)

export function sealHead(key: ChainKey, count: number, mac: string): AuditHead {
  return { count, mac, keyId: key.id, seal: sealOf(key, { count, mac }) }
}

/** A head as it stands in the log; the whole log line will do. */
export const auditHead = z.object({
  count: z.number().int().nonnegative(),
  mac: z.string(),
  keyId: z.string(),
  seal: z.string(),
})

/** `n` of an entry; `null` when the text is not one of ours. */
export function numberOf(body: string): number | null {
  try {
    const { n } = JSON.parse(body) as { n?: unknown }
    return typeof n === 'number' ? n : null
  } catch {
    return null
  }
}

export type Verdict =
  | { good: true; count: number }
  /** `count` entries before it are good. `id`: the first that is not; `null` where entries are missing at the end. */
  | { good: false; count: number; id: string | null; why: string }

/** Walks the trail from its beginning to the first broken link. `head`: as the log told it at some time. */
export async function verifyAudit(
  links: AsyncIterable<Link> | Iterable<Link>,
  keys: readonly Secret[],
  head?: AuditHead,
): Promise<Verdict> {
  const known = new Map(chainKeys(keys).map(key => [key.id, key]))
  const broken = (count: number, id: string | null, why: string): Verdict => ({ good: false, count, id, why })
  if (head) {
    const key = known.get(head.keyId)
    if (!key) return broken(0, null, `The head was sealed with key ${head.keyId}, which is not given.`)
    if (!isSame(sealOf(key, head), head.seal)) return broken(0, null, 'The head itself was changed.')
  }
  let count = 0
  let before = BEGINNING
  let lastId: string | null = null
  for await (const { id, body, mac, keyId } of links) {
    const n = numberOf(body)
    if (n === null) return broken(count, id, 'It was changed: its text is not an entry.')
    if (n !== count + 1) {
      const why = `It is number ${n} where number ${count + 1} should stand: entries were ${n > count + 1 ? 'removed or swapped' : 'swapped or written twice'}.`
      return broken(count, id, why)
    }
    const key = known.get(keyId)
    if (!key) return broken(count, id, `It was signed with key ${keyId}, which is not given.`)
    if (!isSame(macOf(key, before, body), mac))
      return broken(count, id, 'It was changed after it was written.')
    count = n
    before = mac
    lastId = id
    if (head && count === head.count && !isSame(mac, head.mac)) {
      return broken(
        count - 1,
        id,
        `It is not the entry ${count} that the head names: the trail was cut and went on anew.`,
      )
    }
  }
  if (head && count < head.count) {
    const last = lastId === null ? 'Nothing is left' : `The last one left is ${lastId}`
    return broken(
      count,
      null,
      `The newest entries were cut off: ${count} of ${head.count} are there. ${last}.`,
    )
  }
  return { good: true, count }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
