import { it } from 'vitest'
import { startDiscordBot } from '../fakes/discord/bot.js'
import { lastRunId } from '../fakes/test-bot.js'

it('x', async () => {
  const bot = await startDiscordBot()
  const ana = bot.person('ana')
  await ana.says('/okms credential reader 30d')
  await bot.settles()
  const runId = lastRunId(ana.sees().join('\n'))
  bot.logLines.splice(0)
  bot.discord.requests.splice(0)
  await ana.presses('Collect', runId)
  await bot.settles()
  console.log(ana.sees().join('\n----\n'))
  console.log(
    bot.logLines.filter(l => !l.includes('OVHcloud call')).join(''),
    bot.discord.requests
      .map(r => [r.method, r.path.slice(0, 60), r.status, r.code, r.raw.length].join(' '))
      .join('\n'),
  )
  await bot.stop()
})
