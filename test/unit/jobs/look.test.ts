/** What a look at one credential leads to: thresholds, snooze, quiet hours, nobody to tell. */
import { describe, expect, it } from 'vitest'
import { look } from '../../../jobs/reminders/look.js'
import { parsePolicy } from '../../../src/bot/policy.js'
import { rulesOf } from '../../../src/bot/reminder-rules.js'
import { DAY_MS as DAY } from '../../../src/core/duration.js'
import type { Followed, Reminded } from '../../../src/core/ports/ledger.js'
import type { ChannelChoice } from '../../../src/core/ports/reminders.js'

const HOUR = 3_600_000
/** Midnight in UTC; one in the morning in Paris. */
const START = Date.UTC(2027, 0, 10)
const policyWith = (reminders: string) => {
  const parsed = parsePolicy(`
people: { ana: { console: ana, slack: U00ANA } }
roles: { operator: { people: [ana] } }
grants: [{ allow: [credential:issue, reminders:manage], to: [operator], in: ["*"] }]
profiles:
  writer: { use: [operator], identities: ["urn:v1:eu:identity:group:ab12345-ovh/writer"], channel: slack:C00WRITE, reminders: [5d, 0d] }
reminders: ${reminders}
`)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  return parsed.policy
}
const RULES =
  '{ channel: console:ops, okms: { lab-kms: console:lab }, channels: { "console:lab": { thresholds: [9d, 0d], quietHours: 22:00-07:00, timeZone: Europe/Paris } } }'
const rules = (reminders = RULES, chosen: [string, ChannelChoice][] = []) =>
  rulesOf(policyWith(reminders), new Map(chosen))

const ana = { platform: 'console', id: 'ana', name: 'ana' } as const
const entry = (more: Partial<Followed> = {}, reminded: Partial<Reminded> = {}): Followed => ({
  credentialId: 'c',
  okmsId: 'o',
  okmsName: 'prod-kms',
  name: 'backup',
  profile: null,
  owner: null,
  channel: null,
  runId: null,
  fromCsr: false,
  startsAt: new Date(START).toISOString(),
  expiresAt: new Date(START + 90 * DAY).toISOString(),
  ...more,
  reminded: { toldMs: null, cards: [], snoozed: null, stale: false, ...reminded },
})
const at = (days: number) => START + days * DAY

describe('a look', () => {
  it('waits for the next threshold, and announces the most urgent that is crossed', () => {
    expect(look(entry(), rules(), at(0))).toEqual({ what: 'wait', lookAtMs: at(60) })
    expect(look(entry(), rules(), at(84))).toMatchObject({
      what: 'announce',
      beforeMs: 7 * DAY,
      lookAtMs: at(87),
      target: { conversation: { platform: 'console', id: 'ops' } },
    })
    expect(look(entry(), rules(), at(90))).toMatchObject({ beforeMs: 0, lookAtMs: null })
  })

  it('says nothing twice, and nothing less urgent after something more urgent', () => {
    expect(look(entry({}, { toldMs: 14 * DAY }), rules(), at(77))).toEqual({ what: 'wait', lookAtMs: at(83) })
    expect(look(entry({}, { toldMs: 3 * DAY }), rules(), at(80))).toEqual({ what: 'wait', lookAtMs: at(89) })
    expect(look(entry({}, { toldMs: 0 }), rules(), at(500))).toEqual({ what: 'wait', lookAtMs: null })
  })

  it('rewrites what is stale, and leaves in peace what is solved', () => {
    const solution = { how: 'revoked', by: 'ana', at: '' } as const
    expect(look(entry({ solution }, { stale: true }), rules(), at(89))).toEqual({ what: 'rewrite' })
    expect(look(entry({ solution }), rules(), at(89))).toEqual({ what: 'wait', lookAtMs: null })
  })

  it('waits out a snooze and says at its end what is most urgent then, told or not', () => {
    const snoozed = { untilMs: at(80), by: 'ana' }
    expect(look(entry({}, { toldMs: 14 * DAY, snoozed }), rules(), at(79))).toEqual({
      what: 'wait',
      lookAtMs: at(80),
    })
    expect(look(entry({}, { toldMs: 14 * DAY, snoozed }), rules(), at(80))).toMatchObject({
      what: 'announce',
      beforeMs: 14 * DAY,
      lookAtMs: at(83),
    })
  })

  it('keeps the quiet of its channel, but not in the last 24 hours', () => {
    const lab = entry({ okmsName: 'lab-kms' })
    // Nine days before the end it is one in the morning in Paris in winter, and two in summer: 10 April.
    expect(look(lab, rules(), at(81))).toEqual({ what: 'wait', lookAtMs: at(81) + 5 * HOUR })
    expect(look(lab, rules(), at(81) + 5 * HOUR)).toMatchObject({ what: 'announce', beforeMs: 9 * DAY })
    expect(look(lab, rules(), at(89))).toMatchObject({ what: 'announce', beforeMs: 9 * DAY })
    const soon = entry({ okmsName: 'lab-kms', expiresAt: new Date(at(90) + HOUR).toISOString() })
    expect(look(soon, rules(), at(89))).toEqual({ what: 'wait', lookAtMs: at(89) + HOUR })
  })

  it('tells the owner where there is no channel, and asks again later where there is neither', () => {
    const nowhere = rules('{ default: [30d, 0d] }')
    expect(look(entry({ owner: ana }), nowhere, at(61))).toMatchObject({
      what: 'announce',
      target: { to: 'person', actor: ana },
    })
    expect(look(entry(), nowhere, at(61))).toEqual({ what: 'nobody', lookAtMs: at(61) + HOUR })
  })
})

