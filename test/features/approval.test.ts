/** Approval in the thread: by somebody else, once, for exactly this plan. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openssl } from '../fakes/openssl.js'
import { lastRunId, startTestBot, type TestBot } from '../fakes/test-bot.js'

let bot: TestBot
let scratch: string
let runId: string
let asked: string
let before: number

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'okms-approval-'))
  const csr = join(scratch, 'a.csr')
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
  bot = await startTestBot()
})
afterAll(async () => {
  await bot?.stop()
  await rm(scratch, { recursive: true, force: true })
})
beforeEach(async () => {
  before = bot.sandbox.credentials().length
  asked = await bot.type(`ana: /okms credential vcenter 200d csr:${join(scratch, 'a.csr')}`, 'settle')
  runId = lastRunId(asked)
})

/** Nothing was made at OVHcloud, and nothing can be pressed any more. */
async function expectNothingDone(said: string): Promise<void> {
  expect(said).toContain('Nothing was created at OVHcloud.')
  // What earlier tests left may have lapsed in the meantime.
  expect(bot.sandbox.credentials().length).toBeLessThanOrEqual(before)
  expect(await bot.type(`bo: press Approve ${runId}`, 'settle')).not.toContain('It goes on now')
}

describe('a request of a private run', () => {
  it('is a public card without secrets, with the buttons in its thread', () => {
    expect(asked).toMatch(/\[#ops\]\s+Credential vcenter for prod-kms · run \w{8} · asked by ana/)
    expect(asked).toMatch(/\[#ops\]\s+waits for 1 approval from role approver/)
    expect(asked).toContain(`[thread ${runId}]`)
    expect(asked).toContain('[Approve]  [Deny…]  [Withdraw]')
    expect(bot.sandbox.credentials()).toHaveLength(before)
  })

  it('refuses the requester, and whoever may not approve, each with the reason', async () => {
    expect(await bot.type(`ana: press Approve ${runId}`)).toMatch(
      /somebody else decides it[\s\S]*Approvers: bo, cy/,
    )
    expect(await bot.type(`dee: press Approve ${runId}`)).toContain('You may not approve requests here.')
    expect(bot.sandbox.credentials()).toHaveLength(before)
  })

  it('goes on when somebody else approves, and says who', async () => {
    const said = await bot.type(`bo: press Approve ${runId}`, 'settle')

    expect(said).toContain('Approved (1 of 1). It goes on now.')
    expect(said).toMatch(new RegExp(`\\[thread ${runId}\\]\\s+✅ bo approved \\(1 of 1\\)`))
    expect(said).toMatch(/✅ Wait for approval\s+approved by bo/)
    expect(said).toContain('is ready.')
    expect(bot.sandbox.credentials()).toHaveLength(before + 1)
  })

  it('takes text and mentions for a press, in the thread too', async () => {
    const said = await bot.type(`cy thread ${runId}: @okms approve ${runId} fine`, 'settle')

    expect(said).toContain('cy approved (1 of 1): fine.')
    expect(bot.sandbox.credentials()).toHaveLength(before + 1)
  })

  it('ends with a reason when it is denied', async () => {
    const opened = await bot.type(`bo: press Deny ${runId}`)
    expect(opened).toContain('Deny the request')

    const said = await bot.type('bo: fill reason:"not during the audit"', 'settle')

    expect(said).toMatch(/\[thread \w+\]\s+❌ bo denied it: not during the audit/)
    expect(said).toContain('Denied by bo: not during the audit.')
    await expectNothingDone(said)
  })

  it('can be withdrawn by the one who asked, and by nobody else', async () => {
    expect(await bot.type(`bo: press Withdraw ${runId}`)).toContain('Only the one who asked can withdraw it.')

    const said = await bot.type(`ana: press Withdraw ${runId}`, 'settle')

    await expectNothingDone(said)
  })

  it('reminds the approvers, and expires after eight hours', async () => {
    const nudged = await bot.type('advance 20m')
    expect(nudged).toMatch(
      /\[thread \w+\]\s+Still waits for 1 approval from role approver, for 15 min now: bo, cy\./,
    )

    const said = await bot.type('advance 8h')

    expect(said).toContain('expired: nobody decided in time')
    await expectNothingDone(said)
  })

  it('is listed while it waits', async () => {
    expect(await bot.type('bo: /okms requests')).toMatch(
      new RegExp(`${runId}\\s+Credential vcenter for prod-kms\\s+ana\\s+#ops`),
    )
    await bot.type(`bo: /okms deny ${runId} "no"`, 'settle')
    expect(await bot.type('bo: /okms requests')).not.toContain(runId)
  })

  it('is decided once, however many press at the same time', async () => {
    const presses = Array.from({ length: 100 }, (_, i) =>
      bot.pressAtOnce(i % 2 ? 'bo' : 'cy', 'approve', runId),
    )
    const answers = await Promise.all(presses)
    await bot.type('settle')

    expect(answers).toHaveLength(100)
    expect(bot.sandbox.credentials()).toHaveLength(before + 1)
    const counted = bot.screen.filter(line => line.includes(runId) && line.includes('approved (')).length
    expect(counted).toBeLessThanOrEqual(1)
  })
})
