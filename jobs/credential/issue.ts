/** From a plan to a credential in its requester's hands, or to none: what issuing and renewing have their runs do. */
import type { AskedApproval, Ending } from '../../src/core/index.js'
import type { CredentialPlan } from '../plan-credential.js'
import { revokeCredential } from '../revoke-credential.js'
import {
  announce,
  announceRevocation,
  eraseHere,
  handOver,
  takeFilesBack,
  waitForCollection,
  waitUntilSaved,
} from './hand-over.js'
import {
  askForCredential,
  type CredentialJob,
  checkCredential,
  type Issued,
  prepareRequest,
  readyCredential,
  tryCredential,
} from './make.js'
import { takeBackCredential } from './take-back.js'

/** Stands on the card of a run that failed only where its requester holds the credential (take-back.ts). */
export const HELD = 'Prepare the request'

/** Answers what its requester holds now, or how the run ends that leaves nothing behind. */
export async function issueAndHandOver(job: CredentialJob): Promise<{ issued: Issued } | { ending: Ending }> {
  const { step } = job
  const { plan } = job.input

  const decision = await step.approval('Wait for approval', approvalOf(plan))
  if (decision.state !== 'approved' && decision.state !== 'not-needed') {
    return {
      ending: {
        outcome: 'stopped',
        lines: ['Nothing was created at OVHcloud.'],
        facts: { decision: decision.state },
      },
    }
  }
  // Judged anew after the approval, and the key is made no earlier than it is needed.
  const request = await step(HELD, () => prepareRequest(job), {
    note: () => summary(plan),
    undo: () => takeBackCredential(job),
  })
  const { credentialId } = await step(
    'Ask OVHcloud for the credential',
    attempt => askForCredential(job, request, attempt),
    { looksFirst: true },
  )
  const issued = await step.until(
    'Wait for the certificate',
    { every: '2s', growingTo: '20s', atMost: '10m', waitsFor: 'vendor', note: () => null },
    () => readyCredential(job, credentialId),
  )
  await step('Check that certificate and key belong together', () => checkCredential(job, request, issued))
  if (plan.key !== 'csr') {
    await step('Try it against the OKMS', () => tryCredential(job, issued), { note: said => said })
  }
  await step('Hand it over privately', () => handOver(job, issued), {
    note: () => 'sent to you by direct message',
  })

  const collected = await waitForCollection(job)
  if (collected !== 'collected') return { ending: await endWithout(job, credentialId, collected) }
  const saved = await waitUntilSaved(job)
  await step('Erase it here', () => eraseHere(job))
  if (saved === 'revoked') return { ending: await endWithout(job, credentialId, 'revoked') }
  await step('Tell the channel', () => announce(job, issued))
  return { issued }
}

/** What other people decide on. The CSR is public; where the bot makes the key, its CSR differs each time and says nothing to them. */
function approvalOf(plan: CredentialPlan): AskedApproval {
  return {
    plan,
    permission: 'credential:issue',
    facts: { validityDays: plan.validityDays, profile: plan.name, okms: [plan.okmsId, plan.okmsName] },
    shows: [
      { label: 'Credential', value: `${plan.name} for ${plan.okmsName}, ${days(plan.validityDays)}` },
      { label: 'Identities', value: plan.identityUrns.join(', ') },
      {
        label: 'Key',
        value:
          plan.key === 'csr'
            ? "the requester's own"
            : `${plan.type}, made by ${plan.key === 'bot' ? 'the bot' : 'OVHcloud'}`,
      },
      ...(plan.description === '' ? [] : [{ label: 'Why', value: plan.description }]),
    ],
  }
}

function summary(plan: CredentialPlan): string {
  const { name, identityUrns, uncheckedIdentities: unchecked, key, type, validityDays } = plan
  const identities = identityUrns.length === 1 ? '1 identity' : `${identityUrns.length} identities`
  const doubt = unchecked.length === 0 ? '' : ` (not looked for at OVHcloud: ${unchecked.join(', ')})`
  const made = key === 'csr' ? 'your own key' : key === 'bot' ? `${type}, key made by the bot` : type
  return `profile ${name}, ${identities}${doubt}, ${made}, ${days(validityDays)}`
}

const revocation = ({ okmsId, name }: CredentialPlan, credentialId: string) => ({
  okmsId,
  credentialId,
  name,
  by: null,
})

/** Nobody collected it, or its recipient does not want it: it is revoked, and that is followed to its end. */
async function endWithout(
  job: CredentialJob,
  credentialId: string,
  why: 'lapsed' | 'revoked',
): Promise<Ending> {
  const { step } = job
  const { plan } = job.input
  const revokeRun = await step('Revoke it at OVHcloud', async () => {
    await takeFilesBack(job)
    return job.start(`revoke-${credentialId}`, revokeCredential, revocation(plan, credentialId))
  })
  const revoked = await step.until(
    'Wait for the revocation',
    { every: '2s', growingTo: '1m', atMost: '15m', waitsFor: 'vendor', tooLong: async () => false },
    async () => ((await job.stateOf(revokeRun)) === 'succeeded' ? true : undefined),
  )
  const state = revoked ? 'so it was revoked' : 'and its revocation is pending: OVHcloud has not taken it yet'
  const said =
    why === 'lapsed'
      ? `Nobody collected ${plan.name} within 60 min, ${state}.`
      : revoked
        ? `${plan.name} was revoked, as you asked.`
        : `The revocation of ${plan.name} is pending: OVHcloud has not taken it yet. The bot goes on trying.`
  await step('Tell how it ended', async () => {
    await announceRevocation(job, said)
    await job.tell(
      'offer',
      { to: 'person', actor: job.requester },
      {
        kind: 'text',
        mark: why === 'lapsed' ? 'warning' : 'done',
        lines: [said],
        buttons: [{ press: 'issue-again', label: 'Issue again', subject: job.runId }],
      },
    )
  })
  return { outcome: 'stopped', lines: [said], facts: { credentialId, why } }
}

const days = (count: number) => (count === 1 ? '1 day' : `${count} days`)
