/** What operators do about runs: see them, have failed ones tried again, give them up. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/core/ports/log.js'
import { keys } from '../../src/store/keys.js'
import { connectRedis, type RedisConnection } from '../../src/store/redis.js'
import { createRunStore } from '../../src/store/runs.js'
import { lastRunId, startTestBot, type TestBot } from '../fakes/test-bot.js'

const CLOUD = 'pcc-192-0-2-10'
const NO_CREDENTIALS = { deny: ['okms:apiovh:credential/create'] }

let bot: TestBot
let redis: RedisConnection
beforeAll(async () => {
  bot = await startTestBot()
  redis = connectRedis(bot.redis.url, 'worker', silentLog)
  await bot.sandbox.control({ customerWait: '0s', order: { takes: '0s' } })
})
afterAll(async () => {
  redis?.disconnect()
  await bot?.stop()
})
afterEach(async () => {
  await bot.sandbox.control({ faults: [], deny: [], creating: '0s', customerWait: '0s' })
})

const run = async (...typed: string[]) => {
  const said = await bot.type(...typed, 'settle')
  return { said, runId: lastRunId(said) }
}
const retry = (runId: string, who = 'bo') => run(`${who}: /okms jobs retry ${runId}`)
const abandon = (runId: string, who = 'bo') => run(`${who}: /okms jobs abandon ${runId}`)

/** A credential that OVHcloud did not let the bot make; it would now. */
async function failed() {
  await bot.sandbox.control(NO_CREDENTIALS)
  const ended = await run('ana: /okms credential reader 30d')
  await bot.sandbox.control({ deny: [] })
  return ended
}

async function collect(runId: string) {
  await run(`ana: press Collect ${runId}`)
  return run(`ana: press Saved it ${runId}`)
}

describe('the list', () => {
  it('shows what waits for whom, and what failed and why, until somebody deals with it', async () => {
    const { said, runId } = await failed()
    expect(said).toContain(`/okms jobs retry ${runId}`)
    const waiting = (await run(`ana: /okms attach ${CLOUD} prod-kms`)).runId

    const all = await bot.type('bo: /okms jobs list')
    const onlyFailed = await bot.type('bo: /okms jobs list failed')

    expect(all).toMatch(
      new RegExp(
        `${runId}\\s+Credential reader for prod-kms\\s+ana\\s+failed\\s+Ask OVHcloud for the credential\\s.*okms:apiovh:credential/create is missing`,
      ),
    )
    expect(all).toMatch(
      new RegExp(`${waiting}\\s+Attach prod-kms to ${CLOUD}\\s+ana\\s+waiting\\s+Wait for approval`),
    )
    expect(onlyFailed).toContain(runId)
    expect(onlyFailed).not.toContain(waiting)
    await abandon(runId)
    await abandon(waiting)
    expect(await bot.type('bo: /okms jobs list')).toContain('Nothing is under way, and nothing failed.')
    expect(await bot.type('bo: /okms jobs list failed')).toContain('Nothing failed.')
  })

  it('is for operators alone, as is what can be done about it', async () => {
    const { runId } = await failed()

    for (const what of ['list', `retry ${runId}`, `abandon ${runId}`]) {
      expect(await bot.type(`ana: /okms jobs ${what}`)).toContain('You may not operate the bot here.')
    }
    expect(await bot.type(`ana: press Try ${runId} again`)).toContain('There is no button')
    await abandon(runId)
  })
})

