/**
 * Our OVHcloud client beside @ovhcloud/node-ovh 3: the same signed GET over HTTPS against the sandbox. A process of its own, since
 * the other client reads trust from NODE_EXTRA_CA_CERTS when it starts. Prints one JSON line: milliseconds of each, and of them how many
 * the processor was busy here; the rest is the sandbox's.
 */
import { createRequire } from 'node:module'
import { realClock } from '../src/core/ports/clock.js'
import { silentLog } from '../src/core/ports/log.js'
import { unlimited } from '../src/core/ports/rate-limiter.js'
import { Secret } from '../src/core/secret.js'
import { createOvhClient } from '../src/ovh/client.js'
import { createOkms } from '../src/ovh/okms.js'
import { sideBySide, timed } from './row.js'

const REQUESTS = 1000
const IN_FLIGHT = 20
const ROUNDS = 5
const WARM_UPS = 5

interface OtherClient {
  requestPromised(method: string, path: string): Promise<unknown>
}

const { tlsUrl, applicationKey, applicationSecret, consumerKey } = JSON.parse(process.argv[2]!) as Record<
  string,
  string
>
const { hostname, port } = new URL(tlsUrl!)
const client = createOvhClient({
  endpoint: tlsUrl!,
  auth: {
    way: 'application',
    applicationKey: applicationKey!,
    applicationSecret: new Secret(applicationSecret!),
    consumerKey: new Secret(consumerKey!),
  },
  limiter: unlimited,
  clock: realClock,
  log: silentLog,
})
const okms = createOkms(client)
const otherClient = createRequire(import.meta.url)('@ovhcloud/node-ovh') as (options: object) => OtherClient
const other = otherClient({
  host: hostname,
  port: Number(port),
  appKey: applicationKey,
  appSecret: applicationSecret,
  consumerKey,
})

async function busyMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function many(request: () => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next++ < REQUESTS) await request()
    }),
  )
}

const askOurs = () => many(() => okms.list())
const askOther = () => many(() => other.requestPromised('GET', '/v2/okms/resource'))

// Both read the clock difference with their first call, and have run for a while before they are measured.
for (let round = 0; round < WARM_UPS; round++) {
  await askOurs()
  await askOther()
}
const times = await sideBySide(
  ROUNDS,
  () => timed(askOurs),
  () => timed(askOther),
)
const busy = await sideBySide(
  ROUNDS,
  () => busyMs(askOurs),
  () => busyMs(askOther),
)
await client.close()
process.stdout.write(`${JSON.stringify({ requests: REQUESTS, times, busy })}\n`)
