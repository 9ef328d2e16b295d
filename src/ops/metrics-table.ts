/** How the numbers of ports/metrics.ts are called in Prometheus (https://prometheus.io/docs/practices/naming/), and what they say. */
import type { Counted, Stood, Timed } from '../core/ports/metrics.js'

export interface Row {
  /** Without the prefix `okms_bot_` and without `_total` or `_seconds`, which their kinds add. */
  name: string
  help: string
  labels: readonly string[]
}

/** A command is answered within 2.5 s or told to wait. */
const ANSWER_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const
/** A call is given up after 30 s. */
const CALL_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const
/** A message that rests for minutes waits for the platform; after a day it is given up. */
const WAIT_SECONDS = [0.1, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 86_400] as const

export const COUNTERS = {
  commands: {
    name: 'commands',
    help: 'Commands met, by how they went: ok, or the code of the refusal or failure.',
    labels: ['command', 'outcome'],
  },
  presses: {
    name: 'presses',
    help: 'Buttons pressed, by how it went: ok, or the code of the refusal or failure.',
    labels: ['press', 'outcome'],
  },
  reads: {
    name: 'reads',
    help: 'Questions that this worker answered, by how it went: ok, or the code of the failure.',
    labels: ['read', 'outcome'],
  },
  ticks: {
    name: 'ticks',
    help: 'Ticks that this worker fired (sync, reminders and the like), by how they went: ok, or the code of the failure.',
    labels: ['tick', 'outcome'],
  },
  runs: {
    name: 'runs_ended',
    help: 'Runs that ended in this worker: succeeded, stopped (ended well, but not as asked) or failed.',
    labels: ['job', 'state'],
  },
  'step-failures': {
    name: 'step_failures',
    help: 'Steps that failed, each try counted, by the code of the failure.',
    labels: ['job', 'code'],
  },
  messages: {
    name: 'messages',
    help: 'Messages of the outbox: sent, retried (not sent yet) or given-up.',
    labels: ['platform', 'outcome'],
  },
} as const satisfies Record<keyof Counted, Row>

export const TIMERS = {
  command: {
    name: 'command_duration',
    help: 'From meeting a command to its answer.',
    labels: ['command'],
    buckets: ANSWER_SECONDS,
  },
  'ovh-call': {
    name: 'ovh_call_duration',
    help: 'Calls to OVHcloud, each attempt, by route and status of the answer (none: no answer).',
    labels: ['route', 'status'],
    buckets: CALL_SECONDS,
  },
  'message-wait': {
    name: 'message_wait',
    help: 'From the wish to show a message to its having been sent.',
    labels: ['platform'],
    buckets: WAIT_SECONDS,
  },
} as const satisfies Record<keyof Timed, Row & { buckets: readonly number[] }>

export const GAUGES = {
  'queue-jobs': {
    name: 'queue_jobs',
    help: 'Jobs in a queue by state; the same from every process, so take the max. A run that waits is delayed.',
    labels: ['queue', 'state'],
  },
  'open-runs': {
    name: 'open_runs',
    help: 'Runs that have not ended; the same from every process, so take the max.',
    labels: [],
  },
  'waiting-lanes': {
    name: 'waiting_conversations',
    help: 'Conversations with messages on their way; the same from every process, so take the max.',
    labels: ['platform'],
  },
  ready: {
    name: 'ready',
    help: 'Whether what this process needs is there, as /readyz tells it: 1 or 0.',
    labels: ['check'],
  },
} as const satisfies Record<keyof Stood, Row>
