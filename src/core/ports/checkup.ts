/** Looking whether the bot has what it needs. Every part that depends on something outside can be examined; `doctor` asks all of them. */
import { BotError } from '../errors.js'
import type { Finding } from '../finding.js'

export interface Checkup {
  /** What is examined, as it stands in front of what went wrong: `Redis: …`. */
  name: string
  /** Never changes anything. May throw: then that is the finding. */
  examine(signal?: AbortSignal): Promise<Finding[]>
}

/** Longer than the slowest look at an endpoint; a doctor who never comes back is none. */
const PATIENCE_MS = 25_000

/** All at once, each bounded in time. Never fails: one that breaks is a finding of its own. */
export async function examineAll(checkups: readonly Checkup[]): Promise<Finding[]> {
  return (await Promise.all(checkups.map(examineOne))).flat()
}

async function examineOne({ name, examine }: Checkup): Promise<Finding[]> {
  const giveUp = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      giveUp.abort()
      reject(new BotError('run.timed-out', `no answer within ${PATIENCE_MS / 1000} s.`))
    }, PATIENCE_MS)
  })
  try {
    return await Promise.race([examine(giveUp.signal), late])
  } catch (thrown) {
    const { message, hint } = BotError.from(thrown)
    return [{ state: 'bad', what: `${name}: ${message}`, ...(hint === undefined ? {} : { mend: hint }) }]
  } finally {
    clearTimeout(timer)
  }
}
