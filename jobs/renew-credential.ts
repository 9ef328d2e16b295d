/**
 * Puts a new credential in the place of an old one, both valid at the same time: issue and hand over, wait until somebody says that
 * the new one works, leave a day for second thoughts, then revoke the old one. Nobody says so: the old one is left to expire.
 */
import { z } from 'zod'
import {
  BotError,
  code,
  DAY_MS,
  defineJob,
  type Ending,
  instant,
  type JobContext,
  personOf,
  say,
  type Target,
} from '../src/core/index.js'
import { issueAndHandOver } from './credential/issue.js'
import type { Issued } from './credential/make.js'
import { credentialPlan, credentialWish } from './plan-credential.js'
import { type OldCredential, oldCredential } from './plan-renewal.js'
import { revokeCredential } from './revoke-credential.js'

const renewalInput = z.object({ wish: credentialWish, plan: credentialPlan, old: oldCredential })
type Renewal = JobContext<z.infer<typeof renewalInput>>

/** Between the word that the new one works and the revocation of the old one. */
const GRACE = { text: '24 h', duration: '24h', ms: 24 * 3_600_000 }

export const renewCredential = defineJob({
  name: 'renew-credential',
  input: renewalInput,
  title: ({ old }) => `Renew ${old.name} for ${old.okmsName}`,
  commitsAt: ['Wait for it to be collected'],
  failed: ({ old }) => ({
    lines: [
      `The old one is untouched: ${old.name} stays as it was.`,
      say`Try again: ${code(`/okms renew ${old.credentialId}`)}`,
    ],
  }),

  async run(job): Promise<Ending> {
    const { old } = job.input
    const done = await issueAndHandOver(job)
    if ('ending' in done) {
      return {
        ...done.ending,
        lines: [...done.ending.lines, `The old one is untouched: ${old.name} stays as it was.`],
      }
    }
    const { issued } = done
    const before = await job.step('Note that it is renewed', () => noteFirst(job, issued))
    if (before !== null) {
      return end(
        job,
        issued,
        `${before} had renewed it already: what becomes of the old one is decided there.`,
      )
    }

    const leftMs = await job.step('Look at the old one', () => Date.parse(old.expiresAt) - job.clock.now(), {
      note: ms => (ms > 0 ? say`valid until ${instant(old.expiresAt)}` : 'has expired'),
    })
    if (leftMs <= 0) return end(job, issued, 'The old one has expired.')
    const proof = await waitForProof(job, issued, leftMs)
    if (proof === 'gone') return stay(job)
    if (proof === 'expired') {
      await job.step('Leave the old one', () =>
        closeQuestion(job, `Nobody said that the new ${old.name} works, so the old one was left to expire.`),
      )
      return end(job, issued, 'Nobody said that it works, so the old one was left to expire.')
    }
    return retire(job, issued)
  },
})

const privately = (job: Renewal): Target => ({
  to: 'person',
  actor: job.requester,
  otherwise: job.conversation,
})

const end = ({ input: { plan, old }, requester }: Renewal, issued: Issued, said: string): Ending => ({
  outcome: 'done',
  lines: [say`${plan.name} is renewed, valid until ${instant(issued.expiresAt)}. ${said}`],
  facts: {
    credentialId: issued.credentialId,
    expiresAt: issued.expiresAt,
    renews: old.credentialId,
    recipient: personOf(requester),
  },
})

/** Reminders of the old one end here and read so. */
const note = (job: Renewal, issued: Issued, oldRevokedAt: string | null) =>
  job.ledger.solve(job.input.old.credentialId, {
    how: 'renewed',
    by: job.requester.name,
    at: new Date(job.clock.now()).toISOString(),
    successorId: issued.credentialId,
    successorExpiresAt: issued.expiresAt,
    oldRevokedAt,
  })

