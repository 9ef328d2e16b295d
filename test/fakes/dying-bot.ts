/** A test bot whose worker is a process of its own that kills itself after a step, and those that take over from it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { MovableClock } from '../../src/core/ports/clock.js'
import { startDemoWorker, type WorkerSetting } from '../../src/demo/demo.js'
import { PROJECT, startTestBot, type TestBot } from './test-bot.js'

/** A dead worker is noticed within two seconds; a worker that looks less often holds up the looks of all others. */
const VIGILANCE = { lockMs: 1000, stalledMs: 250 }

/** @param before what goes well, with a worker that lives, before the one that dies is started */
export async function startDyingBot(dieAfter: string, before?: (bot: TestBot) => Promise<void>) {
  let setting: WorkerSetting | undefined
  const workers: ChildProcess[] = []
  let healthy: { stop(): Promise<void> } | null = null
  const bot = await startTestBot({
    async worker(given) {
      setting = given
      const clock = given.common.clock as MovableClock
      const { moveTo } = clock
      clock.moveTo = atMs => {
        moveTo(atMs)
        for (const worker of workers) if (worker.connected) worker.send({ aheadMs: clock.now() - Date.now() })
      }
      if (before)
        healthy = await startDemoWorker({ ...given, common: { ...given.common, vigilance: VIGILANCE } })
      return { stop: async () => {} }
    },
  })
  const start = async (dies: string | null) => {
    const worker = await startWorkerProcess(setting!, dies, line => bot.logLines.push(line))
    workers.push(worker)
    return worker
  }
  await before?.(bot)
  await (healthy as { stop(): Promise<void> } | null)?.stop()
  const first = await start(dieAfter)
  const died = once(first, 'exit')
  return {
    ...bot,
    /** Waits for the death, and starts a worker that lives. @throws when it ended otherwise */
    async takeOver() {
      const [, signal] = await died
      if (signal !== 'SIGKILL') throw new Error(`the worker ended by ${signal}, not by its own hand`)
      await start(null)
    },
    async stop() {
      for (const worker of workers) {
        if (worker.exitCode !== null || worker.signalCode !== null) continue
        worker.kill('SIGKILL')
        await once(worker, 'exit')
      }
      await bot.stop()
    },
  }
}
export type DyingBot = Awaited<ReturnType<typeof startDyingBot>>

async function startWorkerProcess(
  { common, sandbox }: WorkerSetting,
  dieAfter: string | null,
  said: (line: string) => void,
): Promise<ChildProcess> {
  const setting = {
    redisUrl: common.redisUrl,
    secretKeys: common.secretKeys.map(key => key.reveal()),
    info: sandbox.info,
    aheadMs: common.clock.now() - Date.now(),
    vigilance: VIGILANCE,
    dieAfter,
  }
  const worker = fork(join(PROJECT, 'test/fakes/worker-process.mjs'), {
    env: { ...process.env, WORKER_SETTING: JSON.stringify(setting) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  worker.stderr?.on('data', data => said(String(data)))
  await once(worker, 'message')
  return worker
}
