/** User groups: read once a minute, and nobody is a member of what cannot be read. */
import { beforeEach, expect, it } from 'vitest'
import { BotError } from '../../../../src/core/errors.js'
import type { Log } from '../../../../src/core/ports/log.js'
import { createUserGroups } from '../../../../src/platforms/slack/groups.js'

let now = 0
let reads = 0
let warnings = 0
let answer: () => Promise<{ id: string; users: string[] }[]>
const log: Log = { debug() {}, info() {}, warn: () => void warnings++, error() {} }
const create = () =>
  createUserGroups(
    {
      userGroups: () => {
        reads++
        return answer()
      },
    },
    { now: () => now },
    log,
  )
const refused = (slackError: string) => async () => {
  throw new BotError('chat.refused', 'no', { details: { slackError } })
}

beforeEach(() => {
  now = 1_000_000
  reads = 0
  warnings = 0
  answer = async () => [
    { id: 'S00OPS', users: ['U00ANA', 'U00BO'] },
    { id: 'S00SEC', users: ['U00BO'] },
  ]
})

it('names the groups of a person, and reads once for many', async () => {
  const groups = create()

  expect(await Promise.all([groups.of('U00BO'), groups.of('U00ANA'), groups.of('U00DEE')])).toEqual([
    ['group:S00OPS', 'group:S00SEC'],
    ['group:S00OPS'],
    [],
  ])
  now += 59_000
  await groups.of('U00ANA')
  expect(reads).toBe(1)
})

it('sees a change after a minute', async () => {
  const groups = create()
  await groups.of('U00ANA')
  answer = async () => []

  now += 60_000

  expect(await groups.of('U00ANA')).toEqual([])
})

it('takes nobody for a member when reading fails, even whoever was one, and soon tries again', async () => {
  const groups = create()
  await groups.of('U00ANA')
  now += 60_000
  const good = answer
  answer = refused('missing_scope')

  expect(await groups.of('U00ANA')).toEqual([])
  expect(warnings).toBe(1)

  answer = good
  now += 5_000
  expect(await groups.of('U00ANA')).toEqual(['group:S00OPS'])
})

it('does without groups where the plan has none, and does not complain each time', async () => {
  answer = refused('plan_upgrade_required')
  const groups = create()

  expect(await groups.of('U00ANA')).toEqual([])
  now += 59_000
  await groups.of('U00ANA')

  expect([reads, warnings]).toEqual([1, 0])
})
