/** /okms deny 7F3K9Q2M not this week */
import { defineCommand, lines, option } from '../src/core/index.js'

export default defineCommand({
  name: 'deny',
  summary: 'Deny what somebody else asked for',
  options: {
    run: option.run('The run, as its card and thread name it'),
    reason: option.text('Why; put it in quotes', { maxLength: 500 }),
  },
  requires: 'approve',
  answers: 'privately',
  examples: ['/okms deny 7F3K9Q2M "not during the audit"'],

  async run({ options, requests, reply }) {
    await reply.show(lines(await requests.deny(options.run, options.reason)))
  },
})
