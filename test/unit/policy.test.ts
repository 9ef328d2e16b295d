import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatPolicyMistakes, parsePolicy } from '../../src/bot/policy.js'
import type { Policy } from '../../src/bot/policy-model.js'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const FULL = read('../fixtures/policies/full.yaml')
const DEMO = read('../../demo/policy.yaml')

function policyOf(text: string): Policy {
  const parsed = parsePolicy(text)
  if (!parsed.ok) throw new Error(formatPolicyMistakes('policy.yaml', parsed.mistakes))
  return parsed.policy
}

function mistakesOf(text: string) {
  const parsed = parsePolicy(text)
  return parsed.ok ? [] : parsed.mistakes
}

/** The full policy with one thing changed; the text to change must be there. */
function changed(from: string, to: string): string {
  if (!FULL.includes(from)) throw new Error(`The fixture does not hold ${from}`)
  return FULL.replace(from, to)
}

describe('a policy file', () => {
  it('becomes plain data with units in its names', () => {
    const policy = policyOf(FULL)

    expect(policy.people).toEqual({
      ana: { discord: ['900000000000000001'], slack: ['U00ANA'], console: ['ana'] },
      bo: { discord: ['900000000000000002'], slack: ['U00BO', 'W00BO'] },
    })
    expect(policy.roles.operator).toEqual({
      people: ['ana'],
      groups: { discord: ['role:900000000000000010'], slack: ['group:S00OPS'] },
    })
    expect(policy.approvals[1]).toEqual({
      for: ['credential:issue'],
      when: { validityOverDays: 90, okms: null, cloud: null, profile: null },
      need: 1,
      from: 'approver',
      expiresMs: 2 * 3_600_000,
      channel: 'slack:C00SEC',
    })
    expect(policy.profiles.reader).toMatchObject({
      name: 'reader',
      maxValidityDays: 90,
      key: null,
      format: null,
    })
    expect(policy.remindBeforeMs.map(ms => ms / 86_400_000)).toEqual([30, 14, 7, 3, 1, 0])
  })

  it('says where and when reminders go, with the time zone beside the hours', () => {
    const night = { from: 22 * 60, to: 7 * 60 }

    expect(policyOf(FULL).reminders).toEqual({
      channel: 'slack:C00OPS',
      okms: { 'lab-kms': 'discord:900000000000000100' },
      quiet: { ...night, timeZone: 'Europe/Paris' },
      channels: {
        'slack:C00SEC': { remindBeforeMs: [7 * 86_400_000, 0], quiet: null },
        'discord:900000000000000100': {
          remindBeforeMs: null,
          quiet: { ...night, timeZone: 'America/New_York' },
        },
      },
    })
  })

  it('survives JSON unchanged, so that it can be published', () => {
    const policy = policyOf(FULL)

    expect(JSON.parse(JSON.stringify(policy))).toEqual(policy)
  })

  it('cannot be changed afterwards', () => {
    const policy = policyOf(FULL)

    expect(() => (policy.grants[0]!.to as string[]).push('everyone')).toThrow(TypeError)
    expect(Object.isFrozen(policy.profiles.reader!.identities)).toBe(true)
  })

  it('has a version that changes with every letter of the file', () => {
    expect(policyOf(FULL).version).toMatch(/^[0-9a-f]{12}$/)
    expect(policyOf(FULL).version).toBe(policyOf(FULL).version)
    expect(policyOf(`${FULL}# reviewed\n`).version).not.toBe(policyOf(FULL).version)
  })

  it('gives a rule 8 hours and one approver where it says nothing else', () => {
    const rule = policyOf(FULL).approvals[2]!

    expect(rule).toMatchObject({
      expiresMs: 8 * 3_600_000,
      channel: null,
      need: 2,
      for: ['credential:issue'],
    })
    expect(policyOf(changed('    need: 2\n', '')).approvals[2]!.need).toBe(1)
  })

  it('may leave sections out or empty, and then allows nothing', () => {
    const parsed = parsePolicy('people:\nroles: {}\n')

    expect(parsed).toMatchObject({ ok: true, policy: { grants: [], profiles: {} } })
    expect(parsed.ok && parsed.warnings.map(({ message }) => message)).toEqual(['Nobody may do anything.'])
  })
})

describe('the demo policy', () => {
  it('has nothing to complain about', () => {
    expect(parsePolicy(DEMO)).toMatchObject({ ok: true, warnings: [] })
  })

  it('begins with ana, who speaks when nobody is named', () => {
    expect(Object.keys(policyOf(DEMO).people)).toEqual(['ana', 'bo', 'cy', 'dee'])
  })
})

