/** Which service keys can be made, in one region or in those where the account has an OKMS. */
import { z } from 'zod'
import {
  BotError,
  choose,
  defineRead,
  type KeyKind,
  normalizeRegion,
  type ReadContext,
} from '../src/core/index.js'

export interface RegionKinds {
  /** Regions that offer the same. */
  regions: string[]
  kinds: KeyKind[]
}

export const listServiceKeyTypes = defineRead({
  name: 'list-service-key-types',
  input: z.object({ region: z.string().optional() }),

  /** @throws BotError `input.not-found` for an unknown region */
  async run(asked): Promise<RegionKinds[]> {
    const groups = new Map<string, RegionKinds>()
    for (const region of await regionsOf(asked)) {
      const kinds = await asked.serviceKeys.kinds(region, asked.signal)
      const key = JSON.stringify(kinds)
      const group = groups.get(key) ?? { regions: [], kinds }
      groups.set(key, group)
      group.regions.push(region)
    }
    return [...groups.values()]
  },
})

async function regionsOf({ input, okms, signal }: ReadContext<{ region?: string | undefined }>) {
  if (input.region === undefined) {
    const used = new Set((await okms.list(signal)).map(({ region }) => region))
    if (used.size > 0) return [...used]
    throw new BotError('input.not-found', 'There is no OKMS in this account, so say which region.', {
      hint: '/okms key types eu-west-par; /okms regions shows all.',
    })
  }
  const all = (await okms.regions(signal)).map(({ id }) => ({ id, name: id }))
  return [choose(all, normalizeRegion(input.region), 'region', '/okms regions').id]
}
