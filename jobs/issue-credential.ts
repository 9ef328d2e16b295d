/**
 * Issues an mTLS credential and hands it over: ask OVHcloud, wait, check, try, deliver. Ends with a credential that its
 * requester holds, or with none: what nobody collects is revoked.
 */
import { z } from 'zod'
import { code, defineJob, type Ending, personOf, say } from '../src/core/index.js'
import { readCertificate } from '../src/pki/certificates.js'
import { HELD, issueAndHandOver } from './credential/issue.js'
import { credentialPlan, credentialWish } from './plan-credential.js'

export const issueCredential = defineJob({
  name: 'issue-credential',
  input: z.object({ wish: credentialWish, plan: credentialPlan }),
  title: ({ plan }) => `Credential ${plan.name} for ${plan.okmsName}`,
  commitsAt: ['Wait for it to be collected'],
  failed: ({ plan }, isDone) => ({
    lines: isDone(HELD)
      ? [say`It stays valid: ${code(`/okms revoke ${plan.name}`)} takes it back.`]
      : [say`Try again: ${code(`/okms credential ${plan.name} ${plan.validityDays}d`)}`],
  }),

  async run(job): Promise<Ending> {
    const { plan } = job.input
    const done = await issueAndHandOver(job)
    if ('ending' in done) return done.ending
    const { credentialId, certificatePem, expiresAt } = done.issued
    const { sha256 } = readCertificate(certificatePem)
    return {
      outcome: 'done',
      lines: [say`${plan.name} is yours, SHA-256 ${code(sha256)}.`],
      facts: { credentialId, expiresAt, sha256, recipient: personOf(job.requester) },
    }
  },
})
