/** A canary search: after a full run, no byte of a private key lies anywhere but in the inbox. */
import { execFile } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestBot, type TestBot } from '../fakes/test-bot.js'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot()
})
afterAll(() => bot?.stop())

/** Everything by which a private key could be recognised: its PEM lines, its DER and its secret scalar in three spellings. */
function tracesOf(pem: string): Buffer[] {
  const key = createPrivateKey(pem)
  const jwk = key.export({ format: 'jwk' })
  const secrets = [jwk.d, jwk.p, jwk.q]
    .filter(part => part !== undefined)
    .map(part => Buffer.from(part, 'base64url'))
  const lines = pem.split('\n').filter(line => /^[A-Za-z0-9+/=]{32,}$/.test(line))
  return [
    ...lines.map(line => Buffer.from(line.slice(4, 36))),
    ...secrets,
    ...secrets.map(secret => Buffer.from(secret.toString('hex'))),
    ...secrets.map(secret => Buffer.from(secret.toString('base64').slice(0, 40))),
  ]
}

async function everythingLeftBehind(): Promise<{ where: string; bytes: Buffer }[]> {
  await promisify(execFile)('redis-cli', ['-u', bot.redis.url, 'save'])
  const files = await readdir(bot.redis.dir, { recursive: true, withFileTypes: true })
  const redis = await Promise.all(
    files
      .filter(file => file.isFile())
      .map(async file => ({ where: file.name, bytes: await readFile(join(file.parentPath, file.name)) })),
  )
  return [
    ...redis,
    { where: 'screen', bytes: Buffer.from(bot.transcript()) },
    { where: 'log', bytes: Buffer.from(bot.logLines.join('')) },
  ]
}

it.each(['', 'key:bot', 'type:RSA'])('leaves no byte of a private key behind (%s)', async options => {
  await bot.type(`ana: /okms credential reader 30d ${options}`, 'settle')
  const duringDelivery = await everythingLeftBehind()
  await bot.type('ana: press Collect', 'settle', 'ana: press Saved it', 'settle')

  const names = await bot.inbox.files('ana')
  const keyFile = names.filter(name => name.endsWith('key.pem')).at(options === '' ? 0 : -1)!
  const traces = tracesOf((await bot.inbox.read('ana', keyFile)).toString())
  const places = [...duringDelivery, ...(await everythingLeftBehind())]

  expect(traces.length).toBeGreaterThan(3)
  expect(places.some(({ where, bytes }) => where.endsWith('.rdb') && bytes.length > 1000)).toBe(true)
  expect(places.some(({ where, bytes }) => where.endsWith('.aof') && bytes.length > 1000)).toBe(true)
  for (const { where, bytes } of places) {
    for (const trace of traces)
      expect(bytes.includes(trace), `${where} holds ${options} key bytes`).toBe(false)
  }
})
