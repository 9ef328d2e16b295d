/** All checkups at once, each bounded in time; one that breaks is a finding of its own. And how findings are shown. */
import { BotError } from './errors.js'
import type { Checkup, Finding } from './ports/checkup.js'

/** Longer than the slowest look at an endpoint; a doctor who never comes back is none. */
const PATIENCE_MS = 25_000

const MARKS = { good: '✅', bad: '❌', warning: '⚠' } as const

export async function examineAll(checkups: readonly Checkup[]): Promise<Finding[]> {
  return (await Promise.all(checkups.map(examineOne))).flat()
}

async function examineOne({ name, examine }: Checkup): Promise<Finding[]> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () =>
        reject(new BotError('run.timed-out', `no answer within ${PATIENCE_MS / 1000} s.`)),
      )
    })
    return await Promise.race([examine(signal), late])
  } catch (thrown) {
    const { message, hint } = BotError.from(thrown)
    return [{ state: 'bad', what: `${name}: ${message}`, ...(hint === undefined ? {} : { mend: hint }) }]
  }
}

/** Two lines at most per finding: what is, and what mends it. Plain text everywhere, so that it can be passed on. */
export function findingLines(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ state, what, mend }) => [
    `${MARKS[state]} ${what}`,
    ...(mend === undefined ? [] : [`   ${mend}`]),
  ])
}

export const isWell = (findings: readonly Finding[]) => findings.every(({ state }) => state !== 'bad')
