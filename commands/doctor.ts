/** /okms doctor */
import { examineWorker } from '../jobs/examine.js'
import { defineCommand, findingLines } from '../src/core/index.js'

export default defineCommand({
  name: 'doctor',
  summary: 'Examine what the bot needs: each with ✅ or ❌ and the line that fixes it',
  options: {},
  requires: 'operate',
  answers: 'privately',
  examples: ['/okms doctor'],

  async run({ ask, examine, reply }) {
    // Chat processes hold the chat tokens, workers the credentials of OVHcloud: each tells what it can see.
    const [here, there] = await Promise.all([examine(), ask(examineWorker, {})])
    const findings = [...here, ...there]
    const files = findings.flatMap(({ file }) => file ?? [])
    await reply.show({
      kind: 'text',
      lines: findingLines(findings),
      ...(files.length === 0 ? {} : { files }),
    })
  },
})