/** Whether the new one can be used, since it may have been revoked; `undefined`: OVHcloud does not say now. */
async function isUsable(
  { okms, log, input: { plan } }: Renewal,
  { credentialId }: Issued,
): Promise<boolean | undefined> {
  try {
    return (await okms.credential(plan.okmsId, credentialId))?.status === 'READY'
  } catch (thrown) {
    const error = BotError.from(thrown)
    if (error.code === 'bug') throw error
    log.warn('new credential not looked at', { credentialId, code: error.code })
    return undefined
  }
}

/** Who had it renewed before, with a credential that still stands in for it; then nothing is noted here. */
async function noteFirst(job: Renewal, issued: Issued): Promise<string | null> {
  const { credentialId, okmsId } = job.input.old
  const solution = (await job.ledger.find([credentialId])).get(credentialId)?.solution
  if (solution?.how === 'renewed' && solution.successorId !== issued.credentialId) {
    const other = await job.okms.credential(okmsId, solution.successorId)
    if (other?.status === 'READY') return solution.by
  }
  await note(job, issued, null)
  return null
}

/** The old one has to do after all: it is reminded of again. */
async function noteNotRenewed(job: Renewal): Promise<void> {
  await job.ledger.change(job.input.old.credentialId, ({ solution, ...entry }) =>
    solution?.how === 'renewed'
      ? { ...entry, reminded: { ...entry.reminded, stale: entry.reminded.cards.length > 0 } }
      : null,
  )
  await job.wake('remind')
}

/** The new one is gone, so the old one stays. */
async function stay(job: Renewal): Promise<Ending> {
  const { old, plan } = job.input
  const said = `The new ${plan.name} cannot be used any more, so the old one stays: it is valid until it expires.`
  await job.step('Leave the old one', async () => {
    await noteNotRenewed(job)
    await closeQuestion(job, said)
  })
  return {
    outcome: 'stopped',
    lines: [said, say`Renew it again: ${code(`/okms renew ${old.credentialId}`)}`],
  }
}

type Proof = 'works' | 'expired' | 'gone'

/** How long after the hand-over people are reminded that nobody has said so, in days. */
const NUDGE_DAYS = [1, 3, 7, 14, 21, 30, 60, 90, 180]

/** `expired`: the old one, before anybody said so. `gone`: the new one. */
async function waitForProof(job: Renewal, issued: Issued, leftMs: number): Promise<Proof> {
  const { old } = job.input
  return job.step.until<Proof>(
    'Wait for the word that it works',
    {
      every: '1d',
      atMost: `${leftMs}ms`,
      waitsFor: 'person',
      note: proof => (proof === 'works' ? null : proof === 'gone' ? 'the new one is gone' : 'nobody said so'),
      tooLong: async () => 'expired',
    },
    async ({ waitedMs }) => {
      if (await job.answers.to(job.runId, 'works')) return 'works'
      if ((await isUsable(job, issued)) === false) return 'gone'
      const nudge = NUDGE_DAYS.findLast(days => waitedMs >= days * DAY_MS)
      if (nudge !== undefined) await remindOfTheWord(job, nudge)
      // The same message each time: it stands anew in the conversation only where it was lost.
      await job.tell('works', privately(job), {
        kind: 'text',
        mark: 'waiting',
        lines: [
          `Put the new ${old.name} where the old one is used, then press It works: the old one is revoked ${GRACE.text} later.`,
          say`Nobody presses it: the old one stays valid until ${instant(old.expiresAt)}.`,
        ],
        buttons: [{ press: 'it-works', label: 'It works', subject: job.runId, style: 'primary' }],
      })
      return undefined
    },
  )
}

const remindOfTheWord = (job: Renewal, days: number) =>
  job.tell(`works-${days}`, privately(job), {
    kind: 'text',
    mark: 'waiting',
    lines: [
      say`Nobody has said yet that the new ${job.input.old.name} works. Without that, the old one ends on ${instant(job.input.old.expiresAt)}, and is not reminded of.`,
    ],
    buttons: [{ press: 'it-works', label: 'It works', subject: job.runId, style: 'primary' }],
  })

