/** What becomes of a credential whose run failed or was given up: revoked while nobody holds it, left to its holder otherwise. */
import { BotError, type Kept, keptForGood } from '../../src/core/index.js'
import { revokeLeftovers } from '../revoke-leftovers.js'
import { eraseHere, withdrawOffer } from './hand-over.js'
import { type CredentialJob, marked } from './make.js'
import { isLive } from './mark.js'

/**
 * What bears the run's mark is revoked by a run of its own, however long that takes, and the sealed keys are erased.
 *
 * @returns what the card says
 * @throws BotError `delivery.busy` while it is being handed over: how that goes decides
 */
export async function takeBackCredential(job: CredentialJob): Promise<string | Kept | undefined> {
  const offered = await job.deliveries.status(job.runId)
  if (offered && !(await closed(job))) {
    await eraseHere(job)
    return keptForGood('kept: it has been collected, and stays valid')
  }
  const { okmsId, okmsName, name } = job.input.plan
  await job.start('leftovers', revokeLeftovers, { okmsId, okmsName, name, runId: job.runId })
  await (offered ? job.deliveries : job.vault).erase(job.runId)
  if (offered) await withdrawOffer(job)
  return whatIsLeft(job)
}

/** Ends the offer in one go with looking whether it was taken up. `false`: it was. */
async function closed({ deliveries, runId }: CredentialJob): Promise<boolean> {
  if (await deliveries.lapse(runId)) return true
  const state = (await deliveries.status(runId))?.state
  if (state === 'offered') throw new BotError('delivery.busy', 'It is being handed over right now.')
  return state !== 'collected' && state !== 'confirmed'
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
