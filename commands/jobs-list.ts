/** /okms jobs list */
import {
  type Button,
  defineCommand,
  formatInstant,
  lines,
  type OperatedRun,
  option,
  plain,
} from '../src/core/index.js'

/** As many buttons as stand in a row everywhere. */
const MOST_BUTTONS = 5

export default defineCommand({
  name: 'jobs list',
  summary: 'Show what is under way, and what failed and why',
  options: { which: option.choice('Only those that failed', ['failed']).optional() },
  requires: 'operate',
  answers: 'privately',
  examples: ['/okms jobs list', '/okms jobs list failed'],

  async run({ options, operations, reply }) {
    const { open, openCount, failed, failedCount } = await operations.runs()
    const shown = options.which === 'failed' ? failed : [...failed, ...open]
    if (shown.length === 0) {
      await reply.show(
        lines(options.which === 'failed' ? 'Nothing failed.' : 'Nothing is under way, and nothing failed.'),
      )
      return
    }
    const failures = `${failedCount} failed`
    await reply.show({
      kind: 'table',
      title: options.which === 'failed' ? failures : `${openCount} under way, ${failures}`,
      columns: ['RUN', 'WHAT', 'ASKED BY', 'STATE', 'STEP', 'SINCE', 'WHY'].map(header => ({ header })),
      rows: shown.map(rowOf),
      ...(failed.length === 0
        ? {}
        : {
            after: ['/okms jobs retry <run> has it tried again · /okms jobs abandon <run> gives it up'],
            buttons: failed
              .filter(({ isRetryable }) => isRetryable)
              .slice(0, MOST_BUTTONS)
              .map(retryButton),
          }),
      fileName: 'jobs.txt',
    })
  },
})

const rowOf = ({ runId, title, requester, state, step, sinceMs, why }: OperatedRun): string[] => [
  runId,
  plain(title),
  requester.name,
  state === 'undoing' ? 'being taken back' : state,
  step ?? '',
  formatInstant(sinceMs),
  why ?? '',
]

const retryButton = ({ runId }: OperatedRun): Button => ({
  press: 'retry-run',
  label: `Try ${runId} again`,
  subject: runId,
})
