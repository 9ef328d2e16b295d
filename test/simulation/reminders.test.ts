/**
 * Three years of 10,000 credentials on a real Redis, with two schedulers and two workers that are killed again and again, and whole days
 * on which nothing runs. After every full tick, the most urgent crossed threshold of every credential in use has been announced exactly
 * once, alone or in a digest; none is announced twice, none after it was solved. What is to be announced is worked out a second time here.
 *
 * `SIMULATION_SEED=… npx vitest run test/simulation` repeats a run: the same credentials, instants, days down and killed calls. Chance is
 * asked in the loop of steps alone, never by what runs beside it. Which of two workers takes a tick, BullMQ decides each time anew.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { remind } from '../../jobs/remind.js'
import { syncLedger } from '../../jobs/sync-ledger.js'
import { parsePolicy } from '../../src/bot/policy.js'
import { createLog } from '../../src/ops/log.js'
import { createOutboxQueue, startSender } from '../../src/queue/outbox.js'
import { keys, QUEUE_PREFIX } from '../../src/store/keys.js'
import { createLedger } from '../../src/store/ledger.js'
import { createOutboxStore } from '../../src/store/outbox.js'
import { startTestRedis } from '../fakes/redis.js'
import { seededChance } from './chance.js'
import { createEar, type Heard } from './ear.js'
import { createFleet } from './fleet.js'
import {
  DAY,
  HOUR,
  makeCredentials,
  POLICY,
  type SimulatedCredential,
  simulatedOkms,
  WANTED,
} from './world.js'

const SEED = Number(process.env.SIMULATION_SEED ?? Math.floor(Math.random() * 2 ** 31))
const COUNT = Number(process.env.SIMULATION_CREDENTIALS ?? 10_000)
const YEARS_MS = 3 * 365 * DAY
const START = Date.UTC(2027, 0, 1)
/** The last credentials live for up to a year more. */
const END = START + YEARS_MS

/** The thresholds of a life, as design and policy have them. */
function thresholdsOf({ place, madeAtMs, expiresAtMs }: SimulatedCredential): number[] {
  const lifeDays = (expiresAtMs - madeAtMs) / DAY
  const wanted = WANTED[place]!
  const above = wanted.filter(days => days > 0 && days < lifeDays)
  const dropped = above.length < wanted.length - 1
  const days = dropped && above.length < 2 ? [lifeDays / 2, lifeDays / 4, lifeDays / 10] : above
  return [...days, 0].map(one => Math.round(one * DAY))
}

const mostUrgentAt = (one: SimulatedCredential, atMs: number) =>
  Math.min(...thresholdsOf(one).filter(ms => one.expiresAtMs - ms <= atMs))

function isQuiet(place: string, atMs: number): boolean {
  if (place !== 'night') return false
  const zone = { timeZone: 'America/New_York', hour: '2-digit', hourCycle: 'h23' } as const
  const hour = Number(new Date(atMs).toLocaleString('en-GB', zone))
  return hour >= 20 || hour < 6
}

