/**
 * Request bodies of /v2/okms: the models, enums and error words of the published OVHcloud API v2 schema (`okms.*`), the
 * limits of the web console where the schema is silent (ovh/manager: packages/manager/apps/okms, validateCredentialName.ts
 * and its neighbours). Secrets and logs are left out.
 */
import { z } from 'zod'
import { reason } from './body.js'
import { REGION_IDS } from './regions.js'

export const CREDENTIAL_STATUSES = ['CREATING', 'DELETING', 'ERROR', 'EXPIRED', 'READY'] as const
export const CERTIFICATE_TYPES = ['ECDSA', 'RSA'] as const
export const OKMS_STATES = ['EXPIRED', 'IN_CREATION', 'OK', 'SUSPENDED'] as const
export const KEY_TYPES = ['oct', 'RSA', 'EC'] as const
export const KEY_CURVES = ['P-256', 'P-384', 'P-521'] as const
export const KEY_SIZES = [128, 192, 256, 384, 521, 2048, 3072, 4096] as const
export const KEY_OPERATIONS = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'] as const
export const KEY_FORMATS = ['JWK', 'PEM'] as const
const KEY_ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const
const DEACTIVATION_REASONS = [
  'AFFILIATION_CHANGED',
  'CA_COMPROMISE',
  'CESSATION_OF_OPERATION',
  'KEY_COMPROMISE',
  'PRIVILEGE_WITHDRAWN',
  'SUPERSEDED',
  'UNSPECIFIED',
] as const

export type CredentialStatus = (typeof CREDENTIAL_STATUSES)[number]
export type CertificateType = (typeof CERTIFICATE_TYPES)[number]
export type OkmsState = (typeof OKMS_STATES)[number]
export type KeyType = (typeof KEY_TYPES)[number]
export type KeyCurve = (typeof KEY_CURVES)[number]
export type KeyOperation = (typeof KEY_OPERATIONS)[number]
export type KeyState = 'PRE_ACTIVE' | 'ACTIVE' | 'DEACTIVATED' | 'COMPROMISED'

/** Space to tilde. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

/**
 * Identities as the console reads them (ovh/manager: …/utils/credential/decodeIdentities.ts): version, region, `identity`, a
 * word, the account, then optionally a name. `urn:v1:labeu:identity:account:user:…`, printed by an old guide, is none.
 */
const IDENTITY_URN =
  /^urn:v\d:(?:eu|ca|us|labeu):identity:[a-z]+:[a-z]{2}\d{1,6}-ovh(?:\/[\x21-\x2e\x30-\x7e]+)?$/

/** Longest URN taken. The schema has a word for a wrong size and no number; ours. */
const URN_CHARS = 255

/** A largest CSR exists, its size is in no public source; ours. */
const CSR_CHARS = 10_000

export const DEFAULT_VALIDITY_DAYS = 365

/** One certification request in PEM with real line breaks, nothing around it. What is inside is checked later. */
const CSR_PEM =
  /^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\r?\n(?:[A-Za-z0-9+/=]{1,76}\r?\n)+-----END (?:NEW )?CERTIFICATE REQUEST-----(?:\r?\n)?$/

const MISSING = (what: string) => `[${what}] Missing required parameter`