describe('trying again', () => {
  it('begins anew, for the one who asked, what was taken back', async () => {
    const { runId } = await failed()
    const before = bot.live().length

    const again = await retry(runId)

    expect(again.said).toContain('for ana: everything is looked at again.')
    expect(again.said).toContain(`bo had it tried again, as run ${again.runId}.`)
    expect(again.said).toMatch(/\[dm ana\]\s+Credential reader for prod-kms · run/)
    await collect(again.runId)
    expect(bot.live()).toHaveLength(before + 1)
  })

  it('does so once, however many press at the same time', async () => {
    const { runId } = await failed()
    const before = bot.live().length
    await bot.type('bo: /okms jobs list')

    await Promise.all(
      Array.from({ length: 20 }, (_, i) => bot.pressAtOnce(i % 2 ? 'bo' : 'cy', 'retry-run', runId)),
    )
    await bot.type('settle')

    expect(bot.live()).toHaveLength(before + 1)
    const second = await retry(runId)
    expect(second.said).toMatch(/(bo|cy) had it tried again already, as run/)
    await abandon(lastRunId(second.said))
  })

  it('asks those anew who had approved', async () => {
    const { runId } = await run(`ana: /okms attach ${CLOUD} prod-kms`)
    await bot.sandbox.control({ deny: ['pccVMware:apiovh:vmEncryption/kms/create'] })
    await run(`bo: press Approve ${runId}`)
    expect(bot.sandbox.keyServers(CLOUD)).toHaveLength(0)
    await bot.sandbox.control({ deny: [] })

    const again = await retry(runId)

    expect(again.said).toContain('everything is looked at again, and approved again.')
    expect(bot.sandbox.keyServers(CLOUD)).toHaveLength(0)
    expect((await run(`ana: press Approve ${again.runId}`)).said).toContain('somebody else decides it')
    await run(`bo: press Approve ${again.runId}`)
    expect(bot.sandbox.keyServers(CLOUD)).toHaveLength(1)
    const detach = await run(`ana: press Undo ${again.runId}`)
    await run(`bo: press Approve ${detach.runId}`)
  })

  it('goes on with an order that is paid for, and buys nothing more', async () => {
    const { runId } = await run('cy: /okms order eu-west-gra')
    await bot.sandbox.control({
      faults: [{ route: 'GET /v1/me/order/{orderId}/status', do: 'status', status: 403 }],
    })
    const broken = await run(`bo: press Approve ${runId}`)
    expect(broken.said).toMatch(/✅ Prepare a cart\s+checked out: see the order at OVHcloud/)
    expect(broken.said).toContain('❌ Follow the order')
    await bot.sandbox.control({ faults: [] })

    const again = await retry(runId)

    expect(again.said).toContain(`Run ${runId} goes on where it stopped: Follow the order.`)
    expect(again.said).toContain('✅ Follow the order')
    expect(again.said).toContain('The new OKMS')
    expect(bot.sandbox.orders()).toHaveLength(1)
  })

  it('does not try again what it could not take back, nor what it was given and has erased', async () => {
    await bot.sandbox.control({ customerWait: '1h' })
    const { runId } = await run(`ana: /okms attach ${CLOUD} prod-kms`)
    await bot.type(`bo: press Approve ${runId}`)
    const tasks = () => bot.sandbox.cloudTasks(CLOUD).filter(({ state }) => state === 'doing')
    await expect.poll(tasks).toHaveLength(1)
    await bot.sandbox.control({
      task: { id: tasks()[0]!.taskId, state: 'error' },
      faults: [
        {
          route: 'DELETE /v1/dedicatedCloud/{serviceName}/vmEncryption/kms/{kmsId}',
          do: 'status',
          status: 403,
        },
      ],
    })
    expect(await bot.type('advance 10m')).toContain('Could not be taken back, please look')

    expect(await bot.type(`bo: /okms jobs retry ${runId}`)).toContain(
      `Something of run ${runId} could not be taken back, so trying again might do it twice: Register the key server.`,
    )
    await bot.sandbox.control({ faults: [], customerWait: '0s' })
    const { kmsId } = bot.sandbox.keyServers(CLOUD)[0]!
    const detach = await run(`ana: /okms detach ${CLOUD} ${kmsId}`)
    await run(`bo: press Approve ${detach.runId}`)

    await bot.sandbox.control({ deny: ['okms:apiovh:serviceKey/create'] })
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    await writeFile(join(bot.home, 'own.pem'), key.export({ type: 'pkcs8', format: 'pem' }))
    const brought = await run(`ana: /okms key import own ${join(bot.home, 'own.pem')} prod-kms`)
    expect(brought.said).not.toContain('jobs retry')
    expect(await bot.type(`bo: /okms jobs retry ${brought.runId}`)).toContain(
      `The bot has erased what run ${brought.runId} was given`,
    )
  })

  it('refuses what cannot be tried again, and says why', async () => {
    const { runId } = await run('ana: /okms credential reader 30d')

    expect((await retry('00000000')).said).toContain('There is no run 00000000.')
    expect((await retry('banana')).said).toContain('"banana" is not a run id for run.')
    expect((await retry(runId)).said).toContain('is under way: there is nothing to try again.')
    await collect(runId)
    expect((await retry(runId)).said).toContain('did not fail: there is nothing to try again.')
    expect((await abandon(runId)).said).toContain('has ended: there is nothing to give up.')
  })
})

