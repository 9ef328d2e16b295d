/** Service keys on the day the worker dies: after each step, one key, and none of a brought key left in the vault. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { silentLog } from '../../src/core/ports/log.js'
import { keys } from '../../src/store/keys.js'
import { connectRedis } from '../../src/store/redis.js'
import { compile } from '../fakes/compiled.js'
import { type DyingBot, startDyingBot } from '../fakes/dying-bot.js'

let bot: DyingBot | null = null

beforeAll(compile)
afterEach(async () => {
  await bot?.stop()
  bot = null
})

async function throughDeath(dieAfter: string, line: (bot: DyingBot) => string | Promise<string>) {
  bot = await startDyingBot(dieAfter)
  await bot.type(`ana: ${await line(bot)}`)
  await bot.takeOver()
  await bot.type('settle')
  return bot
}

const rowsOf = async (bot: DyingBot, name: string) =>
  (await bot.type('ana: /okms key list')).split('\n').filter(row => row.includes(` ${name} `))

it.each(['Look at the keys there are', 'Ask OVHcloud for the key'])(
  'makes one key when the worker is killed after "%s"',
  async title => {
    const bot = await throughDeath(title, () => '/okms key create new EC P-256 okms:prod-kms')

    expect(await rowsOf(bot, 'new')).toEqual([expect.stringContaining('ACTIVE  EC P-256')])
    expect(bot.screen.filter(line => line.includes('Service key new ('))).toHaveLength(1)
  },
)

it.each(['Find the sealed key', 'Hand the key to OVHcloud', "Erase the bot's copy"])(
  'imports one key and erases it when the worker is killed after "%s"',
  async title => {
    const bot = await throughDeath(title, async ({ home }) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const path = join(home, 'mine.pem')
      await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))
      return `/okms key import brought ${path} prod-kms`
    })

    expect(await rowsOf(bot, 'brought')).toEqual([expect.stringContaining('ACTIVE  EC P-256')])
    const redis = connectRedis(bot.redis.url, 'worker', silentLog)
    expect(await redis.keys(keys.vault('*'))).toEqual([])
    redis.disconnect()
  },
)

it('deletes a key once when the worker is killed right after OVHcloud did', async () => {
  bot = await startDyingBot('Delete it at OVHcloud', async living => {
    await living.type('ana: /okms key deactivate signing UNSPECIFIED', 'settle')
  })
  await bot.type('ana: /okms key delete signing')
  await bot.type('settle')
  await bot.type('ana: press Delete it')
  await bot.takeOver()
  await bot.type('settle')

  expect(bot.screen.filter(line => line.includes('is deleted.'))).toHaveLength(1)
  expect(await rowsOf(bot, 'signing')).toEqual([])
})
