/**
 * The shape of a policy file: which settings there are and how each is read. Whether the names in it fit together is
 * policy-references.ts's subject; what it means for a person, policy-judge.ts's.
 */
import { z } from 'zod'
import { BotError } from '../core/errors.js'
import { parseIdentityUrn } from '../core/identity.js'
import { parseQuietHours, parseTimeZone } from '../core/quiet-hours.js'
import {
  oneOf,
  readAccount,
  readGroup,
  readPeriod,
  readPermission,
  readPlace,
  readPlacePattern,
  readReference,
  readThreshold,
  readValidityDays,
  wrong,
} from './policy-words.js'

/** Options of `/okms credential` that a profile may leave to the person. */
export const OVERRIDABLE = ['okms', 'type', 'key', 'format', 'csr', 'identity', 'description'] as const

/** What can wait for an approval: only what changes something. */
const APPROVABLE = [
  'credential:issue',
  'credential:revoke',
  'key:manage',
  'cloud:attach',
  'cloud:detach',
  'order:place',
] as const

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** OVHcloud API v2 okms schema, `okms.credential.Creation`: `identityURNs`. */
const MOST_IDENTITIES = 25

/** One value, read from text; what the reader throws becomes the mistake, its hint the mend. */
const word = <T>(read: (text: string) => T) =>
  z.unknown().transform((value, context): T => {
    try {
      return read(textOf(value))
    } catch (error) {
      if (!(error instanceof BotError)) throw error
      context.issues.push({
        code: 'custom',
        input: value,
        message: error.message,
        params: { mend: error.hint ?? '' },
      })
      return z.NEVER
    }
  })

/** Whole numbers come as bigint, so that a Discord id without quotes keeps its digits. */
function textOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'bigint') return String(value).trim()
  if (value === undefined) throw wrong('A value is missing here.', 'Write it, as demo/policy.yaml shows.')
  if (value === null) throw wrong('The value is empty.', 'Write one, or take the line away.')
  throw wrong(
    'This is not a single word.',
    'Write one value; put it in quotes if it looks like something else.',
  )
}

/** One or more; a single value may stand without brackets. */
const list = <T>(item: z.ZodType<T>, most = Number.POSITIVE_INFINITY) =>
  z.preprocess(
    value => (Array.isArray(value) || value === undefined ? value : [value]),
    z.array(item).min(1).max(most),
  )
const listOrNone = <T>(item: z.ZodType<T>) =>
  z.preprocess(value => (Array.isArray(value) ? value : value === undefined ? [] : [value]), z.array(item))

/** A section that may be left out or left empty. */
const section = <T>(content: z.ZodType<T>, empty: unknown) => z.preprocess(value => value ?? empty, content)

const count = word(text => {
  if (!/^[1-9]\d?$/.test(text)) throw wrong(`"${text}" is not a number of people.`, 'Write 1 to 99.')
  return Number(text)
})
/** Most urgent last, each once. */
const thresholds = listOrNone(word(readThreshold)).transform(all => [...new Set(all)].sort((a, b) => b - a))

/** A name from another section; whether it is there, policy-references.ts says. */
const name = word(text => text)
const reference = word(readReference)
const identity = word(parseIdentityUrn)

const person = z.strictObject({
  discord: list(word(readAccount('discord'))).optional(),
  slack: list(word(readAccount('slack'))).optional(),
  console: list(word(readAccount('console'))).optional(),
})

const role = z.strictObject({
  people: listOrNone(name),
  discord: listOrNone(word(readGroup('discord'))),
  slack: listOrNone(word(readGroup('slack'))),
})

const grant = z.strictObject({
  allow: list(word(readPermission)),
  to: list(name),
  in: list(word(readPlacePattern)),
})

/** Every condition that is written must hold. */
const when = z.strictObject({
  validityOver: word(readValidityDays).optional(),
  okms: list(reference).optional(),
  cloud: list(reference).optional(),
  profile: list(name).optional(),
})

const approval = z.strictObject({
  for: list(word(text => oneOf(text, APPROVABLE, 'something that can wait for an approval'))),
  when: when.optional(),
  need: count.default(1),
  from: name,
  expires: word(readPeriod).default(8 * HOUR_MS),
  channel: word(readPlace).optional(),
})

const profile = z.strictObject({
  use: list(name),
  okms: reference.optional(),
  okmsAllowed: listOrNone(reference),
  identities: list(identity, MOST_IDENTITIES),
  identitiesAllowed: listOrNone(identity),
  type: word(text => oneOf(text, ['ECDSA', 'RSA'], 'a type of certificate')).optional(),
  key: word(text => oneOf(text, ['ovhcloud', 'bot', 'csr'], 'a way to make the key')).optional(),
  format: word(text => oneOf(text, ['pem', 'p12'], 'a file format')).optional(),
  maxValidity: word(readValidityDays).default(365),
  mayOverride: listOrNone(word(text => oneOf(text, OVERRIDABLE, 'an option that can be overridden'))),
  channel: word(readPlace).optional(),
  reminders: thresholds.optional(),
})

/** `22:00-07:00`, or `none`. The zone stands beside it, and is added when the policy is put together. */
const quietHours = word(text => (text === 'none' ? null : parseQuietHours(text, 'UTC')))
const timeZone = word(parseTimeZone)

const channel = z.strictObject({
  thresholds: thresholds.optional(),
  quietHours: quietHours.optional(),
  timeZone: timeZone.optional(),
})

const reminders = z.strictObject({
  default: thresholds.default([30, 14, 7, 3, 1, 0].map(days => days * DAY_MS)),
  channel: word(readPlace).optional(),
  okms: section(z.record(z.string(), word(readPlace)), {}),
  quietHours: quietHours.default(null),
  timeZone: timeZone.default('UTC'),
  channels: section(z.record(z.string(), channel), {}),
})

export const policyFile = z.strictObject({
  people: section(z.record(z.string(), person), {}),
  roles: section(z.record(z.string(), role), {}),
  grants: section(z.array(grant), []),
  approvals: section(z.array(approval), []),
  profiles: section(z.record(z.string(), profile), {}),
  reminders: section(reminders, {}),
})

export type PolicyFile = z.output<typeof policyFile>

/** Where each kind of section stands (`*` for a name or a position), to say which settings it knows. */
export const SECTIONS: readonly { at: readonly string[]; what: string; settings: readonly string[] }[] = [
  { at: [], what: 'a policy file', settings: Object.keys(policyFile.shape) },
  { at: ['people', '*'], what: 'a person', settings: Object.keys(person.shape) },
  { at: ['roles', '*'], what: 'a role', settings: Object.keys(role.shape) },
  { at: ['grants', '*'], what: 'a grant', settings: Object.keys(grant.shape) },
  { at: ['approvals', '*'], what: 'an approval rule', settings: Object.keys(approval.shape) },
  {
    at: ['approvals', '*', 'when'],
    what: 'the condition of an approval rule',
    settings: Object.keys(when.shape),
  },
  { at: ['profiles', '*'], what: 'a profile', settings: Object.keys(profile.shape) },
  { at: ['reminders'], what: 'the reminders', settings: Object.keys(reminders.shape) },
  {
    at: ['reminders', 'channels', '*'],
    what: 'the reminders of a channel',
    settings: Object.keys(channel.shape),
  },
]