it('announces each threshold of each credential exactly once, whoever dies', {
  timeout: 300_000,
}, async () => {
  process.stdout.write(`simulation seed ${SEED}, ${COUNT} credentials\n`)
  const startedAt = Date.now()
  const chance = seededChance(SEED)
  const parsed = parsePolicy(POLICY)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  let { policy } = parsed
  const server = await startTestRedis()
  const redis = server.connect()
  const logged: string[] = []
  const log = createLog('error', line => void logged.push(line))
  let nowMs = START
  const clock = { now: () => nowMs }
  const all = makeCredentials(chance, COUNT, START, END)
  const byId = new Map(all.map(one => [one.id, one]))
  const ovh = simulatedOkms(all, clock.now)
  const ear = createEar(clock.now)
  const setting = { connection: redis, prefix: QUEUE_PREFIX }
  const outboxQueue = createOutboxQueue(setting, 'console')
  const lanes = createOutboxStore(redis)
  const sender = await startSender(setting, outboxQueue, { door: ear.door, lanes, log })
  // What flows of the bot write down: they are not what is killed here.
  const ledger = createLedger(redis)
  const fleet = createFleet({
    redisUrl: server.url,
    clock,
    policy: () => policy,
    okms: ovh.port,
    ticks: [remind, syncLedger],
    log,
  })

  const told = new Map<string, Heard[]>()
  /** Of the step before: within a step, a reminder may come before the sync. */
  let syncedAtMs = 0
  let steps = 0
  let checks = 0
  let digests = 0
  let days = 0

  /** All that was said so far is judged at the instant at which it was said. */
  async function listen(): Promise<void> {
    for (let looks = 1; (await lanes.waiting('console')) > 0; looks++) {
      await sleep(1)
      // Whoever died before calling a sender is known to have done so only after half a minute.
      if (looks % 100 === 0) await callSenders()
    }
    for (const heard of ear.heard()) {
      const one = byId.get(heard.credentialId)!
      const what = `${one.id} (${one.name} of ${one.okmsName}, made by ${one.madeBy})`
      const before = told.get(one.id) ?? []
      const threshold = mostUrgentAt(one, heard.atMs)
      if (!Number.isFinite(threshold)) throw new Error(`${what} was announced before any threshold`)
      if (heard.place !== one.place) throw new Error(`${what} was announced in ${heard.place}`)
      if (before.some(({ atMs }) => mostUrgentAt(one, atMs) === threshold))
        throw new Error(`${what} was announced twice at ${threshold / DAY} days`)
      if (one.solvedAtMs !== null && one.solvedAtMs < heard.atMs)
        throw new Error(`${what} was announced after it was solved`)
      const { ends } = one
      if (ends?.how === 'revoked by others' && ends.atMs <= syncedAtMs)
        throw new Error(`${what} was announced though the bot had seen that it is gone`)
      if (isQuiet(one.place, heard.atMs) && one.expiresAtMs - heard.atMs > DAY)
        throw new Error(`${what} was announced in the night`)
      if (heard.inDigest) digests++
      told.set(one.id, [...before, heard])
    }
  }

  async function callSenders(): Promise<void> {
    for (const key of await redis.keys(keys.laneState('*'))) await redis.hdel(key, 'calledUntil')
    for (const lane of await lanes.recall('console')) await outboxQueue.call(lane)
  }

  const killSoon = (mostCalls: number) => fleet.killSoon(chance.whole(0, mostCalls), chance.happens(0.5))

  let made = 0
  const active = new Set<SimulatedCredential>()
  /** What happened until now; while nothing of the bot runs, only what others do. */
  async function happen(isUp: boolean): Promise<void> {
    for (; made < all.length && all[made]!.madeAtMs <= nowMs; made++) active.add(all[made]!)
    if (!isUp) return
    for (const one of active) {
      if (one.madeBy === 'bot' && one.seenAtMs === null) {
        one.seenAtMs = nowMs
        await ledger.remember({
          credentialId: one.id,
          okmsId: one.okmsId,
          okmsName: one.okmsName,
          name: one.name,
          profile: one.name,
          owner: { platform: 'console', id: 'ana', name: 'ana' },
          channel: { platform: 'console', id: 'elsewhere', name: '#elsewhere', kind: 'channel' },
          runId: '7F3K9Q2M',
          fromCsr: false,
          startsAt: new Date(one.madeAtMs).toISOString(),
          expiresAt: new Date(one.expiresAtMs).toISOString(),
        })
      }
      const { ends } = one
      if (!ends || ends.atMs > nowMs || ends.how === 'revoked by others' || one.solvedAtMs !== null) continue
      one.solvedAtMs = nowMs
      const [by, at] = ['ana', new Date(nowMs).toISOString()]
      await ledger.solve(
        one.id,
        ends.how === 'renewed'
          ? { how: 'renewed', by, at, successorId: 'x', successorExpiresAt: at, oldRevokedAt: null }
          : { how: 'revoked', by, at },
      )
    }
  }

  function check(): void {
    for (const one of active) {
      const { ends } = one
      const isGone = ends !== null && ends.how !== 'renewed' && ends.atMs <= nowMs
      if (isGone || one.solvedAtMs !== null || one.expiresAtMs + 60 * DAY < nowMs) {
        active.delete(one)
        continue
      }
      if (one.seenAtMs === null) continue
      const threshold = mostUrgentAt(one, nowMs)
      if (!Number.isFinite(threshold)) continue
      if (isQuiet(one.place, nowMs) && one.expiresAtMs - nowMs > DAY) continue
      checks++
      if (!told.get(one.id)?.some(({ atMs }) => mostUrgentAt(one, atMs) === threshold)) {
        throw new Error(
          `${one.id} (${one.name} of ${one.okmsName}) was not announced at ${threshold / DAY} days, ${new Date(nowMs).toISOString()}`,
        )
      }
    }
  }

  try {
    await fleet.start()
    while (nowMs < END) {
      steps++
      nowMs += chance.whole(1, 44) * HOUR + chance.whole(0, 59) * 60_000
      if (chance.happens(0.01)) {
        const down = chance.whole(1, 20)
        days += down
        if (chance.happens(0.5)) killSoon(20)
        await fleet.fail()
        await listen()
        nowMs += Math.floor(down * DAY * chance.number())
        await happen(false)
        nowMs += down * HOUR
        await fleet.start()
      }
      await happen(true)
      // A policy file that says the same in other words has every entry looked at anew.
      if (chance.happens(0.02)) policy = { ...policy, version: `after step ${steps}` }
      const syncs = chance.happens(0.6)
      if (syncs) {
        const seen = [...active].filter(one => ovh.isListed(one) && one.expiresAtMs > nowMs)
        if (chance.happens(0.04)) killSoon(12)
        await fleet.tick('sync')
        for (const one of seen) one.seenAtMs ??= nowMs
      }
      if (chance.happens(0.025)) killSoon(25)
      if (chance.happens(0.03)) await fleet.tickTwice(chance.pick(['remind', 'sync']))
      await fleet.tick('remind')
      await listen()
      check()
      if (syncs) syncedAtMs = nowMs
    }

    const seconds = (Date.now() - startedAt) / 1000
    const announced = [...told.values()].reduce((sum, heard) => sum + heard.length, 0)
    process.stdout.write(
      `${steps} steps, ${checks} checks, ${announced} announcements (${digests} in digests, ${ear.posts()} messages), ` +
        `${fleet.killed()} workers killed, ${days} days down, ${ovh.calls()} calls to OVHcloud, ${seconds.toFixed(1)} s\n`,
    )
    expect(logged.filter(line => !line.includes('Connection is closed'))).toEqual([])
    expect(announced).toBeGreaterThan(COUNT)
    expect(fleet.killed()).toBeGreaterThan(30)
    expect(digests).toBeGreaterThan(COUNT / 20)
    expect(announced - digests).toBeGreaterThan(COUNT / 20)
    for (const list of [ear.found, ear.vanished]) expect(new Set(list).size).toBe(list.length)
    for (const one of all.filter(({ solvedAtMs }) => solvedAtMs !== null)) {
      for (const card of ear.cards(one.id)) expect(card).toMatch(/ (renewed|revoked) by ana on /)
    }
  } catch (error) {
    throw new Error(`seed ${SEED}, step ${steps}: ${(error as Error).message}`, { cause: error })
  } finally {
    await fleet.stop()
    await sender.close()
    await outboxQueue.close()
    await server.stop()
  }
})
