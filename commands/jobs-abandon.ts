/** /okms jobs abandon 7F3K9Q2M */
import { defineCommand, lines, option } from '../src/core/index.js'

export default defineCommand({
  name: 'jobs abandon',
  summary: 'Give a run up: what it did is taken back where that can be',
  options: { run: option.run('The run, as its card and /okms jobs list name it') },
  requires: 'operate',
  answers: 'privately',
  examples: ['/okms jobs abandon 7F3K9Q2M'],

  async run({ options, operations, reply }) {
    await reply.show(lines(...(await operations.abandon(options.run))))
  },
})
