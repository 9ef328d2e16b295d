/** What the bot knows of one credential, as far as the one who asks is concerned. */
import { z } from 'zod'
import { defineRead, type Owner } from '../src/core/index.js'
import { findFollowed, refuseSolved } from './reminders/find.js'

export interface FollowedFacts {
  credentialId: string
  name: string
  okmsName: string
  /** ISO instant. */
  expiresAt: string
  owner: Owner | null
  /** Whether it is the asker's own. */
  isOwn: boolean
  /** By the worker's clock. */
  nowMs: number
}

export const findFollowedRead = defineRead({
  name: 'find-followed',
  input: z.object({ credential: z.string() }),

  /** @throws BotError `input.not-found`, `input.ambiguous`, `state.conflict` when it is renewed, revoked or gone */
  async run({ input, ledger, reminderRules, clock, requester }): Promise<FollowedFacts> {
    const nowMs = clock.now()
    const entry = await findFollowed(ledger, input.credential, nowMs)
    refuseSolved(entry)
    const rules = await reminderRules.current()
    const { credentialId, name, okmsName, expiresAt, owner } = entry
    const isOwn = owner !== null && (rules?.isSame(owner, requester) ?? false)
    return { credentialId, name, okmsName, expiresAt, owner, isOwn, nowMs }
  },
})
