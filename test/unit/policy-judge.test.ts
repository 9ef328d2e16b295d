import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../src/bot/policy.js'
import {
  approvalRuleFor,
  identify,
  may,
  profile,
  profilesFor,
  rolesOf,
  whoMay,
} from '../../src/bot/policy-judge.js'
import type { Policy } from '../../src/bot/policy-model.js'
import type { Actor, Conversation, PlatformName } from '../../src/core/actor.js'
import { PERMISSIONS, type Permission } from '../../src/core/permission.js'
import { mayUseOkms } from '../../src/core/ports/profiles.js'

function policyIn(path: string): Policy {
  const parsed = parsePolicy(readFileSync(new URL(path, import.meta.url), 'utf8'))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  return parsed.policy
}

const full = policyIn('../fixtures/policies/full.yaml')
const demo = policyIn('../../demo/policy.yaml')

const account = (platform: PlatformName, id: string, groups?: string[]): Actor => ({
  platform,
  id,
  name: `somebody called ${id}`,
  ...(groups ? { groups } : {}),
})
const channel = (platform: PlatformName, id: string): Conversation => ({
  platform,
  id,
  name: id,
  kind: 'channel',
})
const thread = (platform: PlatformName, id: string, parent: string): Conversation => ({
  ...channel(platform, id),
  kind: 'thread',
  parent,
})
const dm = (platform: PlatformName, id: string): Conversation => ({ ...channel(platform, id), kind: 'dm' })

const anaOnSlack = account('slack', 'U00ANA')
const boOnSlack = account('slack', 'U00BO')
const opsOnDiscord = account('discord', '900000000000000077', ['role:900000000000000010'])

describe('who somebody is', () => {
  it.each([
    ['discord', '900000000000000001', 'ana'],
    ['slack', 'U00ANA', 'ana'],
    ['console', 'ana', 'ana'],
    ['slack', 'W00BO', 'bo'],
    ['slack', 'ana', undefined],
    ['discord', 'U00ANA', undefined],
    ['console', 'toString', undefined],
  ] as const)('on %s as %s is the person %s', (platform, id, person) => {
    expect(identify(full, account(platform, id)).person).toBe(person)
  })

  it('is never what the account says of itself', () => {
    const pretender = { ...account('slack', 'U00EVE'), person: 'ana' }

    expect(identify(full, pretender)).not.toHaveProperty('person')
    expect(rolesOf(full, pretender)).toEqual([])
    expect(may(full, pretender, channel('slack', 'C00OPS'), 'read')).toBe(false)
  })
})

describe('roles', () => {
  it.each([
    ['a listed person', anaOnSlack, ['operator']],
    ['a member of a Discord role', opsOnDiscord, ['operator']],
    [
      'a member of a Slack group',
      account('slack', 'U00NEW', ['group:S00OPS', 'group:S00SEC']),
      ['operator', 'approver'],
    ],
    ['a listed person in a group', account('slack', 'U00BO', ['group:S00OPS']), ['operator', 'approver']],
    [
      'a mark of another platform',
      account('console', 'zoe', ['group:S00OPS', 'role:900000000000000010']),
      [],
    ],
    ['somebody unknown', account('slack', 'U00EVE'), []],
  ])('come from what is known of %s', (_, actor, roles) => {
    expect(rolesOf(full, actor)).toEqual(roles)
  })
})

describe('permission', () => {
  const ops = channel('slack', 'C00OPS')
  it.each<[string, Actor, Conversation, Permission, boolean]>([
    ['where the grant says', anaOnSlack, ops, 'credential:issue', true],
    ['not in another channel', anaOnSlack, channel('slack', 'C00SEC'), 'credential:issue', false],
    ['not in a channel of that id elsewhere', anaOnSlack, channel('console', 'C00OPS2'), 'approve', false],
    ['not for what was not granted', anaOnSlack, ops, 'credential:revoke', false],
    [
      'in a thread of the channel',
      anaOnSlack,
      thread('slack', '1700000000.1', 'C00OPS'),
      'credential:issue',
      true,
    ],
    [
      'not in a thread of another channel',
      anaOnSlack,
      thread('slack', 'C00OPS', 'C00SEC'),
      'credential:issue',
      false,
    ],
    ['anywhere on a granted platform', account('console', 'ana'), channel('console', 'sec'), 'read', true],
    [
      'in a direct message of a granted platform',
      account('console', 'ana'),
      dm('console', 'ana'),
      'credential:issue',
      true,
    ],
    [
      'not in a direct message by a grant for a channel',
      anaOnSlack,
      dm('slack', 'C00OPS'),
      'credential:issue',
      false,
    ],
    ['in a direct message by a grant for all places', boOnSlack, dm('slack', 'D00BO'), 'approve', true],
    ['everywhere by a star', boOnSlack, channel('slack', 'C00ANY'), 'approve', true],
    ['by a group of the platform', opsOnDiscord, channel('discord', '900000000000000100'), 'read', true],
    [
      'for a person who clicks from another platform',
      anaOnSlack,
      channel('discord', '900000000000000100'),
      'read',
      true,
    ],
    ['not for somebody unknown', account('slack', 'U00EVE'), ops, 'read', false],
  ])('is given %s', (_, actor, place, permission, allowed) => {
    expect(may(full, actor, place, permission)).toBe(allowed)
  })

  it('is nobody’s without a grant', () => {
    const parsed = parsePolicy('people: { ana: { console: ana } }\nroles: { operator: { people: [ana] } }\n')
    const policy = parsed.ok ? parsed.policy : null

    for (const permission of PERMISSIONS) {
      expect(may(policy!, account('console', 'ana'), channel('console', 'ops'), permission)).toBe(false)
    }
  })
})

