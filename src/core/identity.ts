/**
 * Identities that a credential may carry. Forms: ovh/manager, okms app, `decodeIdentities.ts`; the account itself is left out on
 * purpose, because a root account identity passes every IAM check.
 */
import { BotError } from './errors.js'
import { didYouMean } from './suggest.js'

const SHAPE = /^urn:v\d:(eu|ca|us|labeu):identity:([a-z]+):([a-z]{2}\d{1,6}-ovh)(?:\/(\S{1,200}))?$/
/** The SEED guide's spelling, with a word too many. */
const TWO_WORDS = /^urn:v\d:[a-z]+:identity:account:user:([^/\s]+)\/(\S+)$/
const FORMS =
  'urn:v1:eu:identity:user:<nic>/<user>, …:group:<nic>/<group> or …:credential:<nic>/oauth2-<clientId>'

export const IDENTITY_KINDS = ['user', 'group', 'credential'] as const
/** As the word stands in the URN; `credential` is a service account. */
export type IdentityKind = (typeof IDENTITY_KINDS)[number]

export interface AccountIdentities {
  /** Such as `ab12345-ovh`. */
  account: string
  /** Of every kind that could be read. */
  urns: readonly string[]
  /** Kinds that OVHcloud did not let the bot read: nothing can be said about them. */
  unread: readonly IdentityKind[]
}

/**
 * An identity URN as it was given, checked.
 *
 * @throws BotError `input.invalid` with the mend as hint, when it is the root account, of the internal test platform, or no identity
 */
export function parseIdentityUrn(urn: string): string {
  const twoWords = TWO_WORDS.exec(urn)
  if (twoWords) {
    throw refused(
      urn,
      'is no identity: "account:user" is one word too many',
      `Write urn:v1:eu:identity:user:${twoWords[1]}/${twoWords[2]}.`,
    )
  }
  const match = SHAPE.exec(urn)
  if (!match) throw refused(urn, 'is not an identity URN', `Write ${FORMS}; a nic looks like ab12345-ovh.`)
  const [, region, kind, nic, name] = match
  if (kind === 'account') {
    throw new BotError(
      'input.invalid',
      `"${urn}" is the root account, which passes every IAM check, so no credential may carry it.`,
      {
        hint: `Write a user, a group or a service account of it, such as urn:v1:${region}:identity:group:${nic}/<group>.`,
      },
    )
  }
  if (region === 'labeu') {
    throw refused(
      urn,
      'belongs to an internal test platform of OVHcloud',
      `Write urn:v1:eu:identity:${kind}:${nic}/${name ?? '<name>'}.`,
    )
  }
  if (!IDENTITY_KINDS.some(known => known === kind)) {
    const meant = didYouMean(kind!, IDENTITY_KINDS)
    throw refused(
      urn,
      `names an unknown kind of identity, "${kind}"`,
      meant ? `Did you mean ${meant}?` : `Write ${FORMS}.`,
    )
  }
  if (name === undefined)
    throw refused(urn, `does not say which ${kind}`, `Write urn:v1:${region}:identity:${kind}:${nic}/<name>.`)
  return urn
}

export interface JudgedIdentities {
  /** The account has no such identity; `meant` is the nearest that it has. */
  absent: { urn: string; meant: string | null }[]
  /** Of another account, or of a kind that the bot may not list: it may or may not be there. */
  unchecked: string[]
}

/** Whether the account has these identities. @param urns checked ones */
export function judgeIdentities(
  urns: readonly string[],
  { account, urns: there, unread }: AccountIdentities,
): JudgedIdentities {
  const judged: JudgedIdentities = { absent: [], unchecked: [] }
  for (const urn of urns) {
    if (there.includes(urn)) continue
    const [, , kind, nic] = SHAPE.exec(urn) ?? []
    if (nic !== account || unread.some(one => one === kind)) judged.unchecked.push(urn)
    else judged.absent.push({ urn, meant: didYouMean(urn, there) })
  }
  return judged
}

function refused(urn: string, problem: string, hint: string): BotError {
  return new BotError('input.invalid', `"${urn}" ${problem}.`, { hint })
}
