/** Every region of the OVHcloud KMS, from the API. */
import { z } from 'zod'
import { defineRead, type Region } from '../src/core/index.js'

export const listRegions = defineRead({
  name: 'list-regions',
  input: z.object({}),

  async run({ okms, signal }): Promise<Region[]> {
    const regions = await okms.regions(signal)
    return regions.sort((a, b) => a.id.localeCompare(b.id))
  },
})
