/**
 * What will stand in for a credential: the old one's name, OKMS, identities, kind of key and length of life, held to a profile that
 * whoever renews it may use. Asked before a run is started, so that what cannot be is answered at once.
 */
import { z } from 'zod'
import { BotError, type Credential, DAY_MS, defineRead, type Okms, type Profile } from '../src/core/index.js'
import { findCredential } from './credential/find.js'
import {
  type CredentialPlan,
  type CredentialWish,
  credentialWish,
  planCredential,
} from './plan-credential.js'

export const renewalWish = credentialWish
  .pick({ csr: true, key: true, format: true })
  .extend({ credential: z.string(), validityDays: z.number().optional() })
export type RenewalWish = z.infer<typeof renewalWish>

export const oldCredential = z.object({
  credentialId: z.string(),
  okmsId: z.string(),
  okmsName: z.string(),
  name: z.string(),
  /** ISO instant. */
  expiresAt: z.string(),
  /** Their accounts: any of them may say that the new one works. */
  owner: z.object({ platform: z.string(), id: z.string(), name: z.string() }).nullable(),
})
export type OldCredential = z.infer<typeof oldCredential>

export interface RenewalPlan {
  wish: CredentialWish
  plan: CredentialPlan
  old: OldCredential
}

export const planRenewal = defineRead({
  name: 'plan-renewal',
  input: renewalWish,

  /** @throws BotError `input.*`, `csr.invalid`, `access.denied`, `state.conflict`: each a sentence with the mend */
  async run({ input, okms, ledger, profiles, identities, requester, signal }): Promise<RenewalPlan> {
    const { okms: service, credential: old } = await findCredential(okms, input.credential, signal)
    const known = (await ledger.find([old.id])).get(old.id)
    const standsIn =
      known?.solution?.how === 'renewed'
        ? await okms.credential(old.okmsId, known.solution.successorId, signal)
        : null
    if (known?.solution?.how === 'renewed' && standsIn?.status === 'READY') {
      throw new BotError('state.conflict', `${old.name} was renewed by ${known.solution.by} already.`, {
        hint: `/okms renew ${known.solution.successorId} renews the one that stands in for it.`,
      })
    }
    const name = known?.profile ?? old.name
    const profile = (await profiles.usableBy(requester)).find(one => one.name === name) ?? null
    if (profile === null) {
      throw new BotError(
        'access.denied',
        `There is no profile "${name}" that you may renew ${old.name} under.`,
        {
          hint: 'Somebody who may use it can renew it, or a new credential can be issued: /okms credential',
        },
      )
    }
    const wish = wishFor(input, old, service, profile)
    const plan = await planCredential(wish, requester, { okms, profiles, identities })
    const { id: credentialId, okmsId, expiresAt } = old
    const owner = known?.owner ?? null
    return {
      wish,
      plan,
      old: { credentialId, okmsId, okmsName: service.name, name: old.name, expiresAt, owner },
    }
  },
})

function wishFor(input: RenewalWish, old: Credential, okms: Okms, profile: Profile): CredentialWish {
  const { csr, key, format } = input
  if (old.fromCsr && csr === undefined && key === undefined) {
    throw new BotError(
      'input.invalid',
      `${old.name} was made from a certificate signing request, so a new one is needed.`,
      {
        hint: `Attach it or paste it: /okms renew ${old.id} csr:"-----BEGIN CERTIFICATE REQUEST-----…"`,
      },
    )
  }
  const lifeDays = Math.round((Date.parse(old.expiresAt) - Date.parse(old.createdAt)) / DAY_MS)
  return {
    name: profile.name,
    okms: okms.id,
    validityDays: input.validityDays ?? Math.max(1, Math.min(lifeDays, profile.maxValidityDays)),
    ...identityFor(old, profile),
    ...typeFor(old, profile, csr !== undefined),
    ...(csr === undefined ? {} : { csr }),
    ...(key === undefined ? {} : { key }),
    ...(format === undefined ? {} : { format }),
  }
}

/** The old one's identities, as far as the profile gives them. */
function identityFor({ name, identityUrns }: Credential, profile: Profile): Pick<CredentialWish, 'identity'> {
  const same = (one: readonly string[], other: readonly string[]) =>
    one.length === other.length && one.every(urn => other.includes(urn))
  if (same(identityUrns, profile.identities)) return {}
  const [only, ...more] = identityUrns
  if (only !== undefined && more.length === 0 && profile.identitiesAllowed.includes(only))
    return { identity: only }
  throw new BotError(
    'state.conflict',
    `${name} speaks for ${identityUrns.join(', ')}, which profile ${profile.name} does not give.`,
    {
      hint: `Issue one with the identities of the profile instead: /okms credential ${profile.name} <validity>`,
    },
  )
}

/** The old one's kind of certificate, where the profile leaves the choice. */
function typeFor(
  { certificateType }: Credential,
  profile: Profile,
  withCsr: boolean,
): Pick<CredentialWish, 'type'> {
  if (withCsr || certificateType === null || certificateType === (profile.type ?? 'ECDSA')) return {}
  return profile.mayOverride.includes('type') ? { type: certificateType } : {}
}
