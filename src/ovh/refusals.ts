/** Tables of the ways in which OVHcloud says no, one row each. First by class, then by fixed sentence, then by status. */
import type { BotError, ErrorCode } from '../core/errors.js'

export interface Kind {
  code: ErrorCode
  /** A whole sentence. `call` is method and path. */
  message(call: string, status: number): string
  /** The next thing to try. */
  hint?: string
}

const KEYS_HINT =
  'Check the OVH_* settings, and that the keys were made on the platform named in OVH_ENDPOINT.'

const invalid: Kind = { code: 'ovh.invalid', message: call => `OVHcloud found something wrong with ${call}.` }
const denied: Kind = {
  code: 'ovh.denied',
  message: call => `OVHcloud does not allow the bot's account ${call}.`,
}
const conflict: Kind = {
  code: 'ovh.conflict',
  message: call => `The state of things at OVHcloud does not allow ${call} now.`,
}
const unauthenticated: Kind = {
  code: 'ovh.unauthenticated',
  message: call => `OVHcloud did not accept the bot's credentials for ${call}.`,
  hint: KEYS_HINT,
}
const notFound: Kind = {
  code: 'ovh.not-found',
  message: call => `OVHcloud knows nothing under ${call}, or it belongs to another account.`,
}
const limited: Kind = {
  code: 'ovh.rate-limited',
  message: call => `OVHcloud says there are too many calls (${call}).`,
}
const broken: Kind = {
  code: 'ovh.broken',
  message: (call, status) => `OVHcloud could not answer ${call} (status ${status}).`,
}
const elsewhere: Kind = {
  code: 'ovh.unexpected',
  message: (call, status) => `OVHcloud answered ${call} with status ${status}, which is not documented.`,
}

interface FixedSentence extends Kind {
  /** The older body's `errorCode`. */
  word: string
  /** The sentence of both bodies, in lower case. The class beside it is only `Client::Forbidden` or `Client::BadRequest`. */
  sentence: string
}

const BAD_SIGNATURE: FixedSentence = {
  word: 'INVALID_SIGNATURE',
  sentence: 'invalid signature',
  code: 'ovh.unauthenticated',
  message: call => `OVHcloud did not accept the signature of ${call}.`,
  hint: 'Check OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY.',
}
const BAD_TIME: FixedSentence = {
  word: 'QUERY_TIME_OUT',
  sentence: 'query out of time',
  code: 'ovh.unauthenticated',
  message: call => `OVHcloud found the timestamp of ${call} too far from its own clock.`,
  hint: 'Check the clock of this machine.',
}

/** Sources: ovh/python-ovh: ovh/client.py and issues 86 and 141; ovh/php-ovh issues 56, 62 and 97; toorop/ovh-cli issue 10. */
const FIXED: readonly FixedSentence[] = [
  BAD_SIGNATURE,
  BAD_TIME,
  {
    word: 'INVALID_KEY',
    sentence: 'this application key is invalid',
    code: 'ovh.unauthenticated',
    message: () => 'OVHcloud does not know the application key.',
    hint: KEYS_HINT,
  },
  {
    word: 'INVALID_CREDENTIAL',
    sentence: 'this credential is not valid',
    code: 'ovh.unauthenticated',
    message: () => 'The consumer key has ended, was refused, or was never validated.',
    hint: 'Open the validation link of the consumer key, or make a new one and set OVH_CONSUMER_KEY.',
  },
  {
    word: 'NOT_CREDENTIAL',
    sentence: 'this credential does not exist',
    code: 'ovh.unauthenticated',
    message: () => 'OVHcloud does not know the consumer key.',
    hint: KEYS_HINT,
  },
  {
    word: 'NOT_GRANTED_CALL',
    sentence: 'this call has not been granted',
    code: 'ovh.denied',
    message: call => `The access rules of the consumer key do not cover ${call}.`,
    hint: 'Make a consumer key whose access rules cover this call, or use a service account.',
  },
]

/** Classes that say more than their status: a `400` which is about a state, and a lost login under any status. */
const BY_CLASS: readonly (readonly [RegExp, Kind])[] = [
  [/::CredentialStatusInvalid$/, conflict],
  [
    /::OKMSExpired$/,
    { code: 'ovh.conflict', message: call => `This OKMS has ended, so OVHcloud refuses ${call}.` },
  ],
  [/^Client::Unauthorized\b/, unauthenticated],
  [/^Client::NotFound\b/, notFound],
  [/^(invalid_client|unauthorized_client)$/, unauthenticated],
]

export function kindOfClass(className: string | null): Kind | null {
  if (className === null) return null
  return (
    FIXED.find(row => row.word === className) ??
    BY_CLASS.find(([pattern]) => pattern.test(className))?.[1] ??
    null
  )
}

/** Only where a login is refused: a `404` may well say that "this credential does not exist" of an OKMS credential. */
export function kindOfSentence(message: string | null, status: number): Kind | null {
  if (![400, 401, 403].includes(status)) return null
  const sentence = message?.trim().replace(/\.$/, '').toLowerCase()
  return FIXED.find(row => row.sentence === sentence) ?? null
}

export function kindOfStatus(status: number): Kind {
  switch (status) {
    case 401:
      return unauthenticated
    case 403:
      return denied
    case 404:
      return notFound
    case 408:
      // The front end's own time ran out; whether the call was carried out is open, as with 5xx.
      return broken
    case 409:
    // An expired resource (ovh/python-ovh: ovh/client.py).
    case 460:
      return conflict
    case 429:
      return limited
  }
  if (status >= 500) return broken
  return status >= 400 ? invalid : elsewhere
}

/** Whether a signed call was refused for its signature or its time, so that reading the time again may help. */
export function isAboutTime({ details }: BotError): boolean {
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  const kind =
    kindOfClass(text(details.class)) ?? kindOfSentence(text(details.vendorMessage), Number(details.status))
  return kind === BAD_SIGNATURE || kind === BAD_TIME
}
