/** A sync of ten thousand credentials that are known already: how often OVHcloud is called, and what it takes of memory meanwhile. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Redis } from 'ioredis'
import { syncLedger } from '../jobs/sync-ledger.js'
import { realClock } from '../src/core/ports/clock.js'
import { silentLog } from '../src/core/ports/log.js'
import { noMetrics } from '../src/core/ports/metrics.js'
import { unlimited } from '../src/core/ports/rate-limiter.js'
import { Secret } from '../src/core/secret.js'
import { createOvhClient } from '../src/ovh/client.js'
import { createOkms } from '../src/ovh/okms.js'
import { startSandbox } from '../src/sandbox/sandbox.js'
import type { Row } from './row.js'
import { tickAlone } from './tick.js'

const FEW = 1000
const MANY = 10_000
/** What the sandbox puts on a page. */
const PAGE = 100

/** An id, to know afterwards what was not listed; nothing else of a credential is kept. */
const MOST_HEAP_BYTES = 200

const POLICY = `
people: { ana: { console: ana } }
roles: { operator: { people: [ana] } }
grants:
  - { allow: [read], to: [operator], in: ["*"] }
reminders: { channel: console:ops }
`

interface Sync {
  calls: number
  pages: number
  /** How much more of the heap was in use at the worst moment than before. */
  heapBytes: number
}

/** @param urls two empty servers */
export async function measureSync(urls: readonly [string, string]): Promise<Row[]> {
  const few = await syncOf(FEW, urls[0])
  const many = await syncOf(MANY, urls[1])
  const ratio = many.calls / many.pages
  const megabytes = ({ heapBytes }: Sync) => `${(heapBytes / 1024 / 1024).toFixed(1)} MiB`
  return [
    {
      what: `a sync of ${MANY} credentials, calls to OVHcloud`,
      ours: `${many.calls} calls, ${megabytes(many)} of heap at most (${megabytes(few)} for ${FEW})`,
      against: `its pages, and the list of OKMS: ${many.pages}`,
      ratio,
      goal: `≤ 1 ×, and ${MOST_HEAP_BYTES} B of heap each`,
      reached: ratio <= 1 && (many.heapBytes - few.heapBytes) / (MANY - FEW) <= MOST_HEAP_BYTES,
    },
  ]
}

async function syncOf(credentials: number, redisUrl: string): Promise<Sync> {
  const sandbox = await startSandbox()
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  await sandbox.control({ seed: { credentials } })
  const { info } = sandbox
  let calls = 0
  const client = createOvhClient({
    endpoint: info.url,
    auth: {
      way: 'application',
      applicationKey: info.applicationKey,
      applicationSecret: new Secret(info.applicationSecret),
      consumerKey: new Secret(info.consumerKey),
    },
    limiter: unlimited,
    clock: realClock,
    log: silentLog,
    metrics: {
      ...noMetrics,
      observe: () => {
        calls++
        sample()
      },
    },
  })
  const context = tickAlone({ redis, clock: realClock, policy: POLICY, okms: createOkms(client) })
  let most = 0
  /** What is no longer used does not count. */
  const sample = () => {
    collectGarbage()
    most = Math.max(most, process.memoryUsage().heapUsed)
  }
  // The first sight of them is followed by one in which nothing is new.
  await syncLedger.run(context)
  const okmsCount = (await context.okms.list()).length
  calls = 0
  most = 0
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  await syncLedger.run(context)
  const seen = calls
  await client.close()
  redis.disconnect()
  await sandbox.close()
  return {
    calls: seen,
    pages: 1 + pagesOf(sandbox.credentials(), okmsCount),
    heapBytes: Math.max(0, most - before),
  }
}

/** Each OKMS has at least one page, be it empty. */
function pagesOf(credentials: readonly { okmsId: string }[], okmsCount: number): number {
  const perOkms = new Map<string, number>()
  for (const { okmsId } of credentials) perOkms.set(okmsId, (perOkms.get(okmsId) ?? 0) + 1)
  const pages = [...perOkms.values()].reduce((sum, count) => sum + Math.ceil(count / PAGE), 0)
  return pages + (okmsCount - perOkms.size)
}

const collectGarbage = (() => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()
