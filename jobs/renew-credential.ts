/**
 * Puts a new credential in the place of an old one, both valid at the same time: issue and hand over, wait until somebody says that
 * the new one works, leave a day for second thoughts, then revoke the old one. Nobody says so: the old one is left to expire.
 */
import { z } from 'zod'
import {
  BotError,
  code,
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
    await job.step('Note that it is renewed', () => note(job, issued, null))

    const leftMs = await job.step('Look at the old one', () => Date.parse(old.expiresAt) - job.clock.now(), {
      note: ms => (ms > 0 ? say`valid until ${instant(old.expiresAt)}` : 'has expired'),
    })
    if (leftMs <= 0) return end(job, issued, 'The old one has expired.')
    if (!(await waitForProof(job, leftMs))) {
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

/** `false`: the old one expired before anybody said so. */
async function waitForProof(job: Renewal, leftMs: number): Promise<boolean> {
  const { old } = job.input
  return job.step.until<boolean>(
    'Wait for the word that it works',
    {
      every: '1d',
      growingTo: '7d',
      atMost: `${leftMs}ms`,
      waitsFor: 'person',
      note: works => (works ? null : 'nobody said so'),
      tooLong: async () => false,
    },
    async () => {
      if (await job.answers.to(job.runId, 'works')) return true
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

async function retire(job: Renewal, issued: Issued): Promise<Ending> {
  const { old } = job.input
  const { by, at: saidAt } = (await job.answers.to(job.runId, 'works'))!
  const revokedAt = await job.step('Start the grace period', async () => {
    // Counted from the word, so that a second worker that does this says the same.
    const at = new Date(Date.parse(saidAt) + GRACE.ms).toISOString()
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
      tooLong: async () => true,
      note: () => null,
    },
    async () => ((await job.answers.to(job.runId, 'keep')) ? false : undefined),
  )
  if (!goesOn) {
    await job.step('Keep the old one', async () => {
      await note(job, issued, null)
      await closeQuestion(job, `The old ${old.name} is kept: it stays valid until it expires.`)
    })
    return end(job, issued, 'The old one is kept until it expires.')
  }
  const revoking = await job.step('Revoke the old one', () =>
    job.start('old', revokeCredential, {
      okmsId: old.okmsId,
      credentialId: old.credentialId,
      name: old.name,
      by: null,
    }),
  )
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