describe('the rules', () => {
  const asked = { platform: 'discord', id: '1', name: '#asked', kind: 'channel' } as const
  const choice = { beforeMs: [2 * DAY], quiet: null, by: 'ana', at: '' }

  it('give a channel by profile, then where it was asked for, then by OKMS, then the default', () => {
    const channel = (more: Partial<Followed>) => rules().channelOf(entry(more))
    expect(channel({ name: 'writer', channel: asked })).toMatchObject({ platform: 'slack', id: 'C00WRITE' })
    expect(channel({ channel: asked, okmsName: 'lab-kms' })).toEqual(asked)
    expect(channel({ okmsName: 'lab-kms' })).toMatchObject({ id: 'lab' })
    expect(channel({ name: 'constructor' })).toMatchObject({ id: 'ops' })
  })

  it('give thresholds as chosen there, then by profile, then by channel, then the default', () => {
    const writer = entry({ name: 'writer' })
    const chosen = rules(RULES, [['console:lab', choice]])
    expect(chosen.thresholdsOf(writer, 'console:lab')).toEqual({
      beforeMs: [2 * DAY],
      from: 'chosen here by ana',
    })
    expect(rules().thresholdsOf(writer, 'console:lab').beforeMs).toEqual([5 * DAY, 0])
    expect(rules().thresholdsOf(entry(), 'console:lab').beforeMs).toEqual([9 * DAY, 0])
    expect(rules().thresholdsOf(entry(), 'console:ops').beforeMs).toHaveLength(6)
  })

  it('have another version once anything is chosen', () => {
    expect(rules().version).toBe(rules().version)
    expect(rules(RULES, [['console:lab', choice]]).version).not.toBe(rules().version)
  })

  it('know people by every account of theirs', () => {
    const onSlack = { platform: 'slack', id: 'U00ANA', name: 'Ana' } as const
    expect(rules().accountOn(ana, 'slack')).toEqual({ ...onSlack, name: 'ana' })
    expect(rules().accountOn(ana, 'discord')).toBeNull()
    expect(rules().isSame(ana, onSlack)).toBe(true)
    expect(rules().isSame({ ...ana, id: 'x' }, { ...onSlack, id: 'y' })).toBe(false)
    expect(rules().managersIn(asked)).toEqual([])
    expect(rules().managersIn({ platform: 'slack', id: 'C1', name: '', kind: 'channel' })).toEqual([
      { ...onSlack, name: 'ana' },
    ])
  })
})
