/** Revokes a credential because somebody wants that: what it means, their word for it, approval where the policy asks, then to the end. */
import { z } from 'zod'
import {
  type AskedApproval,
  BotError,
  code,
  daysUntil,
  defineJob,
  defineRead,
  type Ending,
  instant,
  type JobContext,
  say,
} from '../src/core/index.js'
import { type Confirmation, confirmed } from './asking/confirm.js'
import { describeEnd } from './asking/decision.js'
import { findCredential } from './credential/find.js'
import { revokeCredential } from './revoke-credential.js'

const revocationInput = z.object({
  credentialId: z.string(),
  okmsId: z.string(),
  okmsName: z.string(),
  name: z.string(),
  profile: z.string().nullable(),
  /** As people call them. */
  owner: z.string().nullable(),
  /** ISO instant. */
  expiresAt: z.string(),
  reason: z.string(),
})
export type RevocationInput = z.infer<typeof revocationInput>
type Revocation = JobContext<RevocationInput>

export const planRevocation = defineRead({
  name: 'plan-revocation',
  input: z.object({ credential: z.string(), reason: z.string() }),

  /** @throws BotError `input.not-found`, `input.ambiguous`, `state.conflict` when there is nothing to revoke any more */
  async run({ input: { credential, reason }, okms, ledger, signal }): Promise<RevocationInput> {
    const found = await findCredential(okms, credential, signal)
    const { id: credentialId, okmsId, name, status, expiresAt } = found.credential
    if (status === 'DELETING') throw new BotError('state.conflict', `${name} is being revoked already.`)
    if (status === 'EXPIRED') {
      throw new BotError(
        'state.conflict',
        `${name} has expired, so nobody can use it and there is nothing to revoke.`,
      )
    }
    const known = (await ledger.find([credentialId])).get(credentialId)
    return {
      credentialId,
      okmsId,
      okmsName: found.okms.name,
      name,
      profile: known?.profile ?? null,
      owner: known?.owner?.name ?? null,
      expiresAt,
      reason,
    }
  },
})

/** From then on a run of its own revokes it, for as long as it takes. */
const ASKED = 'Ask OVHcloud to revoke it'

export const revokeOnRequest = defineJob({
  name: 'revoke-on-request',
  input: revocationInput,
  title: ({ name, okmsName }) => `Revoke ${name} of ${okmsName}`,
  commitsAt: [ASKED],
  failed: (_, isDone) => ({
    lines: [
      isDone(ASKED)
        ? 'OVHcloud was asked to revoke it: the bot goes on until it is.'
        : 'Nothing was revoked.',
    ],
  }),

  async run(job): Promise<Ending> {
    const { input, step } = job
    const { credentialId, okmsId, name } = input
    if (!(await confirmed(job, confirmationOf(job))))
      return { outcome: 'stopped', lines: [`Nothing was revoked: ${name} stays as it is.`] }

    const decision = await step.approval('Wait for approval', approvalOf(job))
    const refused = describeEnd(decision, 'Nothing was revoked.')
    if (refused) return refused
    const revoking = await step(ASKED, () =>
      job.start('revoke', revokeCredential, { okmsId, credentialId, name, by: job.requester.name }),
    )
    const revoked = await step.until<boolean>(
      'Wait for the revocation',
      {
        every: '2s',
        growingTo: '1m',
        atMost: '1h',
        waitsFor: 'vendor',
        note: taken => (taken ? null : 'pending'),
        tooLong: async () => false,
      },
      async () => ((await job.stateOf(revoking)) === 'succeeded' ? true : undefined),
    )
    if (revoked) {
      return {
        outcome: 'done',
        lines: [say`${name} (${code(credentialId)}) is revoked: whoever uses it is refused from now on.`],
        facts: { credentialId },
      }
    }
    return {
      outcome: 'stopped',
      lines: [
        `The revocation of ${name} is pending: OVHcloud has refused it for an hour.`,
        'Whoever runs the bot has been told. The bot goes on trying, and says when it is done.',
      ],
      facts: { credentialId },
    }
  },
})

function confirmationOf({ input, clock }: Revocation): Confirmation {
  const { credentialId, name, okmsName, owner, expiresAt, reason } = input
  const daysLeft = daysUntil(Date.parse(expiresAt), clock.now())
  return {
    asks: [
      say`Revoke ${name} of ${okmsName} (${code(credentialId)})? ${owner === null ? 'No owner is known.' : `Owned by ${owner}.`}`,
      say`Valid for another ${String(daysLeft)} days, until ${instant(expiresAt)}. Whoever uses it is refused at once; this cannot be taken back.`,
      ...(reason === '' ? [] : [`Why: ${reason}`]),
      'Where it is still in use, /okms renew puts another in its place first.',
    ],
    yes: { press: 'revoke-yes', label: 'Revoke it', said: `${name} is to be revoked.` },
    no: { press: 'revoke-no', label: 'Keep it', said: `${name} is kept.` },
  }
}

function approvalOf({ input }: Revocation): AskedApproval {
  const { credentialId, okmsId, okmsName, name, profile, owner, reason } = input
  return {
    plan: { revoke: credentialId, okmsId },
    permission: 'credential:revoke',
    facts: { okms: [okmsId, okmsName], ...(profile === null ? {} : { profile }) },
    shows: [
      { label: 'Credential', value: say`${name} of ${okmsName}, ${code(credentialId)}` },
      { label: 'Owner', value: owner ?? 'unknown' },
      ...(reason === '' ? [] : [{ label: 'Why', value: reason }]),
      { label: 'Calls', value: `DELETE /v2/okms/resource/${okmsId}/credential/${credentialId}` },
    ],
  }
}
