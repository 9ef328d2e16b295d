/**
 * A worker of the test bot as a process of its own (the compiled bot), so that it can really be killed. Its setting comes in
 * WORKER_SETTING; with `dieAfter` it ends itself with SIGKILL between doing that step and remembering it.
 */
import { fileURLToPath } from 'node:url'

const dist = new URL('../../dist/', import.meta.url)
const { startDemoWorker } = await import(new URL('src/demo/demo.js', dist))
const { loadDefinitions } = await import(new URL('src/bot/load.js', dist))
const { Secret } = await import(new URL('src/core/secret.js', dist))
const { realChance } = await import(new URL('src/core/ports/chance.js', dist))
const { deriveAuditKeys } = await import(new URL('src/config/keys.js', dist))
const { createLog } = await import(new URL('src/ops/log.js', dist))

let { aheadMs } = JSON.parse(process.env.WORKER_SETTING)
process.on('message', moved => {
  aheadMs = moved.aheadMs
})
const { redisUrl, secretKeys, info, vigilance, dieAfter } = JSON.parse(process.env.WORKER_SETTING)
const boxed = secretKeys.map(key => new Secret(key))

const worker = await startDemoWorker(
  {
    common: {
      redisUrl,
      secretKeys: boxed,
      auditKeys: deriveAuditKeys(boxed),
      definitions: await loadDefinitions(fileURLToPath(dist)),
      platforms: ['console'],
      // It goes with the clock of the bot, which tells how far ahead that is.
      clock: { now: () => Date.now() + aheadMs },
      chance: realChance,
      log: createLog('info', line => void process.stderr.write(line)),
      vigilance,
    },
    sandbox: { info },
  },
  {
    async beforeRemember(title) {
      if (title === dieAfter) process.kill(process.pid, 'SIGKILL')
    },
  },
)
process.once('SIGTERM', () => void worker.stop().then(() => process.exit(0)))
process.send?.('ready')
