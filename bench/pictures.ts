/** Drawing a horizon of 30 credentials: how long it takes, and for how long nothing else happens meanwhile. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { silentLog } from '../src/core/ports/log.js'
import type { Horizon } from '../src/core/reply.js'
import { createPainter } from '../src/pictures/painter.js'
import { median, type Row, timed } from './row.js'

const DRAWINGS = 40
const LONGEST_BLOCK_MS = 20
const DAY_MS = 24 * 3_600_000

export async function measurePictures(): Promise<Row[]> {
  const painter = createPainter(silentLog)
  const horizon: Horizon = {
    fileName: 'horizon.png',
    nowMs: 0,
    more: 170,
    rows: Array.from({ length: 30 }, (_, i) => ({
      name: `reader-${i}`,
      okms: 'prod-kms',
      expiresAtMs: i * 12 * DAY_MS,
      left: `${i * 12} days`,
      isSolved: false,
    })),
  }
  await painter.draw(horizon)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const took: number[] = []
  for (let i = 0; i < DRAWINGS; i++) took.push(await timed(() => painter.draw(horizon)))
  delay.disable()
  const longestBlockMs = delay.max / 1e6
  return [
    {
      what: 'a picture of 30 credentials',
      ours: `${median(took).toFixed(0)} ms, event loop blocked ${longestBlockMs.toFixed(0)} ms at most`,
      against: `the longest that anything may block: ${LONGEST_BLOCK_MS} ms`,
      ratio: longestBlockMs / LONGEST_BLOCK_MS,
      goal: '≤ 1 ×',
      reached: longestBlockMs <= LONGEST_BLOCK_MS,
    },
  ]
}