/** `okms.credential.Creation` */
export const credentialCreation = z
  .strictObject({
    name: z
      .string({ error: issue => (issue.input === undefined ? 'Missing required parameter' : undefined) })
      .min(1, 'At least 1 character is needed')
      .regex(
        PRINTABLE_ASCII,
        reason('CredentialNameInvalidCharacter', '[name] Only printable ASCII is accepted'),
      )
      .max(50, reason('CredentialNameMaximumExceeded', '[name] At most 50 characters are accepted')),
    identityURNs: z
      .array(
        z
          .string()
          .min(1, reason('CredentialIdentityURNsInvalidSize', '[identityURNs] A URN cannot be empty'))
          .max(
            URN_CHARS,
            reason(
              'CredentialIdentityURNsInvalidSize',
              `[identityURNs] A URN has at most ${URN_CHARS} characters`,
            ),
          )
          .regex(
            IDENTITY_URN,
            reason('CredentialIdentityURNsInvalidURN', '[identityURNs] Not an identity URN'),
          ),
        {
          error: issue =>
            issue.input === undefined
              ? reason('CredentialIdentityURNsMinimumRequired', MISSING('identityURNs'))
              : undefined,
        },
      )
      .min(1, reason('CredentialIdentityURNsMinimumRequired', '[identityURNs] At least 1 identity is needed'))
      .max(
        25,
        reason('CredentialIdentityURNsMaximumExceeded', '[identityURNs] At most 25 identities are accepted'),
      ),
    description: z
      .string()
      .regex(
        PRINTABLE_ASCII,
        reason('CredentialDescriptionInvalidCharacter', '[description] Only printable ASCII is accepted'),
      )
      .max(
        200,
        reason('CredentialDescriptionMaximumExceeded', '[description] At most 200 characters are accepted'),
      )
      .nullish(),
    // The lower bound is in no public source; the console's smallest choice is a day.
    validity: z
      .int()
      .min(1, reason('CredentialValidityMinimumRequired', '[validity] At least 1 day is needed'))
      .max(365, reason('CredentialValidityMaximumExceeded', '[validity] At most 365 days are accepted'))
      .nullish(),
    csr: z
      .string()
      .max(
        CSR_CHARS,
        reason('CredentialCSRMaximumExceeded', `[csr] At most ${CSR_CHARS} characters are accepted`),
      )
      .regex(CSR_PEM, reason('CredentialCSRInvalidCharacter', '[csr] Not a PEM certification request'))
      .nullish(),
    certificateType: z
      .enum(
        CERTIFICATE_TYPES,
        reason('CredentialCertificateTypeInvalidEnum', '[certificateType] Accepted values: ECDSA, RSA'),
      )
      .nullish(),
  })
  .refine(
    body => body.csr == null || body.certificateType == null,
    reason(
      'CredentialCertificateTypeIncompatibleFields',
      '[certificateType] Cannot be given together with csr, whose key decides',
    ),
  )
export type CredentialCreation = z.output<typeof credentialCreation>

const keyName = z
  .string({
    error: issue => (issue.input == null ? reason('ServiceKeyNameMinRequired', MISSING('name')) : undefined),
  })
  .min(1, reason('ServiceKeyNameMinRequired', '[name] At least 1 character is needed'))
  .regex(PRINTABLE_ASCII, reason('ServiceKeyNameInvalidCharacter', '[name] Only printable ASCII is accepted'))
  .max(32, reason('ServiceKeyNameMaxExceeded', '[name] At most 32 characters are accepted'))

const keyOperations = z.array(z.enum(KEY_OPERATIONS))

const jwkMember = z.string().nullish()

/** `okms.serviceKey.JsonWebKeyRequest`; which members a type needs is checked in service-key-import.ts. */
const jsonWebKey = z.strictObject({
  kty: z.enum(KEY_TYPES, {
    error: issue =>
      issue.input === undefined ? reason('ServiceKeyKtyRequired', MISSING('keys.kty')) : undefined,
  }),
  kid: z.string().nullish(),
  alg: z.enum(KEY_ALGORITHMS).nullish(),
  use: z.enum(['enc', 'sig']).nullish(),
  key_ops: keyOperations.nullish(),
  crv: z.enum(KEY_CURVES).nullish(),
  k: jwkMember,
  n: jwkMember,
  e: jwkMember,
  d: jwkMember,
  p: jwkMember,
  q: jwkMember,
  dp: jwkMember,
  dq: jwkMember,
  qi: jwkMember,
  x: jwkMember,
  y: jwkMember,
})
export type JsonWebKey = z.output<typeof jsonWebKey>

/** `okms.serviceKey.Creation`; what goes with what is checked in service-key-creation.ts. */
export const serviceKeyCreation = z.strictObject({
  name: keyName,
  context: z
    .string()
    .regex(
      PRINTABLE_ASCII,
      reason('ServiceKeyContextInvalidCharacter', '[context] Only printable ASCII is accepted'),
    )
    .max(64, reason('ServiceKeyContextMaxExceeded', '[context] At most 64 characters are accepted'))
    .nullish(),
  type: z.enum(KEY_TYPES).nullish(),
  size: z.literal(KEY_SIZES).nullish(),
  curve: z.enum(KEY_CURVES).nullish(),
  operations: keyOperations.nullish(),
  keys: z.array(jsonWebKey).nullish(),
})
export type ServiceKeyCreation = z.output<typeof serviceKeyCreation>

/** `okms.serviceKey.Update` */
export const serviceKeyUpdate = z.strictObject({
  name: keyName.optional(),
  state: z.enum(['ACTIVE', 'COMPROMISED', 'DEACTIVATED']).nullish(),
  deactivationReason: z.enum(DEACTIVATION_REASONS).nullish(),
})
export type ServiceKeyUpdate = z.output<typeof serviceKeyUpdate>

export const regionId = z.enum(REGION_IDS)
