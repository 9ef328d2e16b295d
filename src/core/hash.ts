/** A name for exactly this content, by which the bot and, in short, people can tell that nothing changed. */
import { createHash } from 'node:crypto'

/** The SHA-256 of the JSON with sorted keys, 64 hex digits. */
export function planHashOf(plan: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(plan)))
    .digest('hex')
}

/** What people compare: the first 8 hex digits, as `c41d·88fe`. */
export const shortHash = (planHash: string): string => `${planHash.slice(0, 4)}·${planHash.slice(4, 8)}`

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
