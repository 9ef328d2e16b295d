/** "Did you mean …": the nearest of a few known words, by optimal string alignment (Damerau-Levenshtein without repeated edits). */

/** How many typing mistakes a word of this length may have: one in short words, about one in three letters in longer ones. */
const mistakesAllowed = (length: number) =>
  length <= 2 ? 0 : length <= 4 ? 1 : Math.min(3, Math.floor(length / 3))

/**
 * The candidate that was most likely meant, whatever its case: one with few typing mistakes, else the shortest that begins so. `null`
 * when none is near. The first wins a tie.
 */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const typed = word.toLowerCase()
  const all = [...candidates]
  return nearest(typed, all) ?? begun(typed, all)
}

/** Shorter ones say too little. */
const SHORTEST_BEGINNING = 3

/** `cred` begins `credential`; so does `creds`, but for its last letter, which is forgiven once enough is there without it. */
function begun(typed: string, candidates: readonly string[]): string | null {
  if (typed.length < SHORTEST_BEGINNING) return null
  const beginning = typed.length > SHORTEST_BEGINNING + 1 ? typed.slice(0, -1) : typed
  const found = candidates.filter(one => one.length > typed.length && one.toLowerCase().startsWith(beginning))
  return found.reduce<string | null>(
    (shortest, one) => (shortest !== null && shortest.length <= one.length ? shortest : one),
    null,
  )
}

function nearest(typed: string, candidates: readonly string[]): string | null {
  let found: string | null = null
  let fewest = mistakesAllowed(typed.length) + 1
  for (const candidate of candidates) {
    const known = candidate.toLowerCase()
    if (Math.abs(known.length - typed.length) >= fewest) continue
    const mistakes = distance(typed, known)
    if (mistakes < fewest) {
      found = candidate
      fewest = mistakes
    }
  }
  return found
}

/** How many letters must be added, dropped, changed or swapped with their neighbour to make one word the other. */
export function distance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1)
      }
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[to.length]!
}
