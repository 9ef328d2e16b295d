/** Conversations about what somebody else has to approve. */
import { expect } from 'vitest'
import { type Conversation, newRequest, runIn, type Scene } from './scene.js'

/** Asks for what needs an approval; answers the run. */
async function asks({ ana, settles, listens }: Scene): Promise<string> {
  const heard = listens()
  const bytes = Buffer.from(await newRequest())
  await ana.brings('/okms credential vcenter 200d', 'csr', { name: 'vc.csr', bytes })
  await settles()
  return runIn(heard.by(ana))
}

const headOf = ({ cy }: Scene, runId: string) =>
  cy.sees({ channel: 'ops' }).find(text => text.startsWith(`Credential vcenter for prod-kms · run ${runId}`))!

export const form: Conversation = {
  name: 'form',
  promise: 'asks for the reason of a refusal in a form, and tells it to those who wait',
  async hold(scene) {
    const { bot, ana, bo, settles } = scene
    const before = bot.sandbox.credentials().length
    const runId = await asks(scene)

    await bo.presses('Deny', runId)
    await bo.fills({ reason: 'use *30d* <please>' })
    await settles()

    expect(ana.sees({ thread: runId }).join('\n')).toMatch(/❌ @?bo denied it: use \*30d\* <please>/)
    expect(headOf(scene, runId)).toContain('Denied by bo: use *30d* <please>.')
    expect(ana.sees('dm').find(text => text.includes(runId))).toContain('Nothing was created at OVHcloud.')
    expect(bot.sandbox.credentials()).toHaveLength(before)
    return 'yes'
  },
}

export const thread: Conversation = {
  name: 'thread',
  promise: 'has a request decided in the thread under its card, once, by somebody else',
  async hold(scene) {
    const { bot, side, ana, bo, dee, settles, listens } = scene
    const live = bot.live().length
    const runId = await asks(scene)
    expect(headOf(scene, runId)).toMatch(/asked by @?ana\n[\s\S]*waits for 1 approval from role approver$/)
    expect(bo.sees({ thread: runId }).join('\n')).toContain('[Approve]  [Deny…]  [Withdraw]')
    const heard = listens()

    await ana.presses('Approve', runId)
    await dee.presses('Approve', runId)
    await bo.presses('Withdraw', runId)
    await settles()
    expect(heard.by(ana)).toContain('somebody else decides it')
    expect(heard.by(dee)).toContain('You may not approve requests here.')
    expect(heard.by(bo)).toContain('Only the one who asked can withdraw it.')
    expect(bot.live()).toHaveLength(live)

    await bo.says(`${side.inThreads} approve ${runId}`, { thread: runId })
    await settles()
    const inThread = ana.sees({ thread: runId }).join('\n')
    expect(inThread).toMatch(/✅ @?bo approved \(1 of 1\)/)
    expect(inThread).not.toContain('[Approve]')
    expect(headOf(scene, runId)).toMatch(/Approved by bo\.$/)
    expect(bot.live()).toHaveLength(live + 1)

    const second = await asks(scene)
    await ana.presses('Withdraw', second)
    await settles()
    expect(headOf(scene, second)).toMatch(/Withdrawn by ana\.$/)
    expect(bot.live()).toHaveLength(live + 1)
    return `yes, by button or by ${side.inThreads} approve in the thread`
  },
}