async function retire(job: Renewal, issued: Issued): Promise<Ending> {
  const { old } = job.input
  const { by, at: saidAt } = (await job.answers.to(job.runId, 'works'))!
  const revokedAt = await job.step('Start the grace period', async () => {
    // Counted from the word, so that a second worker that does this says the same.
    const at = new Date(Math.min(Date.parse(saidAt) + GRACE.ms, Date.parse(old.expiresAt))).toISOString()
    await note(job, issued, at)
    await job.tell('works', privately(job), {
      kind: 'text',
      mark: 'done',
      lines: [say`${by} says that the new ${old.name} works. The old one is revoked on ${instant(at)}.`],
      buttons: [{ press: 'keep-old', label: 'Keep the old one', subject: job.runId }],
    })
    return at
  })
  const goesOn = await job.step.until<boolean>(
    `Leave ${GRACE.text} for second thoughts`,
    {
      every: GRACE.duration,
      atMost: GRACE.duration,
      waitsFor: 'time',
      // The end of the time is an answer too: whichever comes first holds.
      async tooLong() {
        await job.answers.give(job.runId, 'keep', { answer: 'no', by: 'the bot', at: revokedAt })
        return (await job.answers.to(job.runId, 'keep'))?.answer === 'no'
      },
      note: () => null,
    },
    async () => ((await job.answers.to(job.runId, 'keep'))?.answer === 'yes' ? false : undefined),
  )
  if (!goesOn) {
    await job.step('Keep the old one', async () => {
      await noteNotRenewed(job)
      await closeQuestion(job, `The old ${old.name} is kept: it stays valid until it expires.`)
    })
    return end(job, issued, 'The old one is kept until it expires.')
  }
  const usable = await job.step.until<boolean>(
    'Look at the new one',
    {
      every: '1m',
      growingTo: '1h',
      atMost: '7d',
      waitsFor: 'vendor',
      note: is => (is ? null : 'it is gone'),
      // Nobody knows, so the old one is not taken away.
      tooLong: async () => false,
    },
    () => isUsable(job, issued),
  )
  if (!usable) return stay(job)
  const revoking = await job.step('Revoke the old one', async () => {
    await closeQuestion(job, `The new ${old.name} works, and the old one is being revoked.`)
    return job.start('old', revokeCredential, {
      okmsId: old.okmsId,
      credentialId: old.credentialId,
      name: old.name,
      by: null,
    })
  })
  const revoked = await job.step.until<boolean>(
    'Wait for the revocation',
    { every: '2s', growingTo: '1m', atMost: '15m', waitsFor: 'vendor', tooLong: async () => false },
    async () => ((await job.stateOf(revoking)) === 'succeeded' ? true : undefined),
  )
  const said = revoked
    ? 'The old one is revoked.'
    : 'The revocation of the old one is pending: OVHcloud has not taken it yet. The bot goes on trying.'
  await job.step('Tell that it is over', () => closeQuestion(job, `${old.name} is renewed. ${said}`))
  job.log.debug('old credential retired', { credentialId: old.credentialId, due: revokedAt })
  return end(job, issued, said)
}

const closeQuestion = (job: Renewal, said: string) =>
  job.tell('works', privately(job), { kind: 'text', mark: 'done', lines: [said] })

/** Whether somebody may speak for the new one: who renewed it, and who owned the old one. */
export function isParty(
  input: unknown,
  requester: { platform: string; id: string; person?: string | undefined },
  actor: typeof requester,
): boolean {
  const parsed = renewalInput.safeParse(input)
  if (!parsed.success) throw new BotError('input.not-found', 'This button belongs to no renewal.')
  const owner: OldCredential['owner'] = parsed.data.old.owner
  const isSame = (one: { platform: string; id: string }) =>
    one.platform === actor.platform && one.id === actor.id
  return (
    isSame(requester) ||
    (requester.person !== undefined && requester.person === actor.person) ||
    (owner !== null && isSame(owner))
  )
}