describe('a mistake in a policy file', () => {
  const ROOT = 'urn:v1:eu:identity:account:ab12345-ovh'
  it.each([
    ['an unknown section', 'approvals:', 'aprovals:', 14, 'aprovals', 'Did you mean approvals?'],
    [
      'an unknown setting of a rule',
      'expires: 2h',
      'expire: 2h',
      23,
      'approvals[1].expire',
      'Did you mean expires?',
    ],
    [
      'a setting nobody could mean',
      'maxValidity: 90d',
      'longest: 90d',
      36,
      'profiles.reader.longest',
      'Choose from: use, okms',
    ],
    ['a missing setting', '    to: [operator]\n', '', 8, 'grants[0].to', 'Add to:'],
    [
      'an unknown permission',
      'credential:issue, cloud',
      'credential:isue, cloud',
      8,
      'grants[0].allow[1]',
      'Did you mean credential:issue?',
    ],
    [
      'an approval for reading',
      'for: credential:issue',
      'for: read',
      25,
      'approvals[2].for[0]',
      'Choose from: credential:issue',
    ],
    ['an unknown person', 'people: [bo]', 'people: [boo]', 6, 'roles.approver.people[0]', 'Did you mean bo?'],
    [
      'an unknown role in a grant',
      'to: [approver]',
      'to: [aprover]',
      12,
      'grants[1].to[0]',
      'Did you mean approver?',
    ],
    [
      'an unknown role in a rule',
      'from: approver\n    expires: 2h',
      'from: nobody\n    expires: 2h',
      22,
      'approvals[1].from',
      'Add nobody under roles',
    ],
    [
      'an unknown role in a profile',
      'use: [operator]',
      'use: [operators]',
      31,
      'profiles.reader.use[0]',
      'Did you mean operator?',
    ],
    [
      'an unknown profile in a rule',
      'okms: prod-kms }',
      'profile: raeder }',
      26,
      'approvals[2].when.profile',
      'Did you mean reader?',
    ],
    [
      'a place on no platform',
      'slack:C00OPS, console:*]',
      'slak:C00OPS, console:*]',
      10,
      'grants[0].in[1]',
      'Did you mean slack:C00OPS?',
    ],
    [
      'a channel by its name',
      'discord:900000000000000100',
      'discord:ops',
      10,
      'grants[0].in[0]',
      'Copy Channel ID',
    ],
    ['a console channel with its mark', 'console:*]', '"console:#ops"]', 10, 'grants[0].in[2]', 'without #'],
    [
      'a pattern for one channel',
      'channel: slack:C00OPS',
      'channel: slack:*',
      38,
      'profiles.reader.channel',
      'such as slack:C00OPS',
    ],
    ['a star without quotes', '["*"]', '[*]', 13, '', 'Put a star in quotes: "*".'],
    [
      'a Slack name for a Slack id',
      'slack: U00ANA',
      'slack: "@ana"',
      2,
      'people.ana.slack[0]',
      'Copy member ID',
    ],
    [
      'a Slack channel for a group',
      'group:S00OPS',
      'group:C00OPS',
      5,
      'roles.operator.slack[0]',
      'such as group:S00OPS',
    ],
    ['one account of two people', 'U00BO,', 'U00ANA,', 3, 'people.bo.slack[0]', 'the one person who uses it'],
    [
      'a person without accounts',
      'bo: { discord: 900000000000000002, slack: [U00BO, W00BO] }',
      'bo: {}',
      3,
      'people.bo',
      'Write one',
    ],
    ['a name that is none', '  reader:\n', '  "read er":\n', 30, 'profiles.read er', 'Use up to 50 letters'],
    [
      'a name that JavaScript knows',
      '  ana: {',
      '  __proto__: {',
      2,
      'people.__proto__',
      'Use up to 50 letters',
    ],
    [
      'a duration without a unit',
      'expires: 2h',
      'expires: 2',
      23,
      'approvals[1].expires',
      'a number and a unit',
    ],
    ['no time to approve', 'expires: 2h', 'expires: 0h', 23, 'approvals[1].expires', 'such as 8h'],
    [
      'a validity of hours',
      'validityOver: 90d',
      'validityOver: 90h',
      20,
      'approvals[1].when.validityOver',
      '30d, 12w, 6mo, 1y',
    ],
    [
      'a validity over a year',
      'maxValidity: 90d',
      'maxValidity: 400d',
      36,
      'profiles.reader.maxValidity',
      'Write 1d to 365d.',
    ],
    [
      'a validity of no days',
      'maxValidity: 90d',
      'maxValidity: 0',
      36,
      'profiles.reader.maxValidity',
      'Write 1d to 365d.',
    ],
    [
      'a time of quiet that is none',
      '22:00-07:00',
      'nights',
      43,
      'reminders.quietHours',
      'such as 22:00-07:00',
    ],
    [
      'a time zone that is none',
      'Europe/Paris',
      'Europe/Lyon',
      44,
      'reminders.timeZone',
      'such as Europe/Paris',
    ],
    [
      'a channel that is no place',
      'slack:C00SEC: { thresholds',
      'slak:C00SEC: { thresholds',
      46,
      'reminders.channels.slak:C00SEC',
      'Did you mean slack:C00SEC?',
    ],
    [
      'a setting that no channel has',
      'thresholds: [7d, 0d]',
      'treshold: [7d, 0d]',
      46,
      'reminders.channels.slack:C00SEC.treshold',
      'Did you mean thresholds?',
    ],
    ['a threshold that is none', '[1d, 30d', '[1d, soon', 40, 'reminders.default[1]', 'a number and a unit'],
    ['no approver needed', 'need: 2', 'need: 0', 27, 'approvals[2].need', 'Write 1 to 99.'],
    [
      'a type of key OVHcloud does not make',
      'type: ECDSA',
      'type: ED25519',
      35,
      'profiles.reader.type',
      'Choose from: ECDSA, RSA.',
    ],
    [
      'a word that cannot be overridden',
      'format, csr]',
      'format, scr]',
      37,
      'profiles.reader.mayOverride[4]',
      'Did you mean csr?',
    ],
    [
      'any identity at all',
      'format, csr]',
      'identity]',
      37,
      'profiles.reader.mayOverride[3]',
      'identitiesAllowed',
    ],
    [
      'a bundle for an ECDSA key',
      'type: ECDSA',
      'format: p12',
      35,
      'profiles.reader.format',
      'Write type: RSA beside it',
    ],
    [
      'no identity',
      '["urn:v1:eu:identity:group:ab12345-ovh/reader"]',
      '[]',
      34,
      'profiles.reader.identities',
      'Add one',
    ],
    [
      'the root account',
      'urn:v1:eu:identity:group:ab12345-ovh/reader',
      ROOT,
      34,
      'profiles.reader.identities[0]',
      'Write a user, a group or a service account',
    ],
    [
      'the guide’s two words',
      'urn:v1:eu:identity:group:ab12345-ovh/reader',
      'urn:v1:labeu:identity:account:user:ab12345-ovh/reader1',
      34,
      'profiles.reader.identities[0]',
      'Write urn:v1:eu:identity:user:ab12345-ovh/reader1.',
    ],
    [
      'the internal test platform',
      'urn:v1:eu:identity',
      'urn:v1:labeu:identity',
      34,
      'profiles.reader.identities[0]',
      'Write urn:v1:eu:identity:group:ab12345-ovh/reader.',
    ],
    [
      'a kind of identity with a slip',
      'identity:group:',
      'identity:gruop:',
      34,
      'profiles.reader.identities[0]',
      'Did you mean group?',
    ],
    [
      'a group without a name',
      'ab12345-ovh/reader',
      'ab12345-ovh',
      34,
      'profiles.reader.identities[0]',
      '/<name>',
    ],
    [
      'no URN',
      'urn:v1:eu:identity:group:ab12345-ovh/reader',
      'reader',
      34,
      'profiles.reader.identities[0]',
      'Write urn:v1:eu:identity:user:',
    ],
    [
      'a list where settings belong',
      'channels:\n    slack:C00SEC: { thresholds: [7d, 0d], quietHours: none }\n    discord:900000000000000100: { timeZone: America/New_York }',
      'channels: [30d]',
      45,
      'reminders.channels',
      'Compare it with demo/policy.yaml.',
    ],
    [
      'settings where a list belongs',
      'grants:\n  - allow: [read, credential:issue, cloud:attach]\n    to: [operator]\n    in: [discord:900000000000000100, slack:C00OPS, console:*]\n  - allow: [read, approve]\n    to: [approver]\n    in: ["*"]',
      'grants: { read: operator }',
      7,
      'grants',
      'Compare it',
    ],
    ['an empty value', 'expires: 2h', 'expires:', 23, 'approvals[1].expires', 'take the line away'],
    ['the same setting twice', '    need: 2\n', '    need: 2\n    need: 1\n', 28, '', 'Keep one of the two'],
    ['a tab', '  default:', '\tdefault:', 40, '', 'Indent with spaces.'],
    ['a bracket left open', 'maxValidity: 90d', 'maxValidity: [90d', 37, '', 'Close the bracket'],
  ])('such as %s is told with its line and mend', (_, from, to, line, path, mend) => {
    const mistakes = mistakesOf(changed(from, to))

    expect(mistakes[0]).toMatchObject({ line, path, mend: expect.stringContaining(mend) })
    expect(mistakes[0]!.message).toMatch(/^\S.*\.$/)
  })

  it('says why the root account is refused', () => {
    const [mistake] = mistakesOf(changed('urn:v1:eu:identity:group:ab12345-ovh/reader', ROOT))

    expect(mistake!.message).toContain('passes every IAM check')
  })

  it('does not hide the next one: all are told at once, in the order of the file', () => {
    const text = changed('people: [bo]', 'people: [boo]')
      .replace('credential:issue, cloud', 'credential:isue, cloud')
      .replace('expires: 2h', 'expires: soon')
      .replace('  default', '  defalt')

    expect(mistakesOf(text).map(({ line, path }) => [line, path])).toEqual([
      [6, 'roles.approver.people[0]'],
      [8, 'grants[0].allow[1]'],
      [23, 'approvals[1].expires'],
      [40, 'reminders.defalt'],
    ])
  })

  it.each([[''], ['# nothing yet\n'], ['---\n']])('is a file that holds nothing (%j)', text => {
    expect(mistakesOf(text)).toEqual([
      { line: 1, path: '', message: 'The policy file is empty.', mend: expect.any(String) },
    ])
  })

  it('is a file whose aliases explode', () => {
    const rows = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (const [i, c] of [...'bcdefgh'].entries()) {
      const before = 'abcdefgh'[i]
      rows.push(`${c}: &${c} [${Array(10).fill(`*${before}`).join(', ')}]`)
    }

    expect(mistakesOf(rows.join('\n'))[0]!.message).toContain('aliases')
  })

  it('reads as one line that an editor can jump to', () => {
    const mistakes = mistakesOf(changed('[read, approve]', '[reed, approve]'))

    expect(formatPolicyMistakes('policy.yaml', mistakes)).toBe(
      'policy.yaml:11  grants[1].allow[0]  "reed" is not a permission. Did you mean read?',
    )
  })
})

