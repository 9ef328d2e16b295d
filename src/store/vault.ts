/**
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) with a key per run from HKDF-SHA-256 (RFC 5869) over `SECRET_KEY`. Run, recipient and
 * label are authenticated, so a sealed box moved to another run or person does not open. Implements ports/vault.ts.
 *
 * Box: key id (4 bytes) · nonce (12) · tag (16) · ciphertext, base64.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { BotError } from '../core/errors.js'
import type { Vault, VaultAddress } from '../core/ports/vault.js'
import { Secret } from '../core/secret.js'
import { keys } from './keys.js'
import { answered, type RedisConnection } from './redis.js'

/** Longer than any delivery: collection 60 min, erasing 10 min, and time for a bot that was down to come back. */
const KEEP_MS = 2 * 86_400_000

const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const TAG_AT = KEY_ID_BYTES + NONCE_BYTES
const SEALED_AT = TAG_AT + TAG_BYTES
/** Without it Node takes a tag cut down to 4 bytes, which can be guessed. https://nodejs.org/api/crypto.html */
const TAG = { authTagLength: TAG_BYTES }

/** @param secretKeys 32 bytes each, base64; the first seals, all open (rotation) */
export function createVault(redis: RedisConnection, secretKeys: readonly Secret[]): Vault {
  const masters = secretKeys.map(secret => {
    const bytes = Buffer.from(secret.reveal(), 'base64')
    return {
      bytes,
      id: createHash('sha256').update('okms-bot key id').update(bytes).digest().subarray(0, KEY_ID_BYTES),
    }
  })

  return {
    async seal(at, secret, forMs = KEEP_MS) {
      const box = seal(masters[0]!, at, secret)
      await answered(
        redis.multi().hset(keys.vault(at.runId), at.label, box).pexpire(keys.vault(at.runId), forMs).exec(),
      )
    },

    async open(at) {
      const box = await answered(redis.hget(keys.vault(at.runId), at.label))
      return box === null ? null : open(masters, at, box)
    },

    async erase(runId) {
      // DEL and not UNLINK: when this resolves, the box is no longer in memory.
      await answered(redis.del(keys.vault(runId)))
    },
  }
}

interface Master {
  bytes: Buffer
  id: Buffer
}

const associated = (at: VaultAddress) => Buffer.from(JSON.stringify([at.runId, at.recipient, at.label]))

const keyFor = (master: Master, runId: string) =>
  Buffer.from(hkdfSync('sha256', master.bytes, runId, 'okms-bot vault', 32))

function seal(master: Master, at: VaultAddress, secret: Secret): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyFor(master, at.runId), nonce, TAG)
  cipher.setAAD(associated(at))
  const sealed = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
  return Buffer.concat([master.id, nonce, cipher.getAuthTag(), sealed]).toString('base64')
}

function open(masters: readonly Master[], at: VaultAddress, box: string): Secret {
  const bytes = Buffer.from(box, 'base64')
  const master = masters.find(candidate => candidate.id.equals(bytes.subarray(0, KEY_ID_BYTES)))
  if (!master) {
    throw new BotError(
      'vault.unreadable',
      'A sealed secret was made with a SECRET_KEY that is not set any more.',
      {
        hint: 'Add the old key after the new one: SECRET_KEY=new,old.',
        details: { runId: at.runId },
      },
    )
  }
  const [nonce, tag, sealed] = [
    bytes.subarray(KEY_ID_BYTES, TAG_AT),
    bytes.subarray(TAG_AT, SEALED_AT),
    bytes.subarray(SEALED_AT),
  ]
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyFor(master, at.runId), nonce, TAG)
    decipher.setAAD(associated(at))
    decipher.setAuthTag(tag)
    return new Secret(Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8'))
  } catch (cause) {
    throw new BotError(
      'vault.unreadable',
      'A sealed secret was changed, or belongs to another run or person.',
      {
        details: { runId: at.runId },
        cause,
      },
    )
  }
}
