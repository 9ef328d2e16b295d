/** Randomness comes in through here, so that a test can repeat a run. Keys never do: they come from the platform's own generator. */
import { randomBytes } from 'node:crypto'
import { RUN_ID_ALPHABET } from '../run-id.js'

export interface Chance {
  bytes(count: number): Uint8Array
}

export const realChance: Chance = { bytes: count => randomBytes(count) }

/** A run id (run-id.ts): 40 bits. */
export function newRunId(chance: Chance): string {
  return [...chance.bytes(8)].map(byte => RUN_ID_ALPHABET[byte % 32]).join('')
}
