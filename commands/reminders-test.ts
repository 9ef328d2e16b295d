/** /okms reminders test reader */
import { previewReminders } from '../jobs/preview-reminders.js'
import { defineCommand, option } from '../src/core/index.js'

export default defineCommand({
  name: 'reminders test',
  summary: 'Preview every reminder of a credential',
  options: { credential: option.credential('Its name or id') },
  requires: 'reminders:manage',
  answers: 'privately',
  examples: ['/okms reminders test reader'],

  async run({ options: { credential }, ask, reply }) {
    await reply.show(await ask(previewReminders, { credential }))
  },
})
