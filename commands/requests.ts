/** /okms requests */
import { defineCommand, formatInstant, lines } from '../src/core/index.js'

export default defineCommand({
  name: 'requests',
  summary: 'Show what waits for approval',
  options: {},
  requires: 'read',
  answers: 'privately',
  examples: ['/okms requests'],

  async run({ requests, reply }) {
    const pending = await requests.pending()
    if (pending.length === 0) {
      await reply.show(lines('Nothing waits for approval.'))
      return
    }
    await reply.show({
      kind: 'table',
      title: pending.length === 1 ? '1 request waits' : `${pending.length} requests wait`,
      columns: [
        { header: 'RUN' },
        { header: 'WHAT' },
        { header: 'ASKED BY' },
        { header: 'WHERE' },
        { header: 'APPROVALS', align: 'right' },
        { header: 'EXPIRES' },
      ],
      rows: pending.map(({ runId, title, requester, head, votes, expiresAt }) => [
        runId,
        title,
        requester.name,
        head.conversation.name,
        String(votes.length),
        formatInstant(expiresAt),
      ]),
      after: ['/okms approve <run>, or /okms deny <run> "<reason>"'],
      fileName: 'requests.txt',
    })
  },
})
