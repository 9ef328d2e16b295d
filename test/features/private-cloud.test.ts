/** Private Clouds: attach, detach and repair, approved in the thread, measured by the bot itself. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/core/ports/log.js'
import type { StepRecord } from '../../src/core/run.js'
import { startDemoWorker } from '../../src/demo/demo.js'
import { createEndpointProbe } from '../../src/kmip/probe.js'
import { keys } from '../../src/store/keys.js'
import { connectRedis } from '../../src/store/redis.js'
import { lastRunId, PROJECT, startTestBot, type TestBot } from '../fakes/test-bot.js'

const CLOUD = 'pcc-192-0-2-10'
const ADD = 'POST /v1/dedicatedCloud/{serviceName}/vmEncryption/kms'

let bot: TestBot | null = null
beforeEach(async () => {
  await bot?.stop()
  bot = await startTestBot()
  await bot.sandbox.control({ customerWait: '0s' })
})
afterAll(() => bot?.stop())

const ask = async (line = `ana: /okms attach ${CLOUD} prod-kms reason:"encrypt the finance VMs"`) => {
  const said = await bot!.type(line, 'settle')
  return { said, runId: lastRunId(said) }
}
const approve = (runId: string) => bot!.type(`bo: press Approve ${runId}`, 'advance 1m')
const keyServerRows = async () =>
  (await bot!.type('ana: /okms clouds'))
    .split('\n')
    .filter(line => /^\[#ops\]\s+pcc-192-0-2-10 /.test(line) && !line.includes(' none'))

async function attached(): Promise<string> {
  const { runId } = await ask()
  await approve(runId)
  return runId
}

describe('attach', () => {
  it('shows what it measured and would do, and does nothing before somebody else approved', async () => {
    const { said, runId } = await ask()

    expect(said).toMatch(/\[#ops\]\s+Attach prod-kms to pcc-192-0-2-10 · run \w{8} · asked by ana/)
    expect(said).toMatch(/Why\s+encrypt the finance VMs/)
    expect(said).toMatch(/Thumbprint\s+([0-9A-F]{2}:){19}[0-9A-F]{2} SHA-1 · verified with the OKMS's own CA/)
    expect(said).toContain(`POST /v1/dedicatedCloud/${CLOUD}/vmEncryption/kms`)
    expect(await bot!.type(`ana: press Approve ${runId}`)).toContain('somebody else decides it')
    expect(await bot!.type(`dee: press Approve ${runId}`)).toContain('You may not approve requests here.')
    expect(await keyServerRows()).toHaveLength(0)
  })

  it('registers once it is approved, and follows until the key server is delivered', async () => {
    const { runId } = await ask()

    const said = await approve(runId)

    expect(said).toContain('✅ Measured again: unchanged.')
    expect(said).toMatch(/Register the key server\s+.*OVHcloud task \d+/)
    expect(said).toMatch(/Key server \d+ is delivered\./)
    expect(await keyServerRows()).toEqual([expect.stringMatching(/127\.0\.0\.1\s+prod-kms\s+delivered/)])
  })

  it('tells whoever administers vCenter what OVHcloud waits for', async () => {
    await bot!.sandbox.control({ customerWait: '1h' })
    const { runId } = await ask()

    const said = await bot!.type(`bo: press Approve ${runId}`, 'advance 2h')

    expect(said).toContain('OVHcloud waits for the key provider in vCenter')
    expect(said).toMatch(/Key server \d+ is delivered\./)
  })

  it('says so when it is attached already, and proposes a repair for another thumbprint', async () => {
    await attached()
    expect((await ask()).said).toContain('is attached to pcc-192-0-2-10 already. Nothing was done.')

    await bot!.sandbox.control({ kmip: { rotateCertificate: true } })
    const { said } = await ask()

    expect(said).toContain('trusts another thumbprint for 127.0.0.1')
    expect(said).toContain('[Repair]')
    expect(await keyServerRows()).toHaveLength(1)
  })

  it('stops when the certificate changes between asking and doing, shows both, and asks again', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({ kmip: { rotateCertificate: true } })

    const said = await approve(runId)

    expect(said).toMatch(
      /The certificate changed while you were deciding\. Approved: .*Now: .*Nothing was registered\./,
    )
    expect(await keyServerRows()).toHaveLength(0)
    const again = await bot!.type(`ana: press Ask again with the new one ${runId}`, 'settle')
    await approve(lastRunId(again))
    expect(await keyServerRows()).toHaveLength(1)
  })

  it('finds again what OVHcloud registered while the answer was lost', async () => {
    const { runId } = await ask()
    await bot!.sandbox.control({ faults: [{ route: ADD, do: 'cut-after', times: 1 }] })

    const said = await approve(runId)

    expect(said).toMatch(/Key server \d+ is delivered\./)
    expect(await keyServerRows()).toHaveLength(1)
  })

  it.each(['canceled', 'error'] as const)(
    'takes back what OVHcloud ended with %s, and says so',
    async state => {
      await bot!.sandbox.control({ customerWait: '1h' })
      const { runId } = await ask()
      await bot!.type(`bo: press Approve ${runId}`)
      const tasks = () =>
        bot!.sandbox.cloudTasks(CLOUD).filter(({ name }) => name === 'createVmEncryptionKms')
      await expect.poll(tasks).toHaveLength(1)
      const { taskId: id } = tasks()[0]!
      await bot!.sandbox.control({ task: { id, state, description: 'vCenter refused' } })

      const said = await bot!.type('advance 10m')

      expect(said).toMatch(/⚠ Register the key server\s+taken back/)
      expect(said).toMatch(
        new RegExp(`❌ Follow OVHcloud\\s+OVHcloud ended it with ${state}: vCenter refused`),
      )
      expect(said).toContain(`Ask again: /okms attach ${CLOUD} prod-kms`)
      expect(await keyServerRows()).toHaveLength(0)
    },
  )

  it('can be undone for half an hour, under the same rule', async () => {
    const runId = await attached()

    const undo = await bot!.type(`ana: press Undo ${runId}`, 'settle')
    expect(await keyServerRows()).toHaveLength(1)
    await approve(lastRunId(undo))
    expect(await keyServerRows()).toHaveLength(0)

    const second = await attached()
    const late = await bot!.type('advance 31m', `ana: press Undo ${second}`, 'settle')
    expect(late).toContain('Undo worked for 30 min')
  })

  it('answers a name that is none at once', async () => {
    expect((await ask('ana: /okms attach pcc-192-0-2-11 prod-kms')).said).toContain(
      'There is no Private Cloud "pcc-192-0-2-11"',
    )
    expect((await ask(`ana: /okms attach ${CLOUD} prod`)).said).toContain('There is no OKMS "prod"')
    expect((await ask(`bo: /okms attach ${CLOUD} prod-kms`)).said).toContain('You may not attach')
  })
})

describe('an endpoint', () => {
  it('that other OKMS of the region share is said to be shared', async () => {
    await bot!.sandbox.control({ seed: { okms: 20 } })

    expect((await ask()).said).toMatch(/Shared\s+The endpoint belongs to the region: .+ answers there too\./)
  })

  it('with several addresses becomes one key server each, and is undone whole', async () => {
    await bot!.stop()
    bot = await startTestBot({
      worker(given) {
        const real = createEndpointProbe({ clock: given.common.clock })
        return startDemoWorker(
          given,
          {},
          {
            ...real,
            resolve: async host => [...(await real.resolve(host)), '127.0.0.2'],
            // The second address leads to the same server, as one of a load balancer does.
            look: (endpoint, how) => real.look(endpoint, { ...how, address: '127.0.0.1' }),
          },
        )
      },
    })
    await bot.sandbox.control({ customerWait: '0s' })

    const { said, runId } = await ask()
    expect(said).toMatch(/Key servers\s+2: one for each address of/)
    await approve(runId)
    const addresses = () => bot!.sandbox.keyServers(CLOUD).map(({ ip }) => ip)
    expect(addresses().sort()).toEqual(['127.0.0.1', '127.0.0.2'])

    const undo = await bot.type(`ana: press Undo ${runId}`, 'settle')
    for (const [, undoing] of undo.matchAll(/from pcc-192-0-2-10 · run (\w{8})/g)) await approve(undoing!)
    expect(addresses()).toEqual([])
  })
})

describe('a rule about one OKMS', () => {
  async function startWithRule(): Promise<void> {
    await bot?.stop()
    const folder = await mkdtemp(join(tmpdir(), 'okms-policy-'))
    const policy = (await readFile(join(PROJECT, 'demo/policy.yaml'), 'utf8')).replace(
      'order:place]\n    need: 1',
      'order:place]\n    when: { okms: prod-kms }\n    need: 1',
    )
    await writeFile(join(folder, 'policy.yaml'), policy)
    bot = await startTestBot({ policyFile: join(folder, 'policy.yaml') })
    await rm(folder, { recursive: true })
    await bot.sandbox.control({ customerWait: '0s' })
  }

  it('holds for repairing and detaching too, by its name', async () => {
    await startWithRule()
    await attached()
    const { kmsId } = bot!.sandbox.keyServers(CLOUD)[0]!
    await bot!.sandbox.control({ kmip: { rotateCertificate: true } })

    expect((await ask(`ana: /okms repair ${CLOUD} ${kmsId}`)).said).toContain('1 approval from role approver')
    expect((await ask(`ana: /okms detach ${CLOUD} ${kmsId}`)).said).toContain('1 approval from role approver')
    expect((await ask(`ana: /okms attach ${CLOUD} lab-kms`)).said).toContain('none needed')
  })

  it('holds for whatever else is reached at its endpoint', async () => {
    await startWithRule()
    await bot!.sandbox.control({ seed: { okms: 20 } })
    const list = await bot!.type('ana: /okms list')
    const other = /^\[#ops\]\s+(seeded-\S+)\s+eu-west-rbx /m.exec(list)![1]

    expect((await ask(`ana: /okms attach ${CLOUD} ${other}`)).said).toContain('1 approval from role approver')
  })
})

describe('repair and detach', () => {
  it('stands in an address that has no key server yet, and says when none is left', async () => {
    const addresses = ['127.0.0.1', '127.0.0.2']
    await bot!.stop()
    bot = await startTestBot({
      worker(given) {
        const real = createEndpointProbe({ clock: given.common.clock })
        const look: typeof real.look = (endpoint, how) =>
          real.look(endpoint, { ...how, address: '127.0.0.1' })
        return startDemoWorker(given, {}, { ...real, resolve: async () => [...addresses], look })
      },
    })
    await bot.sandbox.control({ customerWait: '0s' })
    await attached()
    const second = bot.sandbox.keyServers(CLOUD).find(({ ip }) => ip === '127.0.0.2')!.kmsId
    addresses[1] = '127.0.0.3'
    expect(await bot.type('advance 1h')).toContain('Now 127.0.0.3')

    const { said } = await ask(`ana: /okms repair ${CLOUD} ${second}`)
    expect(said).toMatch(/Now\s+127\.0\.0\.3/)
    addresses.pop()

    expect((await ask(`ana: /okms repair ${CLOUD} ${second}`)).said).toContain(
      `so ${second} at 127.0.0.2 is not needed any more`,
    )
  })

  it('keeps the old one while vCenter has not seen the new one', async () => {
    await attached()
    const { kmsId } = bot!.sandbox.keyServers(CLOUD)[0]!
    await bot!.sandbox.control({
      customerWait: '1h',
      privateCloud: { serviceName: CLOUD, keyServer: { kmsId, ip: '198.51.100.9' } },
    })
    const { runId } = await ask(`ana: /okms repair ${CLOUD} ${kmsId}`)

    await bot!.type(`bo: press Approve ${runId}`)
    await expect.poll(() => bot!.sandbox.keyServers(CLOUD).length).toBe(2)
    await bot!.type('advance 1m')
    // As if it had been followed for as long as it is.
    const redis = connectRedis(bot!.redis.url, 'worker', silentLog)
    const step = 's:Follow OVHcloud'
    const followed = JSON.parse((await redis.hget(keys.run(runId), step))!) as StepRecord
    const startedAtMs = followed.startedAtMs - 8 * 86_400_000
    await redis.hset(keys.run(runId), step, JSON.stringify({ ...followed, startedAtMs }))
    redis.disconnect()
    const said = await bot!.type('advance 6m')

    expect(said).toContain(`the old one, ${kmsId} at 198.51.100.9, stays until then`)
    expect(bot!.sandbox.keyServers(CLOUD).map(one => one.kmsId)).toContain(kmsId)
  })

  it('does not take a key server for attached that OVHcloud could not make', async () => {
    await attached()
    const { kmsId } = bot!.sandbox.keyServers(CLOUD)[0]!
    await bot!.sandbox.control({ privateCloud: { serviceName: CLOUD, keyServer: { kmsId, state: 'error' } } })

    expect((await ask()).said).toContain(
      `has key server ${kmsId} for this address, and OVHcloud says that it is error`,
    )
  })

  it('gives a key server the certificate its OKMS shows now', async () => {
    const attachedRun = await attached()
    const kmsId = /Key server (\d+) is delivered/.exec(bot!.transcript())![1]
    await bot!.sandbox.control({ kmip: { rotateCertificate: true } })

    const { said, runId } = await ask(`ana: /okms repair ${CLOUD} ${kmsId}`)
    expect(runId).not.toBe(attachedRun)
    expect(said).toMatch(/Trusted\s+127\.0\.0\.1/)
    const done = await approve(runId)

    expect(done).toMatch(/Key server \d+ trusts ([0-9A-F]{2}:){19}[0-9A-F]{2} now\./)
    expect((await ask(`ana: /okms repair ${CLOUD} ${kmsId}`)).said).toContain('Nothing was done.')
  })

  it('does neither change nor remove twice when the answer is lost', async () => {
    await attached()
    const kmsId = Number(/Key server (\d+) is delivered/.exec(bot!.transcript())![1])
    const cut = (route: string) => bot!.sandbox.control({ faults: [{ route, do: 'cut-after', times: 1 }] })
    const tasks = (name: string) => bot!.sandbox.cloudTasks(CLOUD).filter(task => task.name === name)

    await bot!.sandbox.control({ kmip: { rotateCertificate: true } })
    const repair = await ask(`ana: /okms repair ${CLOUD} ${kmsId}`)
    await cut(`POST /v1/dedicatedCloud/{serviceName}/vmEncryption/kms/{kmsId}/changeProperties`)
    expect(await approve(repair.runId)).toMatch(/Key server \d+ trusts/)
    expect(tasks('updateVmEncryptionKms')).toHaveLength(1)

    const detach = await ask(`ana: /okms detach ${CLOUD} ${kmsId}`)
    await cut(`DELETE /v1/dedicatedCloud/{serviceName}/vmEncryption/kms/{kmsId}`)
    expect(await approve(detach.runId)).toContain(`is removed from ${CLOUD}.`)
    expect(tasks('deleteVmEncryptionKms')).toHaveLength(1)
  })

  it('stands a new one in where the address has changed, and removes the old one', async () => {
    await attached()
    const kmsId = Number(/Key server (\d+) is delivered/.exec(bot!.transcript())![1])
    await bot!.sandbox.control({
      privateCloud: { serviceName: CLOUD, keyServer: { kmsId, ip: '198.51.100.9' } },
    })

    const { said, runId } = await ask(`ana: /okms repair ${CLOUD} ${kmsId}`)
    expect(said).toMatch(/Trusted\s+198\.51\.100\.9/)
    expect(said).toMatch(/Now\s+127\.0\.0\.1/)
    const done = (await approve(runId)) + (await bot!.type('advance 5m'))

    expect(done).toMatch(
      new RegExp(`Key server \\d+ at 127\\.0\\.0\\.1 stands in for ${kmsId} at 198\\.51\\.100\\.9`),
    )
    expect(await keyServerRows()).toEqual([expect.stringMatching(/127\.0\.0\.1\s+prod-kms\s+delivered/)])
  })

  it('removes a key server once that is approved', async () => {
    await attached()
    const kmsId = /Key server (\d+) is delivered/.exec(bot!.transcript())![1]

    expect((await ask(`ana: /okms detach ${CLOUD} 99999`)).said).toContain(`has no key server 99999`)
    const { said, runId } = await ask(`ana: /okms detach ${CLOUD} ${kmsId}`)
    expect(said).toContain('one that restarts may stay locked')
    const done = await approve(runId)

    expect(done).toContain(`is removed from ${CLOUD}.`)
    expect(await keyServerRows()).toHaveLength(0)
  })
})
