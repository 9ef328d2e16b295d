/** Votes: when they count, and whose. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createRequests } from '../../../src/bot/approve.js'
import { parsePolicy } from '../../../src/bot/policy.js'
import type { Actor } from '../../../src/core/actor.js'
import { movableClock } from '../../../src/core/ports/clock.js'
import { createApprovals } from '../../../src/store/approvals.js'
import type { RedisConnection } from '../../../src/store/redis.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

let server: TestRedis
let redis: RedisConnection
beforeAll(async () => {
  server = await startTestRedis()
  redis = server.connect()
})
afterAll(() => server?.stop())
beforeEach(() => redis.flushall())

const POLICY = (need: number) => `
people:
  ana: { discord: "900000000000000001" }
  bo: { slack: U00BO }
  cy: { slack: U00CY }
roles:
  operator: { people: [ana] }
  approver: { people: [bo, cy], discord: ["role:900000000000000010"] }
grants:
  - { allow: [read, cloud:attach], to: [operator], in: ["*"] }
  - { allow: [read, approve], to: [approver], in: ["*"] }
approvals:
  - { for: [cloud:attach], need: ${need}, from: approver, expires: 8h }
`
const ops = { platform: 'discord', id: '900000000000000100', name: '#ops', kind: 'channel' } as const
const ana: Actor = { platform: 'discord', id: '900000000000000001', name: 'ana' }
const bo: Actor = { platform: 'slack', id: 'U00BO', name: 'bo' }
const cy: Actor = { platform: 'slack', id: 'U00CY', name: 'cy' }
/** bo once more, whom the policy does not know there. */
const boOnDiscord: Actor = {
  platform: 'discord',
  id: '900000000000000002',
  name: 'bo',
  groups: ['role:900000000000000010'],
}
const clock = movableClock()

async function asked(need: number) {
  const parsed = parsePolicy(POLICY(need))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  const { policy } = parsed
  const approvals = createApprovals(redis)
  await approvals.open({
    runId: '7F3K9Q2M',
    title: 'Attach',
    requester: ana,
    conversation: ops,
    head: { key: '7F3K9Q2M/card', conversation: ops },
    permission: 'cloud:attach',
    facts: {},
    planHash: 'x',
    askedAt: new Date(clock.now()).toISOString(),
    expiresAt: new Date(clock.now() + 8 * 3_600_000).toISOString(),
  })
  const outbox = {
    put: async () => {},
    putOnce: async () => {},
    rewrite: async () => {},
    remove: async () => {},
    adopt: async () => {},
  }
  return (voter: Actor) => {
    const person = Object.keys(policy.people).find(name =>
      policy.people[name]?.[voter.platform]?.includes(voter.id),
    )
    const known = person === undefined ? voter : { ...voter, person }
    return createRequests(policy, known, { approvals, outbox, clock, poke: async () => {} }).approve(
      '7F3K9Q2M',
      null,
    )
  }
}

it('come too late once the time is over, though nobody has noted that yet', async () => {
  const approve = await asked(1)
  clock.moveTo(clock.now() + 9 * 3_600_000)

  await expect(approve(bo)).rejects.toThrow('It has expired')
})

it('of several are each of somebody whom the policy tells from the others', async () => {
  const approve = await asked(2)
  expect(await approve(bo)).toBe('Counted (1 of 2).')

  await expect(approve(boOnDiscord)).rejects.toThrow('the bot cannot tell you from the others')
  expect(await approve(cy)).toBe('Approved (2 of 2). It goes on now.')
})
