/** /okms requests */
import { type Button, defineCommand, formatInstant, lines, type OpenDelivery } from '../src/core/index.js'

/** As many buttons as stand in a row everywhere. */
const MOST_BUTTONS = 5

export default defineCommand({
  name: 'requests',
  summary: 'Show what waits for approval, and what waits for you to collect',
  options: {},
  requires: 'read',
  answers: 'privately',
  examples: ['/okms requests'],

  async run({ requests, deliveries, reply }) {
    const [pending, mine] = await Promise.all([requests.pending(), deliveries()])
    if (pending.length + mine.length === 0) {
      await reply.show(lines('Nothing waits for approval, and nothing waits for you to collect.'))
      return
    }
    const waiting = pending.length === 1 ? '1 request waits' : `${pending.length} requests wait`
    await reply.show({
      kind: 'table',
      title: mine.length === 0 ? waiting : `${waiting}, and ${mine.length} for you to collect`,
      columns: [
        { header: 'RUN' },
        { header: 'WHAT' },
        { header: 'ASKED BY' },
        { header: 'WHERE' },
        { header: 'WAITS FOR' },
        { header: 'UNTIL' },
      ],
      rows: [
        ...mine.map(({ runId, title, state, collectBy }) => [
          runId,
          title,
          'you',
          'privately',
          state === 'offered' ? 'you to collect it' : 'you to say that it is saved',
          state === 'offered' ? formatInstant(collectBy) : '-',
        ]),
        ...pending.map(({ runId, title, requester, head, votes, expiresAt }) => [
          runId,
          title,
          requester.name,
          head.conversation.name,
          `approval, ${votes.length} so far`,
          formatInstant(expiresAt),
        ]),
      ],
      ...(pending.length === 0 ? {} : { after: ['/okms approve <run>, or /okms deny <run> "<reason>"'] }),
      ...(mine.length === 0
        ? {}
        : { buttons: mine.slice(0, MOST_BUTTONS).flatMap(one => buttonsFor(one, mine.length > 1)) }),
      fileName: 'requests.txt',
    })
  },
})

/** Where there are several, each button names its run. */
function buttonsFor({ runId, state }: OpenDelivery, several: boolean): Button[] {
  const label = (what: string) => (several ? `${what} ${runId}` : what)
  const collect: Button = { press: 'collect', label: label('Collect'), subject: runId, style: 'primary' }
  return state === 'offered'
    ? [collect]
    : [collect, { press: 'saved-it', label: label('Saved it'), subject: runId }]
}
