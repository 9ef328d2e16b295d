/** Where a platform does not let the bot write, what a run shows there is seen by nobody: whoever asked for the run is told in private. */
import type { Outbox, PendingMessage } from '../core/ports/outbox.js'
import type { RunStore } from '../core/ports/runs.js'
import { lines } from '../core/reply.js'
import { normalizeRunId } from '../core/run-id.js'
import { code, say } from '../core/text.js'

export const createNotice =
  (runs: Pick<RunStore, 'read'>, outbox: Pick<Outbox, 'putOnce'>) =>
  async ({ key, target }: PendingMessage): Promise<void> => {
    const [runId = ''] = key.split('/')
    if (target.to === 'person' || normalizeRunId(runId) !== runId) return
    const run = await runs.read(runId)
    if (!run) return
    const { name } = target.conversation
    await outbox.putOnce(
      `${runId}/not-posted`,
      { to: 'person', actor: run.requester },
      lines(
        say`The bot may not write in ${name}, so nobody there sees run ${code(runId)}, nor can decide on it.`,
        'Let it write there (in Slack: /invite @okms; on Discord: View Channel and Send Messages), then ask again.',
      ),
    )
  }
