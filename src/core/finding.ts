/** What doctor finds: how a thing is, and the line that mends it. */

export interface Finding {
  /** `warning`: something will be missed, and the rest works. */
  state: 'good' | 'bad' | 'warning'
  /** One sentence: what was looked at and how it is. Holds no secret. */
  what: string
  /** The line that mends it. */
  mend?: string
  /** Something to copy that does not fit into a line. */
  file?: { name: string; text: string }
}

const MARKS = { good: '✅', bad: '❌', warning: '⚠' } as const

/** Two lines at most per finding: what is, and what mends it. Plain text everywhere, so that it can be passed on. */
export function findingLines(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ state, what, mend }) => [
    `${MARKS[state]} ${what}`,
    ...(mend === undefined ? [] : [`   ${mend}`]),
  ])
}

export const isWell = (findings: readonly Finding[]) => findings.every(({ state }) => state !== 'bad')
