/**
 * Whether the names in a policy file fit together. Works on the file as written, not on the typed policy, so that a wrong
 * permission on one line and an unknown role on another are found in one reading.
 */
import { BotError } from '../core/errors.js'
import { didYouMean } from '../core/suggest.js'
import type { Finding } from './policy-model.js'
import { PLATFORMS, readName, readPlace } from './policy-words.js'

type Path = readonly (string | number)[]

export function findWrongReferences(file: unknown): Finding[] {
  const people = entriesOf(file, ['people'])
  const roles = entriesOf(file, ['roles'])
  const profiles = entriesOf(file, ['profiles'])
  const roleNames = roles.map(({ key }) => String(key))

  return [
    ...[...people, ...roles, ...profiles].flatMap(badName),
    ...accountsOfTwo(people),
    ...roles.flatMap(role =>
      unknown(
        'person',
        'people',
        people.map(({ key }) => String(key)),
        wordsOf(role, 'people'),
      ),
    ),
    ...entriesOf(file, ['grants']).flatMap(grant =>
      unknown('role', 'roles', roleNames, wordsOf(grant, 'to')),
    ),
    ...entriesOf(file, ['approvals']).flatMap(rule => [
      ...unknown('role', 'roles', roleNames, wordsOf(rule, 'from')),
      ...entriesOf(rule.value, ['when'], [...rule.path, 'when'])
        .filter(({ key }) => key === 'profile')
        .flatMap(({ value, path }) =>
          unknown(
            'profile',
            'profiles',
            profiles.map(({ key }) => String(key)),
            texts(value, path),
          ),
        ),
    ]),
    ...profiles.flatMap(profile => unknown('role', 'roles', roleNames, wordsOf(profile, 'use'))),
    ...profiles.flatMap(contradictions),
    ...entriesOf(file, ['reminders', 'channels']).flatMap(({ key, path }) =>
      refused(path, () => readPlace(String(key))),
    ),
  ]
}

interface Entry {
  key: string | number
  value: unknown
  path: Path
}

/** What a mapping or a sequence holds, wherever it stands; nothing when there is none. */
function entriesOf(file: unknown, inside: Path, path: Path = inside): Entry[] {
  let value = file
  for (const key of inside)
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  if (Array.isArray(value))
    return value.map((item: unknown, key) => ({ key, value: item, path: [...path, key] }))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([key, item]: [string, unknown]) => ({
    key,
    value: item,
    path: [...path, key],
  }))
}

const wordsOf = (entry: Entry, setting: string) =>
  entriesOf(entry.value, [], entry.path)
    .filter(({ key }) => key === setting)
    .flatMap(({ value, path }) => texts(value, path))

function texts(value: unknown, path: Path): { text: string; path: Path }[] {
  const items = Array.isArray(value)
    ? value.map((item: unknown, i) => ({ item, path: [...path, i] }))
    : [{ item: value, path }]
  return items.flatMap(({ item, path }) =>
    typeof item === 'string' || typeof item === 'bigint' ? [{ text: String(item).trim(), path }] : [],
  )
}

function unknown(
  what: string,
  section: string,
  known: readonly string[],
  named: { text: string; path: Path }[],
): Finding[] {
  return named
    .filter(({ text }) => !known.includes(text))
    .map(({ text, path }) => {
      const meant = didYouMean(text, known)
      const mend = meant ? `Did you mean ${meant}?` : `Add ${text} under ${section}, or take it away here.`
      return { path, message: `There is no ${what} "${text}" under ${section}.`, mend }
    })
}

const badName = ({ key, path }: Entry) => refused(path, () => readName(String(key)))

function refused(path: Path, read: () => unknown): Finding[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof BotError)) throw error
    return [{ path, message: error.message, mend: error.hint ?? '' }]
  }
}

/** One account stands for one person, or else one human could approve their own request. */
function accountsOfTwo(people: readonly Entry[]): Finding[] {
  const owners = new Map<string, string | number>()
  const found: Finding[] = []
  for (const person of people) {
    const accounts = PLATFORMS.flatMap(platform =>
      wordsOf(person, platform).map(account => ({ platform, ...account })),
    )
    if (accounts.length === 0 && typeof person.value === 'object') {
      found.push({
        path: person.path,
        message: `Person ${person.key} has no account.`,
        mend: `Write one, such as ${person.key}: { slack: U00ANA }.`,
      })
    }
    for (const { platform, text, path } of accounts) {
      const owner = owners.get(`${platform}:${text}`)
      if (owner !== undefined && owner !== person.key) {
        found.push({
          path,
          message: `The ${platform} account ${text} belongs to ${owner} already.`,
          mend: 'Leave it with the one person who uses it.',
        })
      }
      owners.set(`${platform}:${text}`, person.key)
    }
  }
  return found
}

function contradictions(profile: Entry): Finding[] {
  const found: Finding[] = []
  const may = wordsOf(profile, 'mayOverride').find(({ text }) => text === 'identity')
  if (may && wordsOf(profile, 'identitiesAllowed').length === 0) {
    found.push({
      path: may.path,
      message: `Profile ${profile.key} leaves the identity to the person without saying which ones are allowed.`,
      mend: 'List them under identitiesAllowed, or take identity out of mayOverride.',
    })
  }
  const bundle = wordsOf(profile, 'format').find(({ text }) => text === 'p12')
  const type = wordsOf(profile, 'type')[0]?.text ?? 'ECDSA'
  if (bundle && type !== 'RSA') {
    found.push({
      path: bundle.path,
      message: `Profile ${profile.key} asks for a p12 file with an ${type} key, and p12 files are made for RSA keys only.`,
      mend: 'Write type: RSA beside it, or format: pem.',
    })
  }
  return found
}
