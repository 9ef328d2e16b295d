/** A short name for exactly this content, by which people and the bot can tell that nothing changed. */
import { createHash } from 'node:crypto'

/** The first 8 hex digits of the SHA-256 of the JSON with sorted keys, as `c41d·88fe`. */
export function planHashOf(plan: unknown): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(sorted(plan)))
    .digest('hex')
  return `${hash.slice(0, 4)}·${hash.slice(4, 8)}`
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
