/** The password-based integrity of a PKCS#12 file, RFC 7292 appendix B, for SHA-256 only. Gives the event loop its turn in between. */
import { createHmac, hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Secret } from '../core/secret.js'

/** FIPS 180-4: SHA-256 works on blocks of 64 bytes and gives 32. */
const BLOCK_BYTES = 64
/** Appendix B.3: what the derived bytes are for; 3 is the key of a MAC. */
const MAC_KEY_PURPOSE = 3
/** About a millisecond of hashing. */
const ITERATIONS_PER_TURN = 256

/** HMAC-SHA-256 over `content`, under a key derived from the passphrase; 32 bytes. */
export async function pkcs12Mac(
  content: Uint8Array,
  o: { passphrase: Secret; salt: Uint8Array; iterations: number },
): Promise<Uint8Array> {
  const key = await deriveKey(o.passphrase, o.salt, o.iterations)
  return createHmac('sha256', key).update(content).digest()
}

/** Appendix B.2 for a key no longer than the hash, so that one round (i = 1) is all. */
async function deriveKey(passphrase: Secret, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  const diversifier = Buffer.alloc(BLOCK_BYTES, MAC_KEY_PURPOSE)
  let key = Buffer.concat([diversifier, repeated(salt), repeated(bmpString(passphrase.reveal()))])
  for (let done = 1; done <= iterations; done++) {
    key = hash('sha256', key, 'buffer')
    if (done % ITERATIONS_PER_TURN === 0) await setImmediate()
  }
  return key
}

/** Copies, cut off at the next multiple of the block. */
const repeated = (bytes: Uint8Array) =>
  Buffer.alloc(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES, bytes)

/** Appendix B.1: two bytes for each character, the higher one first, and two zeros at the end. */
const bmpString = (text: string) => Buffer.from(`${text}\0`, 'utf16le').swap16()
