/** Randomness comes in through here, so that a test can repeat a run. Keys never do: they come from the platform's own generator. */
import { randomBytes } from 'node:crypto'

export interface Chance {
  bytes(count: number): Uint8Array
}

export const realChance: Chance = { bytes: count => randomBytes(count) }

/** Crockford base32: no I, L, O, U, so that people can read an id aloud. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A run id: 8 characters of Crockford base32 (40 bits). */
export function newRunId(chance: Chance): string {
  return [...chance.bytes(8)].map(byte => ALPHABET[byte % 32]).join('')
}

/** What somebody typed or read aloud, as a run id: upper case, O and I and L read as digits. `null` when it is none. */
export function normalizeRunId(text: string): string | null {
  const id = text.trim().toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]{8}$/.test(id) ? id : null
}
