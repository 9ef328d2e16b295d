/** A credential of the ledger by what a person called it. */
import { BotError, choose, type Followed, type Ledger } from '../../src/core/index.js'

/**
 * By its id; by its name where exactly one in use has it.
 * @throws BotError `input.not-found`, `input.ambiguous`
 */
export async function findFollowed(ledger: Ledger, wanted: string, nowMs: number): Promise<Followed> {
  const byId = (await ledger.find([wanted.toLowerCase()])).get(wanted.toLowerCase())
  if (byId) return byId
  const inUse = new Map<string, Followed & { id: string }>()
  for await (const page of ledger.pages()) {
    for (const entry of page) {
      if (entry.solution || Date.parse(entry.expiresAt) <= nowMs) continue
      inUse.set(entry.credentialId, { ...entry, id: entry.credentialId })
    }
  }
  const { id: _, ...found } = choose([...inUse.values()], wanted, 'credential', '/okms credentials')
  return found
}

/** @throws BotError `state.conflict` */
export function refuseSolved({ name, solution }: Followed): void {
  if (!solution) return
  const what = solution.how === 'vanished' ? 'is gone from OVHcloud' : `was ${solution.how} by ${solution.by}`
  throw new BotError('state.conflict', `${name} ${what}: nothing is reminded of any more.`)
}
