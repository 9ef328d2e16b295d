/** A service key as it stands now, for flows that change its state. */
import { BotError, type JobContext, type KeyState } from '../../src/core/index.js'
import type { KeySubject } from './find.js'

/** @throws BotError `state.conflict` when it has gone in the meantime */
export async function stateNow(job: JobContext<KeySubject>): Promise<KeyState> {
  const { okmsId, keyId, name } = job.input
  const key = await job.serviceKeys.key(okmsId, keyId)
  if (key) return key.state
  throw new BotError('state.conflict', `Service key ${name} has been deleted in the meantime.`)
}
