/** The certificate authorities of the stand-in: one for its own HTTPS, two behind the KMIP ports, one that signs credentials. */
import { type Authority, createAuthority } from '../pki/authority.js'

const YEAR_MS = 365 * 24 * 60 * 60 * 1000

export interface Authorities {
  /** Behind `tlsUrl`; nothing of OVHcloud's. */
  https: Authority
  /** `publicCA`: behind the KMIP ports with EC certificates. */
  publicCa: Authority
  /** `publicRsaCA`: behind the KMIP ports with RSA certificates. */
  publicRsaCa: Authority
  /** Issuer of every credential, `CN=CCMUsersCA`, P-256. */
  users: Authority
}

/**
 * @param realNow real time in ms: TLS libraries know no other clock. Validity begins two years earlier, so that
 *   credentials seeded with an age fit inside, and lasts far longer than anybody moves the sandbox's clock.
 */
export async function createAuthorities(realNow: number): Promise<Authorities> {
  const dates = { notBefore: new Date(realNow - 2 * YEAR_MS), notAfter: new Date(realNow + 20 * YEAR_MS) }
  const [https, publicCa, publicRsaCa, users] = await Promise.all([
    createAuthority({ ...dates, commonName: 'okms-bot sandbox HTTPS CA', algorithm: 'ec-p256' }),
    createAuthority({ ...dates, commonName: 'OKMS Sandbox Public CA', algorithm: 'ec-p256' }),
    createAuthority({ ...dates, commonName: 'OKMS Sandbox Public RSA CA', algorithm: 'rsa-2048' }),
    createAuthority({ ...dates, commonName: 'CCMUsersCA', algorithm: 'ec-p256' }),
  ])
  return { https, publicCa, publicRsaCa, users }
}
