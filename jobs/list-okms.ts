/** Every OKMS of the account with the number of its credentials and the next expiry. One API page per hundred credentials. */
import { z } from 'zod'
import { type Credential, daysUntil, defineRead, type Okms } from '../src/core/index.js'

export interface OkmsSummary extends Okms {
  credentialCount: number
  /** The next live credential to expire. */
  nextExpiry: { name: string; daysLeft: number } | null
}

export const listOkms = defineRead({
  name: 'list-okms',
  input: z.object({}),

  async run({ okms, clock, signal }): Promise<OkmsSummary[]> {
    const all = await okms.list(signal)
    return Promise.all(
      all.map(async one => {
        const live: Credential[] = []
        for await (const page of okms.credentialPages(one.id, signal)) {
          live.push(...page.filter(({ status }) => status === 'READY' || status === 'CREATING'))
        }
        const next = live.reduce<Credential | null>(
          (soonest, one) =>
            soonest && Date.parse(soonest.expiresAt) <= Date.parse(one.expiresAt) ? soonest : one,
          null,
        )
        return {
          ...one,
          credentialCount: live.length,
          nextExpiry: next && {
            name: next.name,
            daysLeft: daysUntil(Date.parse(next.expiresAt), clock.now()),
          },
        }
      }),
    )
  },
})
