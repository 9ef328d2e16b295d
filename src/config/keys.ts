/** Keys of 32 bytes, the newest first: the first seals and signs, all of them open and verify (rotation). */
import { hkdfSync } from 'node:crypto'
import { Secret } from '../core/secret.js'
import type { Source } from './source.js'

const KEY_BYTES = 32
/** 32 bytes are 43 characters and a filler; base64url is read too. RFC 4648 §4 and §5. */
const SHAPE = /^[A-Za-z0-9+/_-]{43}=?$/

/** The keys of `new,old`, each in plain base64; an empty list when there is a mistake or nothing. */
export function readKeys(source: Source, name: 'SECRET_KEY' | 'AUDIT_KEY'): Secret[] {
  const list =
    source
      .secret(name)
      ?.reveal()
      .split(',')
      .map(entry => entry.trim()) ?? []
  const position = (i: number) => (list.length === 1 ? 'is not' : `has at position ${i + 1} what is not`)
  for (const [i, entry] of list.entries()) {
    if (SHAPE.test(entry) && Buffer.from(entry, 'base64').length === KEY_BYTES) continue
    source.wrong(name, `${position(i)} 32 bytes in base64 (44 characters, ending in =)`)
    return []
  }
  return list.map(entry => new Secret(Buffer.from(entry, 'base64').toString('base64')))
}

/** A key for the audit trail out of each secret key, so that one setting is enough. RFC 5869. */
export function deriveAuditKeys(secretKeys: readonly Secret[]): Secret[] {
  return secretKeys.map(key => {
    const derived = hkdfSync('sha256', Buffer.from(key.reveal(), 'base64'), '', 'okms-bot audit', KEY_BYTES)
    return new Secret(Buffer.from(derived).toString('base64'))
  })
}
