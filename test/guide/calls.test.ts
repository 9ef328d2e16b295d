/** Each API call of OVHcloud's guide has a command, a route in the sandbox, and is done here by talking to the bot; so is one refusal each. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadDefinitions } from '../../src/bot/load.js'
import { PROJECT, startTestBot, type TestBot } from '../fakes/test-bot.js'
import { GUIDE_CALLS } from './calls.js'

let bot: TestBot
beforeEach(async () => {
  bot = await startTestBot()
  await bot.sandbox.control({ customerWait: '0s' })
})
afterEach(() => bot.stop())

/** A key of somebody's own, as openssl writes one. */
async function bringKey(): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const path = join(bot.home, 'brought.pem')
  await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return path
}

/** Calls of this method and path template that OVHcloud answered well since the log had so many lines. */
function callsSince(lines: number, call: string): string[] {
  const [method, template] = call.split(' ') as [string, string]
  const path = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
  return bot.logLines
    .slice(lines)
    .map(line => JSON.parse(line))
    .filter(
      one => one.msg === 'OVHcloud call' && one.method === method && path.test(one.path) && one.status < 300,
    )
    .map(one => one.path)
}

it('counts 17 of them', () => {
  expect(new Set(GUIDE_CALLS.map(({ call }) => call)).size).toBe(17)
})

it.each(GUIDE_CALLS)('$call: $command can $does', async row => {
  const { commands } = await loadDefinitions(PROJECT)
  expect(commands.map(({ name }) => name)).toContain(row.command)
  const keyFile = await bringKey()
  await bot.type(...(row.first ?? []))
  if (row.replacesCertificate) await bot.sandbox.control({ kmip: { rotateCertificate: true } })
  const kmsId = String(bot.sandbox.keyServers()[0]?.kmsId ?? '')
  const fill = (line: string) => line.replace('{kmsId}', kmsId).replace('{keyFile}', keyFile)
  expect(row.asks.some(line => line.includes(`/okms ${row.command}`))).toBe(true)

  const before = bot.logLines.length
  expect(await bot.type(fill(row.wrong.asks), 'settle')).toContain(row.wrong.says)
  if (!row.call.startsWith('GET')) expect(callsSince(before, row.call)).toEqual([])

  const said = await bot.type(...row.asks.map(fill))

  expect(said).toMatch(row.says)
  expect(callsSince(before, row.call)).not.toEqual([])
})