describe('a surprise in a policy file', () => {
  const surprisesIn = (text: string) => {
    const parsed = parsePolicy(text)
    if (!parsed.ok) throw new Error(formatPolicyMistakes('policy.yaml', parsed.mistakes))
    return parsed.warnings
  }
  const demo = (from: string, to: string) => {
    if (!DEMO.includes(from)) throw new Error(`The demo policy does not hold ${from}`)
    return surprisesIn(DEMO.replace(from, to))
  }

  it('is a voting role with nobody in it', () => {
    const [warning] = demo('approver: { people: [bo, cy] }', 'approver: {}')

    expect(warning).toMatchObject({
      path: 'roles.approver',
      message: 'Nobody is in role approver, and approvals wait for it.',
    })
  })

  it('is a request whose only voter is the one who asks', () => {
    const warnings = demo('approver: { people: [bo, cy] }', 'approver: { people: [cy] }')

    expect(warnings[0]!.message).toBe(
      'A request of cy cannot be approved: 1 of role approver must approve, the requester never counts, and 1 may.',
    )
  })

  it('is a voting role that may not approve', () => {
    const warnings = demo('allow: [read, approve, operate, audit]', 'allow: [read, operate, audit]')

    expect(warnings[0]!.message).toBe('Role approver is asked for approval but is not allowed to approve.')
  })

  it('is a profile that nobody can use', () => {
    const warnings = demo('credential:issue, credential:revoke, ', '')

    expect(warnings.map(({ path }) => path)).toEqual(['profiles.reader.use', 'profiles.vcenter.use'])
  })

  it('is a credential that nobody would be reminded of', () => {
    const [warning] = demo('  channel: console:ops # for', '  # for')

    expect(warning).toMatchObject({
      path: 'reminders',
      mend: expect.stringContaining('channel: slack:C00OPS'),
    })
  })

  it('is people of one platform who could only be approved from another', () => {
    const warnings = surprisesIn(FULL)

    expect(warnings.map(({ path }) => path)).toEqual([])
    const onSlackOnly = surprisesIn(FULL.replace('bo: { discord: 900000000000000002, ', 'bo: { '))
    expect(onSlackOnly[0]).toMatchObject({
      line: 17,
      message: expect.stringContaining('who asks by a group on discord'),
    })
  })
})
