/** What becomes of a credential whose run failed or was given up: revoked while nobody holds it, left to its holder otherwise. */
import { BotError, type Kept, keptForGood } from '../../src/core/index.js'
import { revokeLeftovers } from '../revoke-leftovers.js'
import { eraseHere, SAVED_WITHIN_MS, takeFilesBack, withdrawOffer } from './hand-over.js'
import { type CredentialJob, marked } from './make.js'
import { isLive } from './mark.js'

/**
 * What bears the run's mark is revoked by a run of its own, however long that takes, and the sealed keys are erased.
 *
 * @returns what the card says
 * @throws BotError `delivery.busy` while somebody is being handed it, or saves it: how that ends decides
 */
export async function takeBackCredential(job: CredentialJob): Promise<string | Kept | undefined> {
  const offered = await job.deliveries.status(job.runId)
  if (offered && (await isHeld(job))) {
    await eraseHere(job)
    return keptForGood('kept: it has been collected, and stays valid')
  }
  const { okmsId, okmsName, name } = job.input.plan
  await job.start('leftovers', revokeLeftovers, { okmsId, okmsName, name, runId: job.runId })
  if (offered) {
    await takeFilesBack(job)
    await withdrawOffer(job)
  }
  // Also where nothing was offered: a worker that only stalled may be about to.
  else await job.deliveries.erase(job.runId)
  return whatIsLeft(job)
}

/** Ends the offer in one go with looking whether it was taken up. */
async function isHeld({ deliveries, runId, clock }: CredentialJob): Promise<boolean> {
  if (await deliveries.lapse(runId)) return false
  const status = await deliveries.status(runId)
  if (status?.state === 'offered') {
    throw new BotError('delivery.busy', 'It is being handed over right now.')
  }
  if (status?.state === 'collected') {
    // They were told that the files stay so long, and may want it revoked yet.
    const restMs = Date.parse(status.collectedAt!) + SAVED_WITHIN_MS - clock.now()
    if (restMs > 0) {
      throw new BotError('delivery.busy', 'Whoever collected it is saving it right now.', {
        retryAfterMs: restMs,
      })
    }
  }
  return status?.state === 'collected' || status?.state === 'confirmed'
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
