/**
 * What a credential will be, before anything is made: the profile's rules, the person's options, the OKMS, the CSR. Asked
 * as a read before a run is started, so that bad input is answered at once, and again as the first step of the run.
 */
import { z } from 'zod'
import {
  type AccountIdentities,
  type Actor,
  BotError,
  choose,
  defineRead,
  didYouMean,
  type IdentityPort,
  judgeIdentities,
  mayUseOkms,
  type Okms,
  type OkmsPort,
  type Profile,
  type Profiles,
} from '../src/core/index.js'
import { readRequest } from '../src/pki/requests.js'
import { MARK_BEGINS } from './credential/mark.js'

/** OVHcloud's limits: API v2 okms, `okms.credential.Creation`. */
const LONGEST_VALIDITY_DAYS = 365
const LONGEST_DESCRIPTION = 200
/** Room for ` [okms-bot 7F3K9Q2M.12]`, by which a lost answer is found again. */
const MARKER_ROOM = 24
const PRINTABLE = /^[ -~]*$/

export const credentialWish = z.object({
  name: z.string(),
  validityDays: z.number(),
  okms: z.string().optional(),
  identity: z.string().optional(),
  description: z.string().optional(),
  type: z.enum(['ECDSA', 'RSA']).optional(),
  key: z.enum(['ovhcloud', 'bot']).optional(),
  format: z.enum(['pem', 'p12']).optional(),
  csr: z.string().optional(),
})
export type CredentialWish = z.infer<typeof credentialWish>

export const credentialPlan = z.object({
  name: z.string(),
  okmsId: z.string(),
  okmsName: z.string(),
  identityUrns: z.array(z.string()),
  /** Those of them that the bot could not look for in the account. */
  uncheckedIdentities: z.array(z.string()).default([]),
  validityDays: z.number(),
  description: z.string(),
  /** Who makes the private key: OVHcloud, the bot's worker, or the person who sent a CSR. */
  key: z.enum(['ovhcloud', 'bot', 'csr']),
  type: z.enum(['ECDSA', 'RSA']),
  format: z.enum(['pem', 'p12']),
  /** Normalised PEM. */
  csr: z.string().nullable(),
  /** `console:ops`: where the channel is told. */
  channel: z.string().nullable(),
})
export type CredentialPlan = z.infer<typeof credentialPlan>

export interface PlanParts {
  okms: Pick<OkmsPort, 'list'>
  profiles: Profiles
  identities: IdentityPort
}

/** @throws BotError `input.*`, `csr.invalid`, `access.denied`: each a sentence that names the option and the mend */
export async function planCredential(
  wish: CredentialWish,
  requester: Actor,
  { okms, profiles, identities }: PlanParts,
): Promise<CredentialPlan> {
  const profile = chooseProfile(await profiles.usableBy(requester), wish.name)
  checkValidity(wish.validityDays, profile)
  checkOverrides(wish, profile)
  const { key, type, format } = chooseKey(wish, profile)
  const csr = wish.csr === undefined ? null : (await readRequest(wish.csr)).pem
  const description = checkDescription(wish.description)
  const identityUrns = chooseIdentities(wish, profile)
  const [all, known] = await Promise.all([okms.list(), identities.read()])
  const chosen = chooseOkms(all, wish, profile)
  const uncheckedIdentities = checkIdentities(identityUrns, known, profile)
  return {
    name: profile.name,
    okmsId: chosen.id,
    okmsName: chosen.name,
    identityUrns,
    uncheckedIdentities,
    validityDays: wish.validityDays,
    description,
    key,
    type,
    format,
    csr,
    channel: profile.channel,
  }
}

export const planCredentialRead = defineRead({
  name: 'plan-credential',
  input: credentialWish,
  run: ({ input, requester, ...outside }) => planCredential(input, requester, outside),
})

function chooseProfile(usable: readonly Profile[], name: string): Profile {
  const names = usable.map(profile => profile.name)
  const profile = usable.find(one => one.name === name)
  if (profile) return profile
  if (names.length === 0) {
    throw new BotError('access.denied', 'There is no profile that you may use.', {
      hint: 'The policy file lists who may issue credentials under which profile.',
    })
  }
  const guess = didYouMean(name, names)
  throw new BotError('input.not-found', `There is no profile "${name}".`, {
    hint: `${guess ? `Did you mean ${guess}? ` : ''}Profiles you may use: ${names.join(', ')}.`,
  })
}

function checkValidity(days: number, profile: Profile): void {
  const instead = `/okms credential ${profile.name} ${profile.maxValidityDays}d`
  const allowed = `Profile ${profile.name} allows up to ${profile.maxValidityDays}d: ${instead}`
  if (days < 1) throw new BotError('input.invalid', 'The validity is at least 1 day.', { hint: allowed })
  if (days > LONGEST_VALIDITY_DAYS) {
    throw new BotError(
      'input.invalid',
      `${days}d is longer than OVHcloud allows (${LONGEST_VALIDITY_DAYS} days).`,
      {
        hint: allowed,
      },
    )
  }
  if (days > profile.maxValidityDays) {
    throw new BotError('input.invalid', `${days}d is longer than profile ${profile.name} allows.`, {
      hint: allowed,
    })
  }
}

