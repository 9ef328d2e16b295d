/** Puts a reminder off, and shows that on the messages that are there already. */
import { z } from 'zod'
import { defineJob, instant, say } from '../src/core/index.js'

export const snoozeCredential = defineJob({
  name: 'snooze-credential',
  input: z.object({ credentialId: z.string(), name: z.string(), untilMs: z.number() }),
  title: ({ name }) => `Snooze ${name}`,
  card: 'hidden',

  async run({ input, step, ledger, requester, wake }) {
    const { credentialId, name, untilMs } = input
    await step('Put the reminder off', async () => {
      await ledger.change(credentialId, entry => {
        // Renewed, revoked or gone in the meantime: there is nothing to put off.
        if (entry.solution) return null
        const { reminded } = entry
        const snoozed = { untilMs, by: requester.person ?? requester.name }
        return { ...entry, reminded: { ...reminded, snoozed, stale: reminded.cards.length > 0 } }
      })
    })
    await step('Show it', () => wake('remind'))
    return { outcome: 'done', lines: [say`${name} is reminded of again on ${instant(untilMs)}.`] }
  },
})
