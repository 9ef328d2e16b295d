/** Private Clouds with their encryption state and key servers. The v1 API gives ids alone, so each costs a few calls. */
import { z } from 'zod'
import { defineRead, type KeyServer, type PrivateCloud } from '../src/core/index.js'

export interface CloudSummary extends PrivateCloud {
  keyServers: (KeyServer & { okmsName: string | null })[]
}

export const listClouds = defineRead({
  name: 'list-clouds',
  input: z.object({}),

  async run({ privateCloud, okms, ledger, signal }): Promise<CloudSummary[]> {
    const [names, services] = await Promise.all([privateCloud.list(signal), okms.list(signal)])
    const found = await Promise.all(
      names.map(async name => {
        const [cloud, keyServers] = await Promise.all([
          privateCloud.show(name, signal),
          privateCloud.keyServers(name, signal),
        ])
        if (!cloud) return null
        const named = keyServers.map(async one => {
          const okmsId = (await ledger.keyServer(name, one.kmsId))?.okmsId
          return { ...one, okmsName: services.find(({ id }) => id === okmsId)?.name ?? null }
        })
        return { ...cloud, keyServers: await Promise.all(named) }
      }),
    )
    return found.filter(cloud => cloud !== null)
  },
})
