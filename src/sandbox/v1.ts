/** How v1 reads ids in paths and texts in filters. */
import { badRequest } from './refusal.js'

/** A `long` of the path. @throws Refusal 400 */
export function readLong(name: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw badRequest(`[${name}] Given data is not valid for type long`)
  return Number(value)
}

/** The schema says `like`: as SQL does, `%` for anything, `_` for one character, of either case. */
export function isLike(text: string, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, 'is').test(text)
}
