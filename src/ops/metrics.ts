/**
 * The bot's numbers in the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/): what the port
 * ports/metrics.ts counts, what is looked up when somebody asks, and the process itself (event loop, memory, garbage collection).
 * Every process tells its own; what is looked up in Redis is the same from all of them.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Log } from '../core/ports/log.js'
import type { Counted, Metrics, Stood, Timed } from '../core/ports/metrics.js'
import { shared, within } from './bounded.js'
import { COUNTERS, GAUGES, type Row, TIMERS } from './metrics-table.js'

/** One number that was looked up. */
export type Reading = {
  [N in keyof Stood]: { gauge: N; value: number; labels: Stood[N] }
}[keyof Stood]

/** Numbers that are looked up each time somebody asks. */
export interface Look {
  name: string
  /** What it tells. When looking fails, these are shown not at all rather than as they were. */
  gauges: readonly (keyof Stood)[]
  take(): Promise<Reading[]>
}

export interface MetricsBook extends Metrics {
  looks(look: Look): void
  /** All numbers as text, of the type `contentType`. */
  text(): Promise<string>
  readonly contentType: string
}

const PREFIX = 'okms_bot_'
/** Under the limit of the server, so that what is counted here is told even when Redis hangs. */
const LOOK_WITHIN_MS = 2_000
/** Labels are few words, so more than that is a mistake of ours; memory must not pay for it. */
const MOST_SERIES = 1_000
const LONGEST_LABEL = 80

export function createMetrics({
  log,
  lookWithinMs = LOOK_WITHIN_MS,
}: {
  log: Log
  lookWithinMs?: number
}): MetricsBook {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const common = (name: string, { help, labels }: Row) => ({
    name: PREFIX + name,
    help,
    labelNames: [...labels],
    registers: [registry],
  })
  const counters = made(COUNTERS, row => new Counter(common(`${row.name}_total`, row)))
  const timers = made(
    TIMERS,
    row => new Histogram({ ...common(`${row.name}_seconds`, row), buckets: [...row.buckets] }),
  )
  const gauges = made(GAUGES, row => new Gauge(common(row.name, row)))
  for (const gauge of Object.values(gauges)) forget(gauge)
  const looks: (Look & { ask: () => Promise<Reading[]> })[] = []
  const bounded = boundary(log)

  async function lookUp(): Promise<void> {
    const found = await Promise.all(
      looks.map(({ name, ask }) =>
        within(lookWithinMs, 'The look', ask()).catch((thrown: unknown) => {
          log.debug('numbers not looked up', { name, reason: String(thrown) })
          return []
        }),
      ),
    )
    for (const name of looks.flatMap(look => look.gauges)) forget(gauges[name])
    for (const { gauge, value, labels } of found.flat()) {
      bounded(gauge, labels, clean => gauges[gauge].set(clean, value))
    }
  }

  return {
    contentType: registry.contentType,
    count: (name, labels) => bounded(name, labels, clean => counters[name].inc(clean)),
    observe: (name, seconds, labels) => bounded(name, labels, clean => timers[name].observe(clean, seconds)),
    gauge: (name, value, labels) => bounded(name, labels, clean => gauges[name].set(clean, value)),
    looks: look => void looks.push({ ...look, ask: shared(look.take) }),
    async text() {
      await lookUp()
      return registry.metrics()
    },
  }
}

/** A gauge without labels would be told as 0, which is a number and no "not known". */
function forget(gauge: Gauge): void {
  gauge.reset()
  gauge.remove({})
}

/** Keeps the number of series bounded, and never throws. */
function boundary(log: Log) {
  const seen = new Map<string, Set<string>>()
  const said = new Set<string>()
  const trouble = (name: string, reason: string) => {
    if (!said.has(name)) log.warn('not counted', { name, reason })
    said.add(name)
  }
  return (name: string, labels: object, act: (clean: Record<string, string>) => void): void => {
    const clean = Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, brief(value)]))
    const series = seen.get(name) ?? new Set()
    seen.set(name, series)
    const key = JSON.stringify(clean)
    try {
      if (!series.has(key) && series.size >= MOST_SERIES) throw new Error('too many different labels')
      series.add(key)
      act(clean)
    } catch (thrown) {
      trouble(name, String(thrown))
    }
  }
}

const brief = (value: unknown) => {
  const text = String(value)
  return text.length <= LONGEST_LABEL ? text : 'other'
}

type Book = Counted & Timed & Stood

function made<T extends Partial<Record<keyof Book, Row>>, M>(
  table: T,
  make: (row: T[keyof T] & Row) => M,
): { [N in keyof T]: M } {
  const rows = Object.entries(table) as [keyof T, T[keyof T] & Row][]
  return Object.fromEntries(rows.map(([name, row]) => [name, make(row)])) as { [N in keyof T]: M }
}
