/**
 * Identities that a credential may carry. Forms: ovh/manager, okms app, `decodeIdentities.ts`; the account itself is left out on
 * purpose, because a root account identity passes every IAM check.
 */
import { BotError } from '../core/errors.js'
import { didYouMean } from '../core/suggest.js'

const SHAPE = /^urn:v\d:(eu|ca|us|labeu):identity:([a-z]+):([a-z]{2}\d{1,6}-ovh)(?:\/(\S{1,200}))?$/
/** The SEED guide's spelling, with a word too many. */
const TWO_WORDS = /^urn:v\d:[a-z]+:identity:account:user:([^/\s]+)\/(\S+)$/
const KINDS = ['user', 'group', 'credential']
const FORMS =
  'urn:v1:eu:identity:user:<nic>/<user>, …:group:<nic>/<group> or …:credential:<nic>/oauth2-<clientId>'

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
  if (!KINDS.includes(kind!)) {
    const meant = didYouMean(kind!, KINDS)
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

function refused(urn: string, problem: string, hint: string): BotError {
  return new BotError('input.invalid', `"${urn}" ${problem}.`, { hint })
}
