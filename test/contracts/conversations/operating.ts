/** Conversations of those who operate the bot. */
import { expect } from 'vitest'
import { type Conversation, runIn } from './scene.js'

export const tryingAgain: Conversation = {
  name: 'trying again',
  promise: 'shows an operator what failed and why, and tries it again for the one who asked',
  async hold({ bot, ana, bo, dee, settles, listens }) {
    const live = bot.live().length
    await bot.sandbox.control({ deny: ['okms:apiovh:credential/create'] })
    let heard = listens()
    await ana.says('/okms credential reader 30d')
    await settles()
    await bot.sandbox.control({ deny: [] })
    const failed = runIn(heard.by(ana))
    expect(ana.sees('dm').find(text => text.includes(failed))).toContain(`/okms jobs retry ${failed}`)

    heard = listens()
    await bo.says('/okms jobs list failed')
    await dee.says('/okms jobs list failed')
    await settles()
    expect(heard.by(bo)).toMatch(new RegExp(`${failed}[\\s\\S]*okms:apiovh:credential/create is missing`))
    expect(heard.by(dee)).toContain('You may not operate the bot here.')
    expect(heard.by(ana)).not.toContain('is missing')

    heard = listens()
    await bo.presses(`Try ${failed} again`)
    await settles()
    const again = runIn(heard.by(bo))
    expect(heard.by(bo)).toContain(`Begun anew as run ${again}, for ana`)
    await ana.presses('Collect', again)
    await settles()
    await ana.presses('Saved it', again)
    await settles()
    expect(bot.live()).toHaveLength(live + 1)
    return 'yes'
  },
}
