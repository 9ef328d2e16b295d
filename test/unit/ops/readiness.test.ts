import { describe, expect, it } from 'vitest'
import { storeUnavailable } from '../../../src/core/errors.js'
import { silentLog } from '../../../src/core/ports/log.js'
import { createReadiness, needsPlatform, needsRedis, showsPolicy } from '../../../src/ops/readiness.js'

const redisThat = (ping: () => Promise<unknown>) => needsRedis({ ping })

describe('readiness', () => {
  it('begins when the process has started, and ends for good when it leaves', async () => {
    const readiness = createReadiness({ log: silentLog, believeMs: 0 })

    const before = await readiness.ready()
    readiness.started()
    const up = await readiness.ready()
    readiness.leaving()
    const after = await readiness.ready()

    expect(before).toEqual({ ok: false, checks: [{ name: 'process', ok: false, detail: 'starting' }] })
    expect(up.ok).toBe(true)
    expect(after).toEqual({ ok: false, checks: [{ name: 'process', ok: false, detail: 'leaving' }] })
  })

  it('needs everything that it was told to need', async () => {
    let reachable = false
    const readiness = createReadiness({ log: silentLog, believeMs: 0 })
    readiness.started()
    readiness.needs(redisThat(async () => 'PONG'))
    readiness.needs(needsPlatform('discord', { isConnected: () => reachable }))

    const without = await readiness.ready()
    reachable = true
    const reached = await readiness.ready()

    expect(without).toMatchObject({ ok: false })
    expect(without.checks).toEqual([
      { name: 'process', ok: true, detail: 'up' },
      { name: 'redis', ok: true, detail: 'answers' },
      { name: 'discord', ok: false, detail: 'is not connected' },
    ])
    expect(reached.ok).toBe(true)
  })

  it('shows sentences of ours, and of any other failure only that it failed', async () => {
    const readiness = createReadiness({ log: silentLog })
    readiness.needs(redisThat(() => Promise.reject(storeUnavailable(new Error('ECONNREFUSED 192.0.2.1')))))
    readiness.needs(redisThat(() => Promise.reject(new Error('redis://:hunter2@192.0.2.1'))))

    const { checks } = await readiness.ready()

    expect(checks.slice(1).map(({ detail }) => detail)).toEqual([
      'The bot cannot reach its memory (Redis) right now.',
      'does not answer',
    ])
  })

  it('does not wait for what hangs', async () => {
    const readiness = createReadiness({ log: silentLog, lookWithinMs: 20 })
    readiness.started()
    readiness.needs(redisThat(() => new Promise(() => {})))

    expect(await readiness.ready()).toMatchObject({ ok: false })
  })

  it('asks Redis seldom, however often it is probed', async () => {
    let pings = 0
    const readiness = createReadiness({ log: silentLog, believeMs: 60_000 })
    readiness.needs(redisThat(async () => ++pings))

    for (let probe = 0; probe < 20; probe++) await readiness.ready()

    expect(pings).toBe(1)
  })

  it('works without a policy, and says so', async () => {
    const readiness = createReadiness({ log: silentLog })
    readiness.started()
    readiness.needs(showsPolicy({ current: async () => null }))

    const { ok, checks } = await readiness.ready()

    expect(ok).toBe(true)
    expect(checks.at(-1)).toEqual({ name: 'policy', ok: true, detail: 'none, so nobody may do anything' })
  })

  it('logs each change once', async () => {
    const said: string[] = []
    const note = (text: string) => void said.push(text)
    const readiness = createReadiness({ log: { ...silentLog, info: note, warn: note }, believeMs: 0 })

    await readiness.ready()
    readiness.started()
    for (let probe = 0; probe < 3; probe++) await readiness.ready()
    readiness.leaving()
    for (let probe = 0; probe < 3; probe++) await readiness.ready()

    expect(said).toEqual(['ready', 'not ready'])
  })
})
