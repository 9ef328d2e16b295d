/** The watch over key servers: one card per finding, true while it lasts, closed when it has healed. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DAY_MS } from '../../src/core/duration.js'
import type { EndpointProbe } from '../../src/core/ports/endpoint-probe.js'
import { silentLog } from '../../src/core/ports/log.js'
import { startDemoWorker } from '../../src/demo/demo.js'
import { createEndpointProbe } from '../../src/kmip/probe.js'
import { keys } from '../../src/store/keys.js'
import { connectRedis } from '../../src/store/redis.js'
import { lastRunId, startTestBot, type TestBot } from '../fakes/test-bot.js'

const CLOUD = 'pcc-192-0-2-10'
const MEANS = 'Running VMs go on. New keys cannot be fetched, and a VM that restarts may stay locked.'

let bot: TestBot
let kmsId: number

beforeEach(async () => {
  bot = await startTestBot()
  await attaches()
})
afterEach(() => bot.stop())

async function attaches(): Promise<void> {
  await bot.sandbox.control({ customerWait: '0s' })
  const said = await bot.type(`ana: /okms attach ${CLOUD} prod-kms`, 'settle')
  await bot.type(`bo: press Approve ${lastRunId(said)}`, 'advance 5m')
  kmsId = bot.sandbox.keyServers(CLOUD)[0]!.kmsId
}

const cards = (text: string, what: RegExp) =>
  text.split('\n').filter(line => line.startsWith('[#ops]') && what.test(line))
const DRIFT = /does not trust the certificate that prod-kms shows now/

it('tells a new certificate within the hour, once, repairs it when approved, and closes the card', async () => {
  expect(cards(await bot.type('advance 2h'), /⚠/)).toEqual([])
  await bot.sandbox.control({ kmip: { rotateCertificate: true } })

  const drift = await bot.type('advance 1h')
  expect(cards(drift, DRIFT)).toHaveLength(1)
  expect(drift).toMatch(new RegExp(`${CLOUD} does not trust .*\\(key server ${kmsId}, 127\\.0\\.0\\.1\\)`))
  expect(drift).toContain(MEANS)
  expect(drift).toContain('[Repair]')
  expect(cards(await bot.type('advance 5h'), DRIFT)).toEqual([])

  const asked = await bot.type('ana: press Repair', 'settle')
  const healed = await bot.type(`bo: press Approve ${lastRunId(asked)}`, 'advance 5m')

  expect(healed).toMatch(/trusts ([0-9A-F]{2}:){19}[0-9A-F]{2} now\./)
  expect(healed).toMatch(new RegExp(`✅ Key server ${kmsId} of ${CLOUD} trusts what its OKMS shows\\.`))
  expect(cards(await bot.type('advance 3h'), /⚠/)).toEqual([])
})

it('gives a relapse a card of its own', async () => {
  for (const nth of [1, 2]) {
    await bot.sandbox.control({ kmip: { rotateCertificate: true } })
    await bot.type('advance 1h')
    const asked = await bot.type('ana: press Repair', 'settle')
    await bot.type(`bo: press Approve ${lastRunId(asked)}`, 'advance 5m')
    expect(cards(bot.transcript(), DRIFT)).toHaveLength(nth)
  }
})

it('tells that an address has changed, and that the key server is gone', async () => {
  await bot.sandbox.control({
    privateCloud: { serviceName: CLOUD, keyServer: { kmsId, ip: '198.51.100.9' } },
  })
  const moved = await bot.type('advance 1h')
  expect(moved).toContain(`prod-kms no longer answers at 198.51.100.9, where ${CLOUD} looks for it`)
  expect(moved).toContain('[Repair]')

  const asked = await bot.type(`ana: /okms detach ${CLOUD} ${kmsId}`, 'settle')
  await bot.type(`bo: press Approve ${lastRunId(asked)}`, 'advance 5m')
  expect(await bot.type('advance 2h')).toContain(
    `✅ Key server ${kmsId} of ${CLOUD} is not registered any more.`,
  )
})

it('knows whose a key server is that somebody registered by hand, also once its address has moved', async () => {
  const redis = connectRedis(bot.redis.url, 'worker', silentLog)
  await redis.del(keys.keyServers(CLOUD))
  await bot.sandbox.control({ kmip: { rotateCertificate: true } })
  expect(await bot.type('advance 1h')).toMatch(DRIFT)
  expect(await redis.hlen(keys.keyServers(CLOUD))).toBe(1)
  redis.disconnect()

  await bot.sandbox.control({
    privateCloud: { serviceName: CLOUD, keyServer: { kmsId, ip: '198.51.100.9' } },
  })
  expect(await bot.type('advance 1h')).toContain('prod-kms no longer answers at 198.51.100.9')
})

it('says that it is blind, and when it sees again', async () => {
  await bot.sandbox.control({ faults: [{ route: 'GET /v1/dedicatedCloud', do: 'status', status: 403 }] })
  expect(cards(await bot.type('advance 3h'), /⚠.*No Private Cloud can be watched/)).toHaveLength(1)
  await bot.sandbox.control({ faults: [] })

  expect(await bot.type('advance 1h')).toContain('✅ Private Clouds can be watched again.')
})

it('counts not being able to look as a finding, which closes none of the others', async () => {
  await bot.sandbox.control({ kmip: { rotateCertificate: true } })
  expect(cards(await bot.type('advance 1h'), DRIFT)).toHaveLength(1)
  await bot.sandbox.control({ deny: ['pccVMware:apiovh:vmEncryption/kms/get'] })

  const blind = await bot.type('advance 1h')
  expect(blind).toContain(`${CLOUD} cannot be watched`)
  expect(cards(await bot.type('advance 4h'), /✅/)).toEqual([])

  await bot.sandbox.control({ deny: [] })
  const seeing = await bot.type('advance 1h')
  expect(seeing).toContain(`✅ ${CLOUD} can be watched again`)
  expect(seeing).not.toContain('trusts what its OKMS shows')
})

it('tells of a certificate that is about to end, and closes that card when another is there', async () => {
  await bot.stop()
  const late = '2040-01-01T00:00:00.000Z'
  let notAfter = late
  let now = () => 0
  bot = await startTestBot({
    worker(given) {
      const { clock } = given.common
      now = clock.now
      const real = createEndpointProbe({ clock })
      const probe: EndpointProbe = {
        ...real,
        async look(endpoint, how) {
          return { ...(await real.look(endpoint, how)), notAfter }
        },
      }
      return startDemoWorker(given, {}, probe)
    },
  })
  await attaches()
  expect(cards(await bot.type('advance 2h'), /⚠/)).toEqual([])

  notAfter = new Date(now() + 20 * DAY_MS).toISOString()
  expect(
    cards(await bot.type('advance 1h'), /The certificate of prod-kms at 127\.0\.0\.1 ends on/),
  ).toHaveLength(1)
  notAfter = late
  expect(await bot.type('advance 1h')).toContain('has a certificate that lasts.')
})