function checkOverrides(wish: CredentialWish, profile: Profile): void {
  for (const name of ['type', 'key', 'format'] as const) {
    const wanted = wish[name]
    if (wanted !== undefined && wanted !== profile[name]) needOverride(profile, name, profile[name])
  }
  if (wish.csr !== undefined && profile.key !== 'csr') needOverride(profile, 'csr', null)
}

function needOverride(profile: Profile, name: string, fixed: string | null): void {
  if (profile.mayOverride.includes(name)) return
  throw new BotError('access.denied', `Profile ${profile.name} does not let you choose the option ${name}.`, {
    hint: fixed === null ? 'Leave it out.' : `Leave it out: the profile says ${fixed}.`,
  })
}

function chooseKey(wish: CredentialWish, profile: Profile): Pick<CredentialPlan, 'key' | 'type' | 'format'> {
  const type = wish.type ?? profile.type ?? 'ECDSA'
  if (wish.csr !== undefined) {
    const clash = (['key', 'type'] as const).find(name => wish[name] !== undefined)
    if (clash) {
      throw new BotError(
        'input.invalid',
        `Options csr and ${clash} exclude each other: a CSR brings its own key.`,
        {
          hint: `Leave ${clash} out.`,
        },
      )
    }
    if (wish.format === 'p12') {
      throw new BotError(
        'bundle.unsupported',
        'A PKCS#12 file holds the private key, which stays with you when you send a CSR.',
        {
          hint: 'Leave format out, and bundle the certificate with your key yourself.',
        },
      )
    }
    return { key: 'csr', type, format: 'pem' }
  }
  const key = wish.key ?? profile.key ?? 'ovhcloud'
  if (key === 'csr') {
    throw new BotError(
      'input.invalid',
      `Profile ${profile.name} needs your own certificate signing request.`,
      {
        hint: `Attach it or paste it: /okms credential ${profile.name} ${wish.validityDays}d csr:"-----BEGIN CERTIFICATE REQUEST-----…"`,
      },
    )
  }
  const format = wish.format ?? profile.format ?? 'pem'
  if (format === 'p12' && type !== 'RSA') {
    throw new BotError('bundle.unsupported', 'A PKCS#12 file can be made for RSA keys only, not for ECDSA.', {
      hint: 'Add type:RSA, or take format:pem.',
    })
  }
  return { key, type, format }
}

function checkDescription(description = ''): string {
  if (description.includes(MARK_BEGINS)) {
    throw new BotError(
      'input.invalid',
      `A description cannot contain "${MARK_BEGINS.trim()}": the bot marks credentials with it.`,
      {
        hint: 'Write something else there.',
      },
    )
  }
  if (!PRINTABLE.test(description)) {
    throw new BotError('input.invalid', 'The description has a character that OVHcloud does not take.', {
      hint: 'Use plain letters, digits and punctuation (printable ASCII).',
    })
  }
  if (description.length > LONGEST_DESCRIPTION - MARKER_ROOM) {
    throw new BotError(
      'input.invalid',
      `The description is longer than ${LONGEST_DESCRIPTION - MARKER_ROOM} characters.`,
      { hint: 'Shorten it: OVHcloud keeps 200 characters, and the bot needs a few.' },
    )
  }
  return description
}

function chooseIdentities(wish: CredentialWish, profile: Profile): string[] {
  if (wish.identity === undefined) return [...profile.identities]
  const allowed = [...profile.identities, ...profile.identitiesAllowed]
  if (allowed.includes(wish.identity)) return [wish.identity]
  throw new BotError(
    'access.denied',
    `Profile ${profile.name} does not allow the identity ${wish.identity}.`,
    {
      hint: allowed.length === 0 ? 'Leave identity out.' : `It allows: ${allowed.join(', ')}.`,
    },
  )
}

/** A credential for nobody opens nothing, and says so only when it is used. */
function checkIdentities(urns: readonly string[], known: AccountIdentities, profile: Profile): string[] {
  const { absent, unchecked } = judgeIdentities(urns, known)
  const [first] = absent
  if (first === undefined) return unchecked
  throw new BotError('input.not-found', `The account ${known.account} has no identity ${first.urn}.`, {
    hint: `${first.meant ? `Did you mean ${first.meant}? ` : ''}Profile ${profile.name} of the policy file names it: create it at OVHcloud, or mend the profile.`,
  })
}

function chooseOkms(all: readonly Okms[], wish: CredentialWish, profile: Profile): Okms {
  const chosen = choose(all, wish.okms ?? profile.okms ?? undefined, 'OKMS', '/okms list')
  if (!mayUseOkms(profile, chosen)) {
    const allowed = [...(profile.okms === null ? [] : [profile.okms]), ...profile.okmsAllowed]
    throw new BotError('access.denied', `Profile ${profile.name} is not for OKMS ${chosen.name}.`, {
      hint: allowed.length === 0 ? 'Leave okms out.' : `It is for: ${allowed.join(', ')}.`,
    })
  }
  if (chosen.state === 'EXPIRED' || chosen.state === 'SUSPENDED') {
    throw new BotError(
      'state.conflict',
      `OKMS ${chosen.name} is ${chosen.state.toLowerCase()}, so it issues nothing.`,
      {
        hint: 'Its contract has to be renewed at OVHcloud first.',
      },
    )
  }
  return chosen
}
