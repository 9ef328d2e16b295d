/** How a run ends that others did not approve. */
import type { Decision, Ending } from '../../src/core/index.js'

/** `null` for one that was approved, or did not need to be. */
export function describeEnd(decision: Decision, nothingDone: string): Ending | null {
  if (decision.state === 'approved' || decision.state === 'not-needed') return null
  return { outcome: 'stopped', lines: [nothingDone], facts: { decision: decision.state } }
}
