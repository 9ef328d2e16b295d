/** What making requests and certificates shares: the key in WebCrypto's form, a subject with a common name, key usages by name. */
import 'reflect-metadata'
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto'
import { Name } from '@peculiar/x509'
import { BotError } from '../core/errors.js'
import type { Secret } from '../core/secret.js'
import type { KeyAlgorithm } from './algorithms.js'
import { readPrivateKey, requireRowOf } from './keys.js'

export interface Signer {
  keys: webcrypto.CryptoKeyPair
  signingAlgorithm: { name: string; hash: string }
  publicKeySpki: Uint8Array
}

/** @throws BotError `key.malformed` when it is no key, or none of the table */
export async function signerFor(privateKey: Secret): Promise<Signer> {
  const key = readPrivateKey(privateKey)
  const publicKey = createPublicKey(key)
  const row = requireRowOf(publicKey)
  const publicKeySpki = publicKey.export({ type: 'spki', format: 'der' })
  const [secretHalf, publicHalf] = await Promise.all([
    importPrivate(key, row),
    webcrypto.subtle.importKey('spki', publicKeySpki, row.importAs, true, ['verify']),
  ])
  return {
    keys: { privateKey: secretHalf, publicKey: publicHalf },
    signingAlgorithm: row.signWith,
    publicKeySpki,
  }
}

const importPrivate = (key: KeyObject, row: KeyAlgorithm) =>
  webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), row.importAs, false, [
    'sign',
  ])

/** RFC 5280 appendix A, ub-common-name. */
const COMMON_NAME_CHARS = 64

/**
 * A subject that is one common name, taken to the letter.
 * @throws BotError `input.invalid` when it is empty or longer than 64 characters
 */
export function nameOf(commonName: string): Name {
  if (commonName === '' || commonName.length > COMMON_NAME_CHARS) {
    throw new BotError('input.invalid', `The common name must have 1 to ${COMMON_NAME_CHARS} characters.`)
  }
  // Said which string type it is, the library takes the value as it is; a bare string it would search for quotes and "#".
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]+$/.test(commonName)
  return new Name([{ CN: [isPrintable ? { printableString: commonName } : { utf8String: commonName }] }])
}
