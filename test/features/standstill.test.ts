/** The dead-man switch: when neither sync nor reminders were done for a while, operators hear of it, and hear when it is over. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { openOperatorView } from '../../src/build-bot.js'
import { silentLog } from '../../src/core/ports/log.js'
import { startDemoWorker, type WorkerSetting } from '../../src/demo/demo.js'
import { startOps } from '../../src/ops/ops.js'
import { startTestBot, type TestBot } from '../fakes/test-bot.js'

const DEAD_MAN = { silentAfterMs: 4000, lookEveryMs: 100 }
const patience = { timeout: 9000, interval: 50 }

let bot: TestBot
let worker: { stop(): Promise<void> }
let setting: WorkerSetting
afterEach(() => bot.stop())

async function start(): Promise<void> {
  bot = await startTestBot({
    deadMan: DEAD_MAN,
    async worker(given) {
      setting = given
      worker = await startDemoWorker(given)
      return { stop: () => worker.stop() }
    },
  })
}
const told = (what: string) => bot.screen.filter(line => line.startsWith('[#ops]') && line.includes(what))

it('tells the operators once that the workers stand still, and that it is over', async () => {
  await start()
  const view = openOperatorView(bot.redis.url, ['console'], silentLog)
  const ops = await startOps({
    port: 0,
    host: '127.0.0.1',
    board: null,
    view,
    log: silentLog,
    silentAfterMs: DEAD_MAN.silentAfterMs,
  })
  ops.started()
  const readiness = async () => {
    const answer = await fetch(`http://127.0.0.1:${ops.port}/readyz`)
    const { checks } = (await answer.json()) as { checks: { name: string; ok: boolean; detail: string }[] }
    return { status: answer.status, ticks: checks.find(({ name }) => name === 'ticks')! }
  }
  try {
    expect((await readiness()).ticks.ok).toBe(true)
    await worker.stop()

    await expect.poll(() => told('has done no sync and no reminder').length, patience).toBe(1)
    await sleep(500)
    expect(told('has done no sync and no reminder')).toHaveLength(1)
    expect(
      bot.logLines.filter(line => line.includes('no sync and no reminder was done lately')),
    ).toHaveLength(1)
    await expect.poll(async () => (await readiness()).status, patience).toBe(503)
    expect((await readiness()).ticks.detail).toMatch(/^No sync and no reminder was done for /)

    worker = await startDemoWorker(setting)
    await bot.type('advance 1m')
    await expect.poll(async () => (await readiness()).status, patience).toBe(200)
    await expect.poll(() => told('Sync and reminders go on').length, patience).toBe(1)
  } finally {
    await ops.close()
    await view.close()
  }
})

it('is not alarmed by a clock that is moved, nor by OVHcloud being away', async () => {
  await start()
  await bot.sandbox.control({
    faults: [{ route: 'GET /v2/okms/resource', do: 'status', status: 503, retryAfter: 60 }],
  })

  await bot.type('advance 90d')

  expect(told('has done no sync')).toEqual([])
})
