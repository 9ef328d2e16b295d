/** Credentials of one OKMS or of all, with the owner the bot knows. One list call per page, none per credential. */
import { z } from 'zod'
import { type Credential, choose, defineRead } from '../src/core/index.js'

const STATUSES = ['CREATING', 'READY', 'DELETING', 'ERROR', 'EXPIRED'] as const

export interface CredentialSummary
  extends Omit<Credential, 'certificatePem' | 'identityUrns' | 'description'> {
  okmsName: string
  /** `null`: made outside the bot, or before it. */
  owner: string | null
  /** When we looked, by the worker's clock. */
  seenAtMs: number
}

export const listCredentials = defineRead({
  name: 'list-credentials',
  input: z.object({
    okms: z.string().optional(),
    status: z.enum(STATUSES).optional(),
    /** Milliseconds from now. */
    expiringWithinMs: z.number().optional(),
  }),

  async run({ input, okms, ledger, clock, signal }): Promise<CredentialSummary[]> {
    const all = await okms.list(signal)
    const among = input.okms === undefined ? all : [choose(all, input.okms, 'OKMS', '/okms list')]
    const until = input.expiringWithinMs === undefined ? null : clock.now() + input.expiringWithinMs
    const found: CredentialSummary[] = []
    for (const { id, name } of among) {
      for await (const page of okms.credentialPages(id, signal)) {
        const wanted = page.filter(
          one =>
            (input.status === undefined || one.status === input.status) &&
            (until === null || isLiveUntil(one, clock.now(), until)),
        )
        const entries = await ledger.find(wanted.map(one => one.id))
        for (const { certificatePem: _, identityUrns: __, description: ___, ...one } of wanted) {
          found.push({
            ...one,
            okmsName: name,
            owner: entries.get(one.id)?.owner?.name ?? null,
            seenAtMs: clock.now(),
          })
        }
      }
    }
    return found.sort((a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt))
  },
})

function isLiveUntil(one: Credential, now: number, until: number): boolean {
  const expires = Date.parse(one.expiresAt)
  return (one.status === 'READY' || one.status === 'CREATING') && expires >= now && expires <= until
}
