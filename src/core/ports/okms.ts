/**
 * What the flows need from the OVHcloud KMS. Our words; the API's own stand in brackets where they differ.
 * Source: OVHcloud API `/v2/okms` (https://eu.api.ovh.com/console/?section=%2Fokms&branch=v2).
 *
 * Everything may throw BotError `ovh.*` (errors.ts): `ovh.denied` with `details.missingActions`, `ovh.rate-limited` with
 * `retryAfterMs`, `ovh.unreachable`, `ovh.broken`, `ovh.unexpected`. `details` carries `class`, `vendorMessage`, `queryId`, `status`.
 */
import type { Secret } from '../secret.js'

export interface Okms {
  id: string
  /** IAM display name, or the id where none is set. */
  name: string
  region: string
  state: 'OK' | 'IN_CREATION' | 'SUSPENDED' | 'EXPIRED' | 'UNKNOWN'
  /** `host:port`. */
  kmipEndpoint: string
  /** `host:port`; `null` where the region has none yet. The one for vSphere. */
  kmipRsaEndpoint: string | null
  restEndpoint: string
  swaggerEndpoint: string
  /** KMIP objects that are not destroyed; `null` when the API did not say. */
  kmipObjectCount: number | null
  serviceKeyCount: number | null
  secretCount: number | null
  urn: string | null
}

export interface OkmsAuthorities {
  /** PEM of the CA behind the EC endpoint and behind credentials [`publicCA`]; `null` when the API gives none. */
  publicCa: string | null
  /** PEM of the CA behind the RSA endpoint [`publicRsaCA`]. */
  publicRsaCa: string | null
}

export interface Region {
  id: string
  kmipEndpoint: string
  restEndpoint: string
  /** `LOCAL-ZONE`, `REGION-1-AZ`, `REGION-3-AZ`. */
  type: string
  certifications: string[]
}

export type CredentialStatus = 'CREATING' | 'READY' | 'DELETING' | 'ERROR' | 'EXPIRED'
export type CertificateType = 'ECDSA' | 'RSA'

export interface Credential {
  id: string
  okmsId: string
  name: string
  description: string | null
  identityUrns: string[]
  status: CredentialStatus
  fromCsr: boolean
  certificateType: CertificateType | null
  /** ISO instants. */
  createdAt: string
  expiresAt: string
  /** PEM; `null` until READY. */
  certificatePem: string | null
}

export interface CredentialRequest {
  /** 1 to 50 printable ASCII characters. */
  name: string
  /** Up to 200 printable ASCII characters. */
  description: string
  identityUrns: string[]
  /** 1 to 365. */
  validityDays: number
  /** PKCS#10 PEM. Excludes `certificateType`. */
  csr?: string
  certificateType?: CertificateType
}

export interface OkmsPort {
  /** All OKMS of the account. */
  list(signal?: AbortSignal): Promise<Okms[]>
  /** `null` when there is no such OKMS, or it is not ours. */
  show(okmsId: string, signal?: AbortSignal): Promise<(Okms & OkmsAuthorities) | null>
  regions(signal?: AbortSignal): Promise<Region[]>
  /** Every credential of an OKMS, one API page at a time. */
  credentialPages(okmsId: string, signal?: AbortSignal): AsyncIterable<Credential[]>
  /** `null` when it does not exist (any more). */
  credential(okmsId: string, credentialId: string, signal?: AbortSignal): Promise<Credential | null>
  /**
   * Asks for a credential. Never repeated by the client: OVHcloud has no idempotency key, so after a lost answer
   * (`ovh.unreachable`, `ovh.broken`) the caller looks before it asks again.
   * `privateKey` is given this one time only, and only without `csr`.
   */
  createCredential(
    okmsId: string,
    request: CredentialRequest,
    signal?: AbortSignal,
  ): Promise<{ credential: Credential; privateKey: Secret | null }>
  /**
   * Revokes and deletes. `gone`: there was none any more.
   * @throws BotError `ovh.conflict` when its state forbids it (class `…::CredentialStatusInvalid`, seen in CREATING).
   */
  revokeCredential(okmsId: string, credentialId: string, signal?: AbortSignal): Promise<'deleting' | 'gone'>
}
