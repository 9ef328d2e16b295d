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
