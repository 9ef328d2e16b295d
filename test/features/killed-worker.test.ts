/** The day the worker dies: between any two steps, and in the worst moment of all, right after OVHcloud made the credential. */
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../fakes/compiled.js'
import { type DyingBot, startDyingBot } from '../fakes/dying-bot.js'
import { isAcceptedByKmip } from '../fakes/kmip-client.js'
import { openssl } from '../fakes/openssl.js'
import { PROJECT } from '../fakes/test-bot.js'

let bot: DyingBot | null = null

beforeAll(compile)
afterEach(async () => {
  await bot?.stop()
  bot = null
})

async function issueThroughDeath(dieAfter: string, command: string) {
  bot = await startDyingBot(dieAfter)
  await bot.type(`ana: ${command}`)
  await bot.takeOver()
  await bot.type('settle')
  return bot
}

const ASK = 'Ask OVHcloud for the credential'

describe('a worker killed right after OVHcloud made the credential, before that was remembered', () => {
  it.each([
    ['OVHcloud', '/okms credential reader 30d'],
    ['the bot', '/okms credential reader 30d key:bot'],
  ])('leaves exactly one live credential when %s makes the key', async (_, command) => {
    const bot = await issueThroughDeath(ASK, command)
    await bot.type('ana: press Collect', 'settle')

    expect(bot.live()).toHaveLength(1)
    const pair = {
      key: await bot.inbox.read('ana', 'reader.key.pem'),
      cert: await bot.inbox.read('ana', 'reader.cert.pem'),
    }
    expect(await isAcceptedByKmip(bot.sandbox.info.kmip, pair)).toBe(true)
  })

  it('leaves exactly one live credential for a request of the person', async () => {
    const csr = join(PROJECT, 'node_modules', '.killed-worker.csr')
    await openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=a',
      '-out',
      csr,
    )

    const bot = await issueThroughDeath(ASK, `/okms credential vcenter 30d csr:${csr}`)
    await bot.type('ana: press Collect', 'settle')

    expect(bot.live()).toHaveLength(1)
    expect(await bot.inbox.files('ana')).toEqual(['ca.pem', 'vcenter.cert.pem'])
  })
})

describe('a worker killed after another step', () => {
  it.each([
    'Prepare the request',
    'Wait for the certificate',
    'Try it against the OKMS',
    'Hand it over privately',
  ])('comes to the same end after "%s"', async title => {
    const bot = await issueThroughDeath(title, '/okms credential reader 30d')
    await bot.type('ana: press Collect', 'settle', 'ana: press Saved it', 'settle')

    expect(bot.live()).toHaveLength(1)
    expect(bot.screen.filter(line => line.includes('is ready.'))).toHaveLength(1)
    expect(bot.screen.filter(line => line.includes('holds a new credential'))).toHaveLength(1)
  })
})


describe('a worker killed in the middle of attaching', () => {
  it.each([
    'Measure the key server',
    'Ask for approval',
    'Wait for approval',
    'Measure again',
    'Register the key server',
    'Follow OVHcloud',
    'Remember the key server',
  ])('comes to one key server and one card after "%s"', async title => {
    const { bot, first, takeOver } = await withDyingWorker(title)
    await bot.sandbox.control({ customerWait: '0s' })
    const died = once(first, 'exit')
    const dies = async (...lines: string[]) => {
      for (const line of lines) {
        if (first.signalCode === null) await bot.type(line)
      }
      await died
      await takeOver()
    }
    // Up to the vote the first worker may live; whichever worker is there after it goes on.
    const started = await bot.type('ana: /okms attach pcc-192-0-2-10 prod-kms')
    const runId = lastRunId(started)
    if (['Measure the key server', 'Ask for approval'].includes(title)) await dies()
    await bot.type('settle', `bo: press Approve ${runId}`)
    if (first.signalCode === null) await dies()
    await bot.type('settle')

    expect(
      bot.sandbox.keyServers('pcc-192-0-2-10').filter(({ state }) => state === 'delivered'),
    ).toHaveLength(1)
    const registrations = bot.sandbox
      .cloudTasks('pcc-192-0-2-10')
      .filter(({ name }) => name === 'createVmEncryptionKms')
    expect(registrations).toHaveLength(1)
    expect(bot.screen.filter(line => line.includes('Attach prod-kms to pcc-192-0-2-10 · run'))).toHaveLength(
      1,
    )
  })
})

describe('a worker killed in the middle of buying an OKMS', () => {
  it.each([
    'Prepare a cart',
    'Put the OKMS into it',
    'Choose the region',
    'Ask for the price again',
    'Place the order',
    'Follow the order',
    'Find the new OKMS',
  ])('leads to one order and one new OKMS after "%s"', async title => {
    const { bot, first, takeOver } = await withDyingWorker(title)
    await bot.sandbox.control({ order: { takes: '0s' } })
    const died = once(first, 'exit').then(takeOver)
    const early = ['Prepare a cart', 'Put the OKMS into it', 'Choose the region'].includes(title)

    const started = await bot.type('cy: /okms order eu-west-gra')
    if (early) await died
    await bot.type('settle', `bo: press Approve ${lastRunId(started)}`)
    await died
    await bot.type('settle')

    expect(bot.sandbox.orders()).toEqual([expect.objectContaining({ status: 'delivered' })])
    expect((await bot.type('ana: /okms list')).split('\n')).toContainEqual(expect.stringContaining('3 OKMS'))
    expect(bot.screen.filter(line => line.includes('The new OKMS is there'))).toHaveLength(1)
  })
})
