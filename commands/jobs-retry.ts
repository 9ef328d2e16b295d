/** /okms jobs retry 7F3K9Q2M */
import { defineCommand, definePress, lines, option } from '../src/core/index.js'

export default defineCommand({
  name: 'jobs retry',
  summary: 'Have a run that failed tried again, for the one who asked for it',
  options: { run: option.run('The run, as its card and /okms jobs list name it') },
  requires: 'operate',
  answers: 'privately',
  examples: ['/okms jobs retry 7F3K9Q2M'],

  async run({ options, operations, reply }) {
    await reply.show(lines(...(await operations.retry(options.run))))
  },
})

export const presses = [
  definePress({
    name: 'retry-run',
    requires: 'operate',
    async run({ subject, operations, reply }) {
      await reply.show(lines(...(await operations.retry(subject))))
    },
  }),
]
