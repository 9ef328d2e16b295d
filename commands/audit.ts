/** /okms audit 7F3K9Q2M */
import { readAudit } from '../jobs/read-audit.js'
import {
  type AuditEntry,
  defineCommand,
  formatInstant,
  lines,
  normalizeRunId,
  option,
} from '../src/core/index.js'

export default defineCommand({
  name: 'audit',
  summary: 'Show who did what: the life of a run, credential or Private Cloud',
  options: {
    subject: option
      .text('A run, credential, Private Cloud or OKMS, by id or name; all when left out', { maxLength: 100 })
      .optional(),
  },
  requires: 'audit',
  answers: 'privately',
  examples: ['/okms audit 7F3K9Q2M', '/okms audit pcc-192-0-2-10', '/okms audit'],

  async run({ options, ask, reply }) {
    const subject = options.subject ?? null
    const found = await ask(readAudit, { subject })
    // Nothing under it as it was written: perhaps a run id that was read aloud.
    const entries =
      found.length > 0 || subject === null
        ? found
        : await ask(readAudit, { subject: normalizeRunId(subject) ?? subject })
    if (entries.length === 0) {
      await reply.show(
        lines(
          `Nothing is told of "${subject ?? 'anybody'}".`,
          'Give a run, credential, Private Cloud or OKMS by its id.',
        ),
      )
      return
    }
    const count = entries.length === 1 ? '1 entry' : `${entries.length} entries`
    await reply.show({
      kind: 'table',
      title: `Audit${subject === null ? '' : ` of ${subject}`}, newest first: ${count}`,
      columns: ['TIME', 'WHO', 'WHAT', 'OUTCOME', 'WHERE', 'POLICY', 'REFERENCE'].map(header => ({ header })),
      rows: entries.map(rowOf),
      fileName: 'audit.txt',
    })
  },
})

const rowOf = ({ at, who, kind, what, outcome, from, policy, queryId, reference }: AuditEntry): string[] => [
  formatInstant(at),
  who,
  kind === 'command' ? `/okms ${what}` : `${WORDS[kind]} ${what}`,
  outcome,
  from ?? '',
  policy ?? '',
  queryId ?? reference ?? '',
]

const WORDS = { press: 'button', vote: 'vote', run: 'run', call: 'OVHcloud', delivery: 'delivery' } as const