describe('the demo', () => {
  const rights = (who: string) =>
    PERMISSIONS.filter(permission =>
      may(demo, account('console', who), channel('console', 'ops'), permission),
    )

  it('gives each of the four what the documentation says', () => {
    expect(rights('ana')).toEqual([
      'read',
      'credential:issue',
      'credential:revoke',
      'key:manage',
      'cloud:attach',
      'cloud:detach',
      'reminders:manage',
    ])
    expect(rights('bo')).toEqual(['read', 'approve', 'operate', 'audit'])
    expect(rights('cy')).toEqual([...PERMISSIONS])
    expect(rights('dee')).toEqual([])
  })

  it.each([
    ['cloud:attach', {}, true],
    ['cloud:detach', {}, true],
    ['order:place', {}, true],
    ['credential:issue', { validityDays: 91 }, true],
    ['credential:issue', { validityDays: 90 }, false],
    ['credential:revoke', {}, false],
  ] as const)('asks approval for %s with %j: %s', (permission, facts, asks) => {
    expect(approvalRuleFor(demo, permission, facts)?.need).toBe(asks ? 1 : undefined)
  })
})

describe('a refusal', () => {
  it('can name who may do it here', () => {
    expect(whoMay(demo, 'credential:issue', channel('console', 'ops'))).toEqual([
      { role: 'operator', people: ['ana', 'cy'] },
    ])
    expect(whoMay(full, 'credential:issue', channel('slack', 'C00SEC'))).toEqual([])
    expect(whoMay(full, 'read', channel('slack', 'C00OPS'))).toEqual([
      { role: 'operator', people: ['ana'] },
      { role: 'approver', people: ['bo'] },
    ])
  })
})

describe('profiles', () => {
  it('are for the roles they name', () => {
    expect(profilesFor(full, anaOnSlack).map(({ name }) => name)).toEqual(['reader'])
    expect(profilesFor(full, boOnSlack)).toEqual([])
  })

  it('are found by their own name alone', () => {
    expect(profile(full, 'reader')?.okms).toBe('prod-kms')
    expect(profile(full, 'raeder')).toBeNull()
    expect(profile(full, 'constructor')).toBeNull()
  })

  const okms = (name: string) => ({ id: `id-of-${name}`, name })
  const base = profile(full, 'reader')!
  it.each([
    ['the default', base, 'prod-kms', true],
    ['one of those allowed', base, 'lab-kms', true],
    ['one that is not listed', base, 'other-kms', false],
    ['any, where overriding is allowed without a list', { ...base, okmsAllowed: [] }, 'other-kms', true],
    [
      'no other, where overriding is not allowed',
      { ...base, okmsAllowed: [], mayOverride: [] },
      'lab-kms',
      false,
    ],
    ['an id in place of a name', { ...base, okms: 'id-of-other-kms', okmsAllowed: [] }, 'other-kms', true],
    ['any, where none is named', { ...base, okms: null, okmsAllowed: [], mayOverride: [] }, 'lab-kms', true],
  ])('lead to %s', (_, given, name, allowed) => {
    expect(mayUseOkms(given, okms(name))).toBe(allowed)
  })
})

describe('the approval rule', () => {
  it.each([
    ['long enough', { validityDays: 91 }, 1],
    ['not long enough', { validityDays: 90 }, undefined],
    ['strictest of two', { validityDays: 200, okms: ['e90c', 'prod-kms'] }, 2],
    ['only the one whose OKMS fits', { validityDays: 200, okms: ['lab-kms'] }, 1],
    ['strict where a fact is not known', {}, 2],
  ])('for a credential that is %s (%j) asks for %s', (_, facts, need) => {
    expect(approvalRuleFor(full, 'credential:issue', facts)?.need).toBe(need)
  })

  it('is absent for what no rule names', () => {
    expect(approvalRuleFor(full, 'key:manage')).toBeNull()
  })
})
