/** What whoever runs the bot sees of a day's work: numbers, readiness, the queues; and what they must not see. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openOperatorView } from '../../src/build-bot.js'
import { silentLog } from '../../src/core/ports/log.js'
import { Secret } from '../../src/core/secret.js'
import { createMetrics } from '../../src/ops/metrics.js'
import { startOps } from '../../src/ops/ops.js'
import { lastRunId, startTestBot, type TestBot } from '../fakes/test-bot.js'

let bot: TestBot
let view: ReturnType<typeof openOperatorView>
const metrics = createMetrics({ log: silentLog })
beforeAll(async () => {
  bot = await startTestBot({ metrics })
  view = openOperatorView(bot.redis.url, ['console'], silentLog)
  await bot.type('ana: /okms list', 'dee: /okms list', 'ana: /okms lst')
  await bot.type(
    'ana: /okms credential reader 30d',
    'settle',
    'ana: press Collect',
    'ana: press Saved it',
    'settle',
  )
})
afterAll(async () => {
  await view.close()
  await bot.stop()
})

/** The value of one line, `0` where there is none. */
const told = (text: string, line: string) =>
  Number(
    text
      .split('\n')
      .find(one => one.startsWith(`${line} `))
      ?.split(' ')
      .at(-1) ?? 0,
  )

describe('the numbers of a day', () => {
  it('tell commands, presses, reads, runs, calls and messages by name and outcome', async () => {
    const text = await metrics.text()

    expect(told(text, 'okms_bot_commands_total{command="list",outcome="ok"}')).toBe(1)
    expect(told(text, 'okms_bot_commands_total{command="list",outcome="access.denied"}')).toBe(1)
    expect(text).toMatch(/^okms_bot_commands_total\{command="unknown",outcome="input\.[a-z-]+"\} 1$/m)
    expect(told(text, 'okms_bot_command_duration_seconds_count{command="credential"}')).toBe(1)
    expect(text).toMatch(/^okms_bot_presses_total\{press="[a-z-]+",outcome="ok"\} [12]$/m)
    expect(told(text, 'okms_bot_reads_total{read="list-okms",outcome="ok"}')).toBe(1)
    expect(told(text, 'okms_bot_runs_ended_total{job="issue-credential",state="succeeded"}')).toBe(1)
    const route = 'route="POST /v2/okms/resource/{id}/credential",status="200"'
    expect(told(text, `okms_bot_ovh_call_duration_seconds_count{${route}}`)).toBe(1)
    const sent = told(text, 'okms_bot_messages_total{platform="console",outcome="sent"}')
    expect(sent).toBeGreaterThan(1)
    expect(told(text, 'okms_bot_message_wait_seconds_count{platform="console"}')).toBe(sent)
    expect(told(text, 'okms_bot_message_wait_seconds_sum{platform="console"}')).toBeGreaterThan(0)
  })

  it('tell nobody’s name, no run, no id of OVHcloud', async () => {
    const text = (await metrics.text())
      .split('\n')
      .filter(line => line.startsWith('okms_bot_'))
      .join('\n')

    expect(text).not.toMatch(/\b(ana|dee|reader|prod-kms)\b/)
    expect(text).not.toContain(lastRunId(bot.transcript()))
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/)
  })
})

describe('the operators’ door of a bot', () => {
  it('tells how things stand in Redis, and shows the queues to whoever has the password', async () => {
    const board = { user: 'ops', password: new Secret('p') }
    const ops = await startOps({ port: 0, host: '127.0.0.1', board, view, log: silentLog })
    const get = (path: string, headers = {}) => fetch(`http://127.0.0.1:${ops.port}${path}`, { headers })

    try {
      const starting = await get('/readyz')
      ops.started()
      const ready = (await (await get('/readyz')).json()) as { checks: { name: string; detail: string }[] }
      const text = await (await get('/metrics')).text()
      const queues = await get('/queues/api/queues', { authorization: `Basic ${btoa('ops:p')}` })

      expect(starting.status).toBe(503)
      expect(ready.checks.map(({ name }) => name)).toEqual(['process', 'redis', 'policy', 'ticks'])
      expect(ready).toMatchObject({ ok: true })
      expect(text).toContain('okms_bot_open_runs 0')
      expect(text).toContain('okms_bot_queue_jobs{queue="flows",state="active"} 0')
      expect(text).toContain('okms_bot_waiting_conversations{platform="console"} 0')
      const { queues: shown } = (await queues.json()) as { queues: { name: string }[] }
      expect(shown.map(({ name }) => name).sort()).toEqual(['flows', 'outbox-console', 'reads', 'ticks'])
      expect((await get('/queues')).status).toBe(401)
    } finally {
      await ops.close()
    }
  })
})
