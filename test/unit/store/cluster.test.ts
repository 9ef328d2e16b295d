/** Everything of ours lives in one slot, so that it also runs on Redis Cluster, which refuses a script whose keys do not. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Target } from '../../../src/core/ports/chat.js'
import { realClock } from '../../../src/core/ports/clock.js'
import { silentLog } from '../../../src/core/ports/log.js'
import { lines } from '../../../src/core/reply.js'
import { Secret } from '../../../src/core/secret.js'
import { type RedisServer, startRedisServer } from '../../../src/demo/redis-server.js'
import { createFlowQueue, startFlowWorker } from '../../../src/queue/flows.js'
import { createOutbox, createOutboxQueue, startSender } from '../../../src/queue/outbox.js'
import { createReadQueue, startReadWorker } from '../../../src/queue/reads.js'
import { createAskStore } from '../../../src/store/asks.js'
import { createDeliveries } from '../../../src/store/deliveries.js'
import { QUEUE_PREFIX } from '../../../src/store/keys.js'
import { createLedger } from '../../../src/store/ledger.js'
import { createOutboxStore } from '../../../src/store/outbox.js'
import { createPolicyStore } from '../../../src/store/policy.js'
import { createRateLimiter } from '../../../src/store/rate-limiter.js'
import { connectRedis, type RedisConnection } from '../../../src/store/redis.js'
import { createRunStore } from '../../../src/store/runs.js'
import { createVault } from '../../../src/store/vault.js'
import { createRecordingDoor } from '../../fakes/recording-door.js'

let folder: string | undefined
let server: RedisServer | undefined
let redis: RedisConnection

/** Before 7.0 the port of the cluster bus cannot be chosen. https://redis.io/docs/latest/operate/oss_and_stack/management/scaling */
const canChoosePort = /v=([7-9]|\d\d)\./.test(
  execFileSync('redis-server', ['--version'], { encoding: 'utf8' }),
)

beforeAll(async () => {
  if (!canChoosePort) return
  folder = await mkdtemp(join(tmpdir(), 'okms-cluster-'))
  const binary = join(folder, 'redis-cluster')
  const busPort = await freePort()
  await writeFile(
    binary,
    `#!/bin/sh\nexec redis-server "$@" --cluster-enabled yes --cluster-port ${busPort} --cluster-announce-ip 127.0.0.1 --cluster-config-file nodes.conf\n`,
  )
  await chmod(binary, 0o700)
  server = await startRedisServer({ binary, appendOnly: false })
  // One node that has all slots is a whole cluster, and as strict about them as a large one.
  const node = connectRedis(server.url, 'worker', silentLog)
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  while (!String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20)
  node.disconnect()
  redis = connectRedis(`redis+cluster://127.0.0.1:${server.port}`, 'worker', silentLog)
})
afterAll(async () => {
  redis?.disconnect()
  await server?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const ana = { platform: 'console', id: 'ana', name: 'Ana' } as const
const ops = { platform: 'console', id: 'ops', name: 'ops', kind: 'channel' } as const
const target: Target = { to: 'conversation', conversation: ops }

function newRun(runId: string) {
  return {
    runId,
    job: 'story',
    version: 1,
    input: null,
    requester: ana,
    conversation: ops,
    privately: false,
    createdAtMs: 1,
    startKey: `console:${runId}`,
  }
}

describe.runIf(canChoosePort)('on Redis Cluster', () => {
  it('is strict about slots at all', async () => {
    await expect(redis.mget('a', 'b')).rejects.toThrow(/slot/i)
  })

  it('runs are kept', async () => {
    const runs = createRunStore(redis)
    await runs.create(newRun('00000001'))
    const { epoch } = (await runs.claim('00000001'))!

    expect(await runs.poke('00000001')).toBe(1)
    expect(await runs.change('00000001', epoch, { state: 'failed', endedAtMs: 2 })).toBe('written')
    expect((await runs.read('00000001'))?.state).toBe('failed')
  })

  it('secrets are kept, handed over and erased', async () => {
    const vault = createVault(redis, [new Secret(randomBytes(32).toString('base64'))])
    const deliveries = createDeliveries(redis, vault, realClock)
    const file = { name: 'a', content: new Secret('b'), encoding: 'utf8' } as const
    const offer = { recipient: 'ana', files: [file], passphrase: null, reply: lines(''), collectBy: '' }
    await deliveries.offer({ runId: '00000001', ...offer })
    const lease = await deliveries.collect('00000001', 'ana')
    if (typeof lease === 'string') throw new Error(lease)

    await deliveries.collected('00000001', lease.leaseId)
    expect(await deliveries.lapse('00000001')).toBe(false)
    expect(await deliveries.confirm('00000001', 'ana')).toBe('confirmed')
    await deliveries.erase('00000001')
    expect(await deliveries.collect('00000001', 'ana')).toBe('over')
  })

  it('questions, policy, ledger and allowance are kept', async () => {
    await createAskStore(redis).put('1', { read: 'x', input: null, requester: ana, conversation: ops })
    await createPolicyStore(redis).publish({ version: 'one' })
    const entry = {
      okmsId: 'o',
      okmsName: 'o',
      name: 'n',
      profile: null,
      owner: null,
      channel: null,
      runId: null,
      fromCsr: false,
      startsAt: '',
      expiresAt: '',
    }
    await createLedger(redis).remember({ credentialId: 'a', ...entry })
    await createLedger(redis).remember({ credentialId: 'b', ...entry })
    await createRateLimiter(redis, { perSecond: 1, burst: 5 }).take()

    expect(await createAskStore(redis).firstSight('console:1')).toBe(true)
    expect((await createLedger(redis).find(['a', 'b'])).size).toBe(2)
  })

  it('the queues run', async () => {
    const setting = { connection: redis, prefix: QUEUE_PREFIX }
    const runs = createRunStore(redis)
    const [flows, queue] = [createFlowQueue(setting), createOutboxQueue(setting, 'console')]
    const reads = await createReadQueue(setting, setting, silentLog)
    const door = createRecordingDoor()
    const lanes = createOutboxStore(redis)
    const outbox = createOutbox(lanes, [queue])
    const workers = await Promise.all([
      startReadWorker(setting, { answer: async id => id, log: silentLog }),
      startSender(setting, queue, { door, lanes, log: silentLog }),
      startFlowWorker(setting, flows, {
        async turn(runId) {
          await outbox.put(`${runId}/card`, target, lines(runId))
          return { kind: 'ended', pokes: 0 }
        },
        pokes: runs.pokes,
        openRuns: runs.open,
        clock: realClock,
        log: silentLog,
      }),
    ])

    await flows.add(await runs.create(newRun('00000002')))

    expect(await reads.ask('A1', 10_000)).toBe('A1')
    await expect.poll(() => door.texts(), { timeout: 10_000 }).toEqual(['00000002'])
    await Promise.all(workers.map(worker => worker.close()))
    await Promise.all([flows.close(), queue.close(), reads.close()])
  })

  it('a chat process is told within moments that it is gone', async () => {
    const chat = connectRedis(`redis+cluster://127.0.0.1:${server?.port}`, 'chat', silentLog)
    await createAskStore(chat).firstSight('console:2')
    const began = performance.now()

    server?.kill()

    await expect(createAskStore(chat).firstSight('console:3')).rejects.toMatchObject({
      code: 'store.unavailable',
    })
    await expect(createRunStore(chat).poke('00000001')).rejects.toMatchObject({ code: 'store.unavailable' })
    expect(performance.now() - began).toBeLessThan(4000)
    chat.disconnect()
  })
})
