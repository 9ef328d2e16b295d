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
  let dying: ChildProcess | null = null
  let living = null as { stop(): Promise<void> } | null
  const startLiving = async ({ common, sandbox }: WorkerSetting) => {
    living = await startDemoWorker({ common: { ...common, vigilance: VIGILANCE }, sandbox })
  }
  const bot = await startTestBot({
    async worker(given) {
      setting = given
      const clock = given.common.clock as MovableClock
      const { moveTo } = clock
      clock.moveTo = atMs => {
        moveTo(atMs)
        if (dying?.connected) dying.send({ aheadMs: clock.now() - Date.now() })
      }
      if (before) await startLiving(given)
      // Whoever starts the worker of such a bot ends it.
      return { stop: async () => {} }
    },
  })
  await before?.(bot)
  await living?.stop()
  dying = await startWorkerProcess(setting!, dieAfter, line => bot.logLines.push(line))
  const died = once(dying, 'exit')
  return {
    ...bot,
    /** Waits for the death, and starts a worker that lives. @throws when it ended otherwise */
    async takeOver() {
      const [, signal] = await died
      if (signal !== 'SIGKILL') throw new Error(`the worker ended by ${signal}, not by its own hand`)
      await startLiving(setting!)
    },
    async stop() {
      dying?.kill('SIGKILL')
      await died
      await living?.stop()
      await bot.stop()
    },
  }
}
export type DyingBot = Awaited<ReturnType<typeof startDyingBot>>

async function startWorkerProcess(
  { common, sandbox }: WorkerSetting,
  dieAfter: string,
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
