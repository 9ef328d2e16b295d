/**
 * The single values of a policy file, each read from text: names, accounts, places, durations, permissions.
 * Every reader throws BotError `input.invalid` whose message says what is wrong and whose hint is the mend.
 */
import type { PlatformName } from '../core/actor.js'
import { DAY_MS, parseDays, parseDuration } from '../core/duration.js'
import { BotError } from '../core/errors.js'
import { PERMISSIONS, type Permission } from '../core/permission.js'
import { didYouMean } from '../core/suggest.js'

export const PLATFORMS: readonly PlatformName[] = ['discord', 'slack', 'console']

/** OVHcloud makes no credential that lives longer. OVHcloud API v2 okms schema, `okms.credential.Creation`. */
const LONGEST_VALIDITY_DAYS = 365
/** Keeps a rule from waiting, or a reminder from resting, longer than anything the bot looks after. */
const LONGEST_MS = 365 * DAY_MS

/** Ids as the vendors write them; 64-bit numbers on Discord, upper-case words on Slack. */
const SNOWFLAKE = /^\d{15,20}$/
const ACCOUNTS: Record<PlatformName, { shape: RegExp; mend: string }> = {
  discord: {
    shape: SNOWFLAKE,
    mend: 'Write the numeric user id: with developer mode on, right-click the person › Copy User ID.',
  },
  slack: {
    shape: /^[UW][A-Z0-9]{2,}$/,
    mend: 'Write the member id, such as U00ANA: profile › ⋮ › Copy member ID.',
  },
  console: {
    shape: /^[a-z0-9][a-z0-9._-]{0,39}$/i,
    mend: 'Write one word of letters and digits, such as ana.',
  },
}
const PLACES: Record<PlatformName, { shape: RegExp; mend: string }> = {
  discord: {
    shape: SNOWFLAKE,
    mend: 'Write discord:<channel id>: with developer mode on, right-click the channel › Copy Channel ID.',
  },
  slack: {
    shape: /^[CGD][A-Z0-9]{2,}$/,
    mend: 'Write slack:<channel id>, such as slack:C00OPS: channel details › Copy channel ID.',
  },
  console: {
    shape: /^[a-z0-9][a-z0-9._-]{0,39}$/i,
    mend: 'Write console:<name> without #, such as console:ops.',
  },
}
const GROUPS = {
  discord: {
    shape: /^role:\d{15,20}$/,
    mend: 'Write role:<role id>: server settings › roles › ⋯ › Copy Role ID.',
  },
  slack: { shape: /^group:S[A-Z0-9]{2,}$/, mend: 'Write group:<user group id>, such as group:S00OPS.' },
} as const

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/

/** The name of a person, role or profile. A profile's is a credential's name too, hence at most 50 characters (OVHcloud API v2 okms schema). */
export function readName(text: string): string {
  if (!NAME.test(text)) {
    throw wrong(
      `"${text}" cannot be a name.`,
      'Use up to 50 letters, digits, dots, dashes and underscores, beginning with a letter or digit.',
    )
  }
  return text
}

export const readAccount = (platform: PlatformName) => (text: string) => {
  if (!ACCOUNTS[platform].shape.test(text))
    throw wrong(`"${text}" is not a ${platform} account.`, ACCOUNTS[platform].mend)
  return text
}

export const readGroup = (platform: keyof typeof GROUPS) => (text: string) => {
  if (!GROUPS[platform].shape.test(text))
    throw wrong(`"${text}" is not a group of people on ${platform}.`, GROUPS[platform].mend)
  return text
}

/** One conversation: `slack:C00OPS`. */
export function readPlace(text: string): string {
  const [platform, id] = splitPlace(text)
  if (id === '*') throw wrong(`"${text}" names many places where one is needed.`, PLACES[platform].mend)
  return placeOf(text, platform, id)
}

/** One conversation, all of a platform (`slack:*`) or all there are (`*`). */
export function readPlacePattern(text: string): string {
  if (text === '*') return text
  const [platform, id] = splitPlace(text)
  return id === '*' ? text : placeOf(text, platform, id)
}

function splitPlace(text: string): [PlatformName, string] {
  const colon = text.indexOf(':')
  const word = colon < 0 ? text : text.slice(0, colon)
  const platform = PLATFORMS.find(known => known === word)
  if (colon < 0 || platform === undefined) {
    const meant = didYouMean(word, PLATFORMS)
    throw wrong(
      `"${text}" is not a place.`,
      meant
        ? `Did you mean ${meant}:${colon < 0 ? '<channel>' : text.slice(colon + 1)}?`
        : 'Write discord:<channel id>, slack:<channel id>, console:<name>, a whole platform such as slack:*, or "*".',
    )
  }
  return [platform, text.slice(colon + 1)]
}

function placeOf(text: string, platform: PlatformName, id: string): string {
  if (!PLACES[platform].shape.test(id))
    throw wrong(`"${text}" is not a place on ${platform}.`, PLACES[platform].mend)
  return text
}

export function readPermission(text: string): Permission {
  return oneOf(text, PERMISSIONS, 'a permission')
}

/** @param what the kind of word, with its article: `a permission` */
export function oneOf<const W extends readonly string[]>(text: string, words: W, what: string): W[number] {
  const found = words.find(word => word === text)
  if (found !== undefined) return found
  const meant = didYouMean(text, words)
  throw wrong(
    `"${text}" is not ${what}.`,
    meant ? `Did you mean ${meant}?` : `Choose from: ${words.join(', ')}.`,
  )
}

/** Days of a credential's life, 1 to 365. */
export function readValidityDays(text: string): number {
  const days = parseDays(text, 'validity')
  if (days < 1 || days > LONGEST_VALIDITY_DAYS) {
    throw wrong(`"${text}" is outside what OVHcloud allows.`, 'Write 1d to 365d.')
  }
  return days
}

/** Milliseconds, more than none. */
export function readPeriod(text: string): number {
  const ms = readThreshold(text)
  if (ms === 0) throw wrong(`"${text}" is no time at all.`, 'Write how long, such as 8h.')
  return ms
}

/** Milliseconds before an expiry, none included. */
export function readThreshold(text: string): number {
  const ms = parseDuration(text, 'duration')
  if (ms > LONGEST_MS) throw wrong(`"${text}" is longer than a year.`, 'Write at most 365d.')
  return ms
}

/** Whether a text is an OKMS, a Private Cloud … cannot be known here; only that it is one line. */
export function readReference(text: string): string {
  if (text.trim() === '' || text.length > 100 || /[\r\n]/.test(text))
    throw wrong('The value is not a name or an id.', 'Write one name or id.')
  return text.trim()
}

export function wrong(message: string, mend: string): BotError {
  return new BotError('input.invalid', message, { hint: mend })
}
