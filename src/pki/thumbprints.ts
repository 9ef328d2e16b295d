/** Certificate thumbprints, as `openssl x509 -fingerprint` prints them and as OVHcloud's `sslThumbprint` wants them. */
import { createHash } from 'node:crypto'

/**
 * Thumbprint of a certificate. Does not look at what the bytes are.
 *
 * @param der - the certificate, DER-encoded (RFC 5280 §4.1)
 * @returns upper-case hex pairs joined by colons: 59 characters for SHA-1, 95 for SHA-256
 */
export function thumbprintOf(der: Uint8Array, hash: 'sha1' | 'sha256'): string {
  const digest = createHash(hash).update(der).digest('hex').toUpperCase()
  return digest.match(/../g)!.join(':')
}
