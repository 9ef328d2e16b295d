/** What becomes of a credential whose run failed or was given up: revoked while nobody holds it, left to its holder otherwise. */
import { BotError, type Kept, kept } from '../../src/core/index.js'
import { revokeLeftovers } from '../revoke-leftovers.js'
import { eraseHere, withdrawOffer } from './hand-over.js'
import { type CredentialJob, marked } from './make.js'
import { isLive } from './mark.js'

/**
 * What bears the run's mark is revoked by a run of its own, however long that takes, and the sealed keys are erased.
 *
 * @returns what the card says
 */
export async function takeBackCredential(job: CredentialJob): Promise<string | Kept | undefined> {
  const state = (await job.deliveries.status(job.runId))?.state
  if (state === 'collected' || state === 'confirmed') {
    await eraseHere(job)
    return kept('kept: it has been collected')
  }
  const { okmsId, okmsName, name } = job.input.plan
  await job.start('leftovers', revokeLeftovers, { okmsId, okmsName, name, runId: job.runId })
  await (state === undefined ? job.vault : job.deliveries).erase(job.runId)
  if (state === 'offered') await withdrawOffer(job)
  return whatIsLeft(job)
}

async function whatIsLeft(job: CredentialJob): Promise<string> {
  try {
    const live = (await marked(job)).filter(isLive)
    return live.length === 0 ? 'nothing of it is at OVHcloud' : 'what was made is being revoked'
  } catch (thrown) {
    const error = BotError.from(thrown)
    if (error.code === 'bug') throw error
    return 'whatever was made is being revoked'
  }
}
