/**
 * Shapes of `/v2/okms` answers: only the fields we use, renamed into the words of ports/okms.ts while parsing. Null where the
 * OVHcloud API v2 okms schema says so; fields younger than the beta of July 2024 may be missing; unknown fields are let be.
 */
import { z } from 'zod'
import type { Credential, Okms, OkmsAuthorities, Region } from '../core/ports/okms.js'
import { normalizeRegion } from '../core/region.js'
import { Secret } from '../core/secret.js'
import { instant, knownWord, orNull } from './fields.js'

const count = orNull(z.number().int())

/** `iam.ResourceMetadata`: the only place where a name and a sign of life are. */
const iam = z.object({
  urn: z.string(),
  displayName: orNull(z.string()),
  state: orNull(knownWord(['OK', 'IN_CREATION', 'SUSPENDED', 'EXPIRED'], 'UNKNOWN')),
})

/** `okms.resource.ResponseWithIAM`. */
const resource = z.object({
  id: z.string().min(1),
  region: z.string().transform(normalizeRegion),
  kmipEndpoint: z.string(),
  kmipRsaEndpoint: orNull(z.string()),
  restEndpoint: z.string(),
  swaggerEndpoint: z.string(),
  kmipObjectCount: count,
  serviceKeyCount: count,
  secretCount: count,
  iam: orNull(iam),
})

// Field by field: copying "the rest" is several times slower, and lists are long.
const toOkms = (answer: z.output<typeof resource>): Okms => ({
  id: answer.id,
  name: answer.iam?.displayName || answer.id,
  region: answer.region,
  state: answer.iam?.state ?? 'UNKNOWN',
  kmipEndpoint: answer.kmipEndpoint,
  kmipRsaEndpoint: answer.kmipRsaEndpoint,
  restEndpoint: answer.restEndpoint,
  swaggerEndpoint: answer.swaggerEndpoint,
  kmipObjectCount: answer.kmipObjectCount,
  serviceKeyCount: answer.serviceKeyCount,
  secretCount: answer.secretCount,
  urn: answer.iam?.urn ?? null,
})

export const okms: z.ZodType<Okms> = resource.transform(toOkms)

/** The same with `?publicCA=true`. */
export const okmsWithAuthorities: z.ZodType<Okms & OkmsAuthorities> = resource
  .extend({ publicCA: orNull(z.string()), publicRsaCA: orNull(z.string()) })
  .transform(answer => ({ ...toOkms(answer), publicCa: answer.publicCA, publicRsaCa: answer.publicRsaCA }))

/** `okms.reference.Region`. */
export const region: z.ZodType<Region> = z.object({
  id: z.string().min(1).transform(normalizeRegion),
  kmipEndpoint: z.string(),
  restEndpoint: z.string(),
  type: z.string(),
  certifications: orNull(z.array(z.string())).transform(list => list ?? []),
})

/** What `okms.credential.CreationResponse` and `GetResponse` share. The status is closed: the flows decide by it. */
const credentialFields = z.object({
  id: z.string().min(1),
  name: z.string(),
  description: orNull(z.string()),
  identityURNs: z.array(z.string()),
  status: z.enum(['CREATING', 'READY', 'DELETING', 'ERROR', 'EXPIRED']),
  fromCSR: z.boolean(),
  certificateType: orNull(knownWord(['ECDSA', 'RSA'], null)),
  createdAt: instant,
  expiredAt: instant,
  certificatePEM: orNull(z.string()),
})

/** A credential as the API tells it: which OKMS it belongs to is known from the path alone. */
export type BareCredential = Omit<Credential, 'okmsId'>

const toCredential = (answer: z.output<typeof credentialFields>): BareCredential => ({
  id: answer.id,
  name: answer.name,
  description: answer.description,
  identityUrns: answer.identityURNs,
  status: answer.status,
  fromCsr: answer.fromCSR,
  certificateType: answer.certificateType,
  createdAt: answer.createdAt,
  expiresAt: answer.expiredAt,
  certificatePem: answer.certificatePEM,
})

export const credential: z.ZodType<BareCredential> = credentialFields.transform(toCredential)

/** The private key is boxed before anybody sees it. */
export const createdCredential: z.ZodType<{ credential: BareCredential; privateKey: Secret | null }> =
  credentialFields
    .extend({ privateKeyPEM: orNull(z.string().transform(pem => new Secret(pem))) })
    .transform(answer => ({ credential: toCredential(answer), privateKey: answer.privateKeyPEM }))
