/** /okms approve 7F3K9Q2M: the text form of the button, and what stands in the thread of a request. */
import { defineCommand, definePress, lines, option } from '../src/core/index.js'

export default defineCommand({
  name: 'approve',
  summary: 'Approve what somebody else asked for',
  options: {
    run: option.run('The run, as its card and thread name it'),
    comment: option.text('A word to those who read the thread', { maxLength: 200 }).optional(),
  },
  requires: 'approve',
  answers: 'privately',
  examples: ['/okms approve 7F3K9Q2M', '@okms approve 7F3K9Q2M'],

  async run({ options, requests, reply }) {
    await reply.show(lines(await requests.approve(options.run, options.comment ?? null)))
  },
})

export const presses = [
  definePress({
    name: 'approve',
    // The one who asked is told so in their own words, whether or not they might approve for others.
    requires: null,
    async run({ subject, requests, reply }) {
      await reply.show(lines(await requests.approve(subject, null)))
    },
  }),
  definePress({
    name: 'deny',
    form: {
      title: 'Deny the request',
      fields: [{ name: 'reason', label: 'Why', kind: 'lines', required: true, maxLength: 500 }],
    },
    requires: null,
    async run({ subject, fields, requests, reply }) {
      await reply.show(lines(await requests.deny(subject, fields.reason ?? '')))
    },
  }),
  definePress({
    name: 'withdraw',
    requires: null,
    async run({ subject, requests, reply }) {
      await reply.show(lines(await requests.withdraw(subject)))
    },
  }),
]
