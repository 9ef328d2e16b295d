/** Private Clouds on the day the worker dies: after each step of attach, detach and repair, the same end. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../fakes/compiled.js'
import { type DyingBot, startDyingBot } from '../fakes/dying-bot.js'
import { lastRunId, type TestBot } from '../fakes/test-bot.js'

const CLOUD = 'pcc-192-0-2-10'

let bot: DyingBot | null = null

beforeAll(compile)
afterEach(async () => {
  await bot?.stop()
  bot = null
})

const keyServers = () => bot!.sandbox.keyServers(CLOUD)
const delivered = () => keyServers().filter(({ state }) => state === 'delivered')
const tasks = (name: string) => bot!.sandbox.cloudTasks(CLOUD).filter(task => task.name === name)
const cards = (title: string) => bot!.screen.filter(line => line.includes(`${title} · run`))

/** Attaches, and answers the number of the key server. Its wait for OVHcloud is walked through. */
async function attaches({ type, sandbox }: Pick<TestBot, 'type' | 'sandbox'>): Promise<number> {
  await sandbox.control({ customerWait: '0s' })
  const said = await type(`ana: /okms attach ${CLOUD} prod-kms`, 'settle')
  await type(`bo: press Approve ${lastRunId(said)}`, 'advance 1m')
  expect(sandbox.keyServers(CLOUD).map(({ state }) => state)).toEqual(['delivered'])
  return sandbox.keyServers(CLOUD)[0]!.kmsId
}

/** Steps before anybody has approved. */
const EARLY = ['Measure the key server', 'Compare with what is registered', 'Ask for approval']

/** Asks and approves; the worker dies after a step, and another takes over. */
async function approvedThroughDeath(
  title: string,
  ask: (kmsId: number) => string,
  before?: (bot: TestBot) => Promise<number>,
): Promise<number> {
  let kmsId = 0
  const preparing =
    before &&
    (async (given: TestBot) => {
      kmsId = await before(given)
    })
  bot = await startDyingBot(title, preparing)
  await bot.sandbox.control({ customerWait: '0s' })
  // Up to the vote the first worker may live; whichever worker is there after it goes on.
  const runId = lastRunId(await bot.type(`ana: ${ask(kmsId)}`))
  if (EARLY.includes(title)) await bot.takeOver()
  await bot.type('settle', `bo: press Approve ${runId}`)
  if (!EARLY.includes(title)) await bot.takeOver()
  // OVHcloud takes its time, which is walked through.
  await bot.type('advance 5m')
  return kmsId
}

describe('a worker killed in the middle of attaching', () => {
  it.each([
    'Measure the key server',
    'Compare with what is registered',
    'Ask for approval',
    'Wait for approval',
    'Close the request',
    'Measure again',
    'Register the key server',
    'Follow OVHcloud',
    'Remember the key server',
  ])('comes to one key server and one card after "%s"', async title => {
    await approvedThroughDeath(title, () => `/okms attach ${CLOUD} prod-kms`)

    expect(delivered()).toHaveLength(1)
    expect(tasks('createVmEncryptionKms')).toHaveLength(1)
    expect(cards(`Attach prod-kms to ${CLOUD}`)).toHaveLength(1)
  })
})

describe('a worker killed in the middle of detaching', () => {
  it.each([
    'Ask for approval',
    'Wait for approval',
    'Close the request',
    'Look at it again',
    'Remove the key server',
    'Follow OVHcloud',
    'Forget the key server',
  ])('removes the key server once, with one card, after "%s"', async title => {
    const kmsId = await approvedThroughDeath(title, id => `/okms detach ${CLOUD} ${id}`, attaches)

    expect(keyServers()).toHaveLength(0)
    expect(tasks('deleteVmEncryptionKms')).toHaveLength(1)
    expect(cards(`Detach key server ${kmsId} from ${CLOUD}`)).toHaveLength(1)
    expect(bot!.transcript()).toContain(`is removed from ${CLOUD}.`)
  })
})

describe('a worker killed in the middle of repairing', () => {
  it.each([
    'Measure the key server',
    'Ask for approval',
    'Wait for approval',
    'Close the request',
    'Measure again',
    'Change the thumbprint',
    'Follow OVHcloud',
    'Tell the thread',
  ])('gives the key server its thumbprint once, with one card, after "%s"', async title => {
    const kmsId = await approvedThroughDeath(
      title,
      id => `/okms repair ${CLOUD} ${id}`,
      async given => {
        const id = await attaches(given)
        await given.sandbox.control({ kmip: { rotateCertificate: true } })
        return id
      },
    )

    expect(delivered()).toHaveLength(1)
    expect(tasks('updateVmEncryptionKms')).toHaveLength(1)
    expect(cards(`Repair key server ${kmsId} of ${CLOUD}`)).toHaveLength(1)
    expect(bot!.transcript()).toMatch(/Key server \d+ trusts ([0-9A-F]{2}:){19}[0-9A-F]{2} now\./)
  })

  it.each([
    'Register the key server',
    'Follow OVHcloud',
    'Remember the key server',
    'Remove the old key server',
    'Follow the removal',
  ])('stands one new key server in for one that moved, after "%s"', async title => {
    const kmsId = await approvedThroughDeath(
      title,
      id => `/okms repair ${CLOUD} ${id}`,
      async given => {
        const id = await attaches(given)
        const keyServer = { kmsId: id, ip: '198.51.100.9' }
        await given.sandbox.control({ privateCloud: { serviceName: CLOUD, keyServer } })
        return id
      },
    )

    expect(keyServers().map(({ ip, state }) => `${ip} ${state}`)).toEqual(['127.0.0.1 delivered'])
    expect(tasks('createVmEncryptionKms')).toHaveLength(2)
    expect(tasks('deleteVmEncryptionKms')).toHaveLength(1)
    expect(cards(`Repair key server ${kmsId} of ${CLOUD}`)).toHaveLength(1)
  })
})