describe('giving up', () => {
  it('revokes what nobody has collected, and leaves nothing to collect', async () => {
    const before = bot.live().length
    const { runId } = await run('ana: /okms credential reader 30d')
    expect(bot.live()).toHaveLength(before + 1)

    const { said } = await abandon(runId)

    expect(said).toContain('is being given up')
    expect(said).toMatch(
      /⚠ Prepare the request\s+(what was made is being revoked|nothing of it is at OVHcloud)/,
    )
    expect(said).toContain('bo gave it up.')
    expect(said).toContain('its run has ended without it, and it is being revoked.')
    expect(bot.live()).toHaveLength(before)
    expect((await run(`ana: press Collect ${runId}`)).said).not.toContain('.key.pem')
    expect(await bot.type('bo: /okms jobs list failed')).not.toContain(runId)
  })

  it('does not take from somebody what they hold', async () => {
    const before = bot.live().length
    const { runId } = await run('ana: /okms credential reader 30d')
    await run(`ana: press Collect ${runId}`)

    expect((await abandon(runId)).said).toContain('it only finishes that now.')

    expect((await run(`ana: press Saved it ${runId}`)).said).toContain('collected, and erased here.')
    expect(bot.live()).toHaveLength(before + 1)
  })

  it('waits for a hand-over that is under way, and leaves what was handed over', async () => {
    const before = bot.live().length
    const { runId } = await run('ana: /okms credential reader 30d')
    const delivery = keys.delivery(runId)
    await redis.hset(delivery, { leaseId: 'a press', leaseUntil: Number.MAX_SAFE_INTEGER })

    expect((await abandon(runId)).said).toContain('is being handed over right now.')
    // As if it had been given up just before the press.
    await createRunStore(redis).deal({ runId, endedAtMs: null }, { abandoned: { by: 'bo' } })
    await bot.type('advance 31m')
    expect(bot.logLines.some(line => line.includes('It is being handed over right now.'))).toBe(true)
    expect(bot.live()).toHaveLength(before + 1)
    await redis.hset(delivery, { state: 'collected', collectedAt: Date.now(), receipts: '[]' })
    const said = await bot.type('advance 10m')

    expect(said).toMatch(/✅ Prepare the request\s+kept: it has been collected, and stays valid/)
    expect(said).toContain('It stays valid: /okms revoke reader takes it back.')
    expect(bot.live()).toHaveLength(before + 1)
  })

  it('says that what is being revoked will be', async () => {
    const { runId: issued } = await run('ana: /okms credential reader 30d')
    await collect(issued)
    const id = bot.live().at(-1)!.id
    await bot.sandbox.control({
      faults: [
        { route: 'DELETE /v2/okms/resource/{okmsId}/credential/{credentialId}', do: 'status', status: 500 },
      ],
    })
    const { runId } = { runId: lastRunId(await bot.type(`ana: /okms revoke ${id}`)) }
    await expect.poll(() => bot.screen.join()).toContain(`Revoke it]`)
    await bot.type(`ana: press Revoke it ${runId}`)
    await expect.poll(() => bot.type('bo: /okms jobs list')).toContain('Wait for the revocation')

    expect(await bot.type(`bo: /okms jobs abandon ${runId}`)).toContain(
      '("Ask OVHcloud to revoke it" is done): it only finishes that now.',
    )

    await bot.sandbox.control({ faults: [] })
    await bot.type('advance 10m')
    expect(bot.live().map(one => one.id)).not.toContain(id)
  })

  it('withdraws what nobody has decided on', async () => {
    const { runId } = await run(`ana: /okms attach ${CLOUD} prod-kms`)

    const { said } = await abandon(runId, 'cy')

    expect(said).toMatch(/\[thread \w+\]\s+cy gave it up\./)
    expect(said).toContain('It is decided: withdrawn by cy.')
    expect(said).toContain('Nothing was registered.')
    expect((await run(`bo: /okms approve ${runId}`)).said).toContain('It has been withdrawn.')
    expect(bot.sandbox.keyServers(CLOUD)).toHaveLength(0)
  })

  it('asks nobody any more, though it was given up in the very moment of asking', async () => {
    const { runId } = await run(`ana: /okms attach ${CLOUD} prod-kms`)
    await createRunStore(redis).deal({ runId, endedAtMs: null }, { abandoned: { by: 'bo' } })

    const said = await bot.type('advance 20m')

    expect(said).toContain('Nothing is to be decided any more: bo gave it up.')
    expect(await bot.type(`cy: /okms approve ${runId}`)).toContain('It has been withdrawn.')
    expect(bot.sandbox.keyServers(CLOUD)).toHaveLength(0)
  })

  it('says that a key server stays while OVHcloud waits for vCenter', async () => {
    await bot.sandbox.control({ customerWait: '1h' })
    const { runId } = await run(`ana: /okms attach ${CLOUD} prod-kms`)
    await bot.type(`bo: press Approve ${runId}`)
    await expect.poll(() => bot.sandbox.keyServers(CLOUD)).toHaveLength(1)

    await bot.type(`bo: /okms jobs abandon ${runId}`)
    const said = await bot.type('advance 10m')

    expect(said).toContain('bo gave it up.')
    const { kmsId } = bot.sandbox.keyServers(CLOUD)[0]!
    expect(said).toMatch(
      new RegExp(
        `✅ Register the key server\\s+kept: OVHcloud is at work on it .*/okms detach ${CLOUD} ${kmsId} takes`,
      ),
    )
    expect((await retry(runId)).said).toContain(`prod-kms is attached to ${CLOUD} already. Nothing was done.`)
    expect(bot.sandbox.keyServers(CLOUD)).toHaveLength(1)
  })

  it('does not give up what clears up after others', async () => {
    await bot.sandbox.control({
      faults: [
        { route: 'DELETE /v2/okms/resource/{okmsId}/credential/{credentialId}', do: 'status', status: 500 },
      ],
    })
    const { runId } = await run('ana: /okms credential reader 30d')
    await bot.type(`bo: /okms jobs abandon ${runId}`)
    await expect.poll(() => bot.type('bo: /okms jobs list')).toContain('Revoke what is left of reader')
    const cleaner = /(\w{8})\s+Revoke what is left/.exec(await bot.type('bo: /okms jobs list'))![1]!

    expect(await bot.type(`bo: /okms jobs abandon ${cleaner}`)).toContain('clears up after another one')

    await bot.sandbox.control({ faults: [] })
    await bot.type('advance 10m')
    expect(await bot.type('bo: /okms jobs list')).not.toContain(cleaner)
  })
})
