/** How a request looks: the lines on its head card, the buttons in its thread. */
import type { Conversation } from '../core/actor.js'
import type { Job } from '../core/job.js'
import type { RequestStatus } from '../core/ports/approvals.js'
import type { Target } from '../core/ports/chat.js'
import type { Button, Reply } from '../core/reply.js'
import type { RunRecord } from '../core/run.js'
import { code, plain, say } from '../core/text.js'

/** The message a request's thread hangs under: the run's own card, or its public request where the card is private. */
export const headKey = (runId: string, privately: boolean) => `${runId}/${privately ? 'request' : 'card'}`

/** Longest name of a thread on Discord; Slack's threads have none. */
const LONGEST_THREAD_TITLE = 100

export const threadTitle = (job: Job<never>, run: RunRecord): string =>
  plain(job.title(run.input as never)).slice(0, LONGEST_THREAD_TITLE)

export interface Threaded {
  runId: string
  title: string
  /** Where the head stands. */
  head: { key: string; conversation: Conversation }
}

export const threadOf = ({ title, head }: Threaded): Target => ({
  to: 'thread',
  under: head.key,
  conversation: head.conversation,
  title,
})

export const requestThread = (request: RequestStatus): Target => threadOf(request)

/** The first message of the thread, with what can be pressed. */
export function votingMessage(runId: string): Reply {
  const button = (press: string, label: string, style?: Button['style']): Button => ({
    press,
    label,
    subject: runId,
    ...(style ? { style } : {}),
  })
  return {
    kind: 'text',
    lines: [say`Or: ${code(`/okms approve ${runId}`)}, in a Slack thread ${code(`@okms approve ${runId}`)}`],
    buttons: [
      button('approve', 'Approve', 'primary'),
      button('deny', 'Deny…', 'danger'),
      button('withdraw', 'Withdraw'),
    ],
  }
}
