/** /okms reminders off */
import { setReminders } from '../jobs/set-reminders.js'
import { BotError, code, defineCommand, lines, placeOf, say } from '../src/core/index.js'

export default defineCommand({
  name: 'reminders off',
  summary: 'No reminders in this channel any more',
  options: {},
  requires: 'reminders:manage',
  answers: 'publicly',
  examples: ['/okms reminders off'],

  async run({ conversation, actor, start, reply }) {
    if (conversation.kind === 'dm') {
      throw new BotError('input.invalid', 'Reminders are switched off for a channel.', {
        hint: 'Say it in the channel that is not to be reminded.',
      })
    }
    await start(setReminders, { place: placeOf(conversation), choice: { beforeMs: [], quiet: null } })
    await reply.show(
      lines(
        `${actor.person ?? actor.name} switched reminders off in this channel: credentials expire here without a word.`,
        say`${code('/okms reminders set default')} switches them on again.`,
      ),
    )
  },
})
