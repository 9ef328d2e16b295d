/** Puts the operators' side of a process together: readiness, metrics, the board where a password is set, and the door to them. */
import type { PlatformName } from '../core/actor.js'
import type { Beats } from '../core/ports/beats.js'
import type { Log } from '../core/ports/log.js'
import type { Metrics } from '../core/ports/metrics.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import type { Login } from './basic-auth.js'
import type { BoardQueue } from './board.js'
import { createMetrics, type Reading } from './metrics.js'
import { createReadiness, needsRedis, needsTicks, type ReadinessWatch, showsPolicy } from './readiness.js'
import { startOpsServer } from './server.js'

/** What there is to look at in Redis. Every call gives up soon when Redis does not answer. */
export interface OperatorView {
  ping(): Promise<unknown>
  policy: PolicySource<{ version: string }>
  beats: Pick<Beats, 'read'>
  /** Runs that have not ended. */
  openRuns(): Promise<number>
  /** Jobs by state, per queue. */
  queueJobs(): Promise<{ queue: string; jobs: Readonly<Record<string, number>> }[]>
  /** Conversations that have messages waiting. */
  waitingLanes(): Promise<{ platform: PlatformName; lanes: number }[]>
  /** For the board. */
  queues: readonly BoardQueue[]
}

export interface OpsParts {
  port: number
  host?: string
  /** `null`: no queue board. */
  board: Login | null
  view: OperatorView
  log: Log
  /** How long no tick may succeed, in milliseconds. */
  silentAfterMs?: number
}

export interface Ops extends Pick<ReadinessWatch, 'needs' | 'started' | 'leaving'> {
  metrics: Metrics
  port: number
  close(): Promise<void>
}

/** @throws BotError `input.invalid` when the port is taken or may not be used */
export async function startOps({ port, host, board, view, log, silentAfterMs }: OpsParts): Promise<Ops> {
  const readiness = createReadiness({ log })
  readiness.needs(needsRedis(view))
  readiness.needs(showsPolicy(view.policy))
  readiness.needs(needsTicks(view.beats, silentAfterMs))
  const metrics = createMetrics({ log })
  metrics.looks({ name: 'queues', gauges: ['queue-jobs'], take: () => queueReadings(view) })
  metrics.looks({ name: 'outbox', gauges: ['waiting-lanes'], take: () => laneReadings(view) })
  metrics.looks({ name: 'runs', gauges: ['open-runs'], take: () => runReadings(view) })
  metrics.looks({ name: 'readiness', gauges: ['ready'], take: () => readyReadings(readiness) })
  const server = await startOpsServer({
    port,
    ...(host === undefined ? {} : { host }),
    ready: readiness.ready,
    metrics: metrics.text,
    contentType: metrics.contentType,
    // Loaded only where somebody asked for it: a framework and its pages are not what a worker needs.
    ...(board ? { board: (await import('./board.js')).createBoard(view.queues, board, log) } : {}),
    log,
  })
  log.info('operators may look', { port: server.port, board: board !== null })
  const { needs, started, leaving } = readiness
  return { metrics, needs, started, leaving, port: server.port, close: server.close }
}

async function queueReadings(view: OperatorView): Promise<Reading[]> {
  return (await view.queueJobs()).flatMap(({ queue, jobs }) =>
    Object.entries(jobs).map(
      ([state, value]): Reading => ({ gauge: 'queue-jobs', value, labels: { queue, state } }),
    ),
  )
}

async function laneReadings(view: OperatorView): Promise<Reading[]> {
  return (await view.waitingLanes()).map(({ platform, lanes }) => ({
    gauge: 'waiting-lanes',
    value: lanes,
    labels: { platform },
  }))
}

async function runReadings(view: OperatorView): Promise<Reading[]> {
  return [{ gauge: 'open-runs', value: await view.openRuns(), labels: {} }]
}

async function readyReadings(readiness: ReadinessWatch): Promise<Reading[]> {
  const { checks } = await readiness.ready()
  return checks.map(({ name, ok }) => ({ gauge: 'ready', value: ok ? 1 : 0, labels: { check: name } }))
}
