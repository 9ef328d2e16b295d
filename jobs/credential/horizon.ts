/** What expires when, as a picture: the most urgent credentials, at most 30. */
import type { Horizon, HorizonRow } from '../../src/core/index.js'

const MOST_ROWS = 30

/** Live ones first, the soonest before all; where there is room, those that ended last, then what is solved. */
export function horizonOf(all: readonly HorizonRow[], nowMs: number, fileName: string): Horizon {
  const rank = ({ isSolved, expiresAtMs }: HorizonRow) => (isSolved ? 2 : expiresAtMs > nowMs ? 0 : 1)
  const sooner = (a: HorizonRow, b: HorizonRow) =>
    a.expiresAtMs - b.expiresAtMs || a.name.localeCompare(b.name)
  const rows = [...all]
    .sort((a, b) => rank(a) - rank(b) || (rank(a) === 1 ? sooner(b, a) : sooner(a, b)))
    .slice(0, MOST_ROWS)
    .sort(sooner)
  return { fileName, nowMs, rows, more: all.length - rows.length }
}
