/** The owner says that it is not theirs: it has none then, and those who manage the channel's reminders are asked whose it is. */
import { z } from 'zod'
import { code, defineJob, mention, type Owner, say, type Target, type Text } from '../src/core/index.js'

export const disownCredential = defineJob({
  name: 'disown-credential',
  input: z.object({ credentialId: z.string(), name: z.string(), okmsName: z.string() }),
  title: ({ name }) => `Clear the owner of ${name}`,
  card: 'hidden',

  async run({ input, step, ledger, reminderRules, requester, conversation, tell, wake }) {
    const { credentialId, name, okmsName } = input
    const before = await step('Clear the owner', async (): Promise<Owner | null> => {
      const owner = (await ledger.find([credentialId])).get(credentialId)?.owner ?? null
      await ledger.change(credentialId, entry =>
        entry.owner === null
          ? null
          : {
              ...entry,
              owner: null,
              reminded: { ...entry.reminded, stale: entry.reminded.cards.length > 0 },
            },
      )
      return owner
    })
    await step('Show it', () => wake('remind'))
    await step('Ask whose it is', async () => {
      const rules = await reminderRules.current()
      const entry = (await ledger.find([credentialId])).get(credentialId)
      const channel = (entry && rules?.channelOf(entry)) ?? conversation
      const managers = (rules?.managersIn(channel) ?? []).filter(one => !rules?.isSame(one, requester))
      const called: Text = managers.flatMap((one, i) => (i === 0 ? [mention(one)] : [', ', mention(one)]))
      const target: Target = { to: 'conversation', conversation: channel }
      await tell('orphan', target, {
        kind: 'text',
        mark: 'warning',
        lines: [
          say`${managers.length > 0 ? say`${called}: c` : 'C'}redential ${name} of ${okmsName} is not ${(before ?? requester).name}'s, and nobody else is known as its owner.`,
          say`Reminders of it go on here. Whoever renews it becomes its owner: ${code(`/okms renew ${credentialId}`)}`,
        ],
      })
    })
    return { outcome: 'done', lines: [`${name} has no owner any more.`] }
  },
})
