import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/core/ports/log.js'
import { noMetrics } from '../../../src/core/ports/metrics.js'
import { createMetrics } from '../../../src/ops/metrics.js'
import { COUNTERS, GAUGES, TIMERS } from '../../../src/ops/metrics-table.js'

/** The lines about the bot itself, without what they mean. */
const ours = (text: string) => text.split('\n').filter(line => line.startsWith('okms_bot_'))

describe('the metrics', () => {
  it('count what happens under the names of Prometheus', async () => {
    const metrics = createMetrics({ log: silentLog })

    metrics.count('commands', { command: 'list', outcome: 'ok' })
    metrics.count('commands', { command: 'list', outcome: 'ok' })
    metrics.count('commands', { command: 'list', outcome: 'access.denied' })
    metrics.count('runs', { job: 'issue-credential', state: 'succeeded' })
    metrics.count('step-failures', { job: 'issue-credential', code: 'ovh.rate-limited' })

    expect(ours(await metrics.text())).toEqual([
      'okms_bot_commands_total{command="list",outcome="ok"} 2',
      'okms_bot_commands_total{command="list",outcome="access.denied"} 1',
      'okms_bot_runs_ended_total{job="issue-credential",state="succeeded"} 1',
      'okms_bot_step_failures_total{job="issue-credential",code="ovh.rate-limited"} 1',
    ])
  })

  it('measure in seconds, in buckets that hold what is usual', async () => {
    const metrics = createMetrics({ log: silentLog })

    metrics.observe('ovh-call', 0.2, { route: 'GET /v2/okms/resource', status: '200' })
    metrics.observe('ovh-call', 12, { route: 'GET /v2/okms/resource', status: '200' })

    const lines = ours(await metrics.text())
    const labels = 'route="GET /v2/okms/resource",status="200"'
    expect(lines).toContain(`okms_bot_ovh_call_duration_seconds_bucket{le="0.25",${labels}} 1`)
    expect(lines).toContain(`okms_bot_ovh_call_duration_seconds_bucket{le="30",${labels}} 2`)
    expect(lines).toContain(`okms_bot_ovh_call_duration_seconds_sum{${labels}} 12.2`)
  })

  it('tell of the process: event loop, memory, processor', async () => {
    const text = await createMetrics({ log: silentLog }).text()

    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} `, 'm'))
    }
  })

  it('look up how things stand when somebody asks, and forget what is no more', async () => {
    const metrics = createMetrics({ log: silentLog })
    let states = ['waiting', 'active']
    metrics.looks({
      name: 'queues',
      gauges: ['queue-jobs'],
      take: async () =>
        states.map(state => ({ gauge: 'queue-jobs', value: 3, labels: { queue: 'flows', state } })),
    })

    const first = ours(await metrics.text())
    states = ['active']
    const second = ours(await metrics.text())

    expect(first).toEqual([
      'okms_bot_queue_jobs{queue="flows",state="waiting"} 3',
      'okms_bot_queue_jobs{queue="flows",state="active"} 3',
    ])
    expect(second).toEqual(['okms_bot_queue_jobs{queue="flows",state="active"} 3'])
  })

  it('tell what was counted when Redis fails or hangs, and nothing in the place of what is not known', async () => {
    const metrics = createMetrics({ log: silentLog, lookWithinMs: 20 })
    let look: () => Promise<number> = async () => 7
    metrics.looks({
      name: 'runs',
      gauges: ['open-runs'],
      take: async () => [{ gauge: 'open-runs', value: await look(), labels: {} }],
    })
    metrics.count('commands', { command: 'list', outcome: 'ok' })
    const counted = 'okms_bot_commands_total{command="list",outcome="ok"} 1'

    const well = ours(await metrics.text())
    look = () => Promise.reject(new Error('gone'))
    const failing = ours(await metrics.text())
    look = () => new Promise(() => {})
    const hanging = ours(await metrics.text())

    expect(well).toEqual([counted, 'okms_bot_open_runs 7'])
    expect(failing).toEqual([counted])
    expect(hanging).toEqual([counted])
  })

  it('are bounded, whatever is counted by mistake, and never break what they count', async () => {
    const said: unknown[] = []
    const metrics = createMetrics({ log: { ...silentLog, warn: (...line) => void said.push(line) } })

    for (let n = 0; n < 1500; n++) metrics.count('commands', { command: `word-${n}`, outcome: 'ok' })
    metrics.count('commands', { command: 'x'.repeat(5000), outcome: 'ok' })
    metrics.observe('command', Number.NaN, { command: 'list' })
    metrics.count('presses', { wrong: 'label' } as never)

    expect(ours(await metrics.text()).filter(line => line.includes('commands_total'))).toHaveLength(1000)
    expect(said).toHaveLength(3)
  })

  it('belong to one bot: two in one process do not share them', async () => {
    const [one, other] = [createMetrics({ log: silentLog }), createMetrics({ log: silentLog })]

    one.count('runs', { job: 'issue-credential', state: 'failed' })

    expect(ours(await one.text())).toHaveLength(1)
    expect(ours(await other.text())).toEqual([])
  })

  it('have no place for a person, an id or a secret', () => {
    const labels = [COUNTERS, TIMERS, GAUGES].flatMap(table =>
      Object.values(table).flatMap(row => [...row.labels]),
    )

    expect([...new Set(labels)].sort()).toEqual([
      'check',
      'code',
      'command',
      'job',
      'outcome',
      'platform',
      'press',
      'queue',
      'read',
      'route',
      'state',
      'status',
      'tick',
    ])
  })

  it('can be left out', () => {
    expect(noMetrics.count('runs', { job: 'x', state: 'failed' })).toBeUndefined()
  })
})
