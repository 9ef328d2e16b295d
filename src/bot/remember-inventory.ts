/** Keeps the names that pass by on their way from OVHcloud, so that completing needs no call of its own. */
import type { IdentityPort } from '../core/ports/identities.js'
import type { Inventory } from '../core/ports/inventory.js'
import type { Log } from '../core/ports/log.js'
import type { OkmsPort } from '../core/ports/okms.js'
import type { PrivateCloudPort } from '../core/ports/private-cloud.js'
import type { ServiceKeyPort } from '../core/ports/service-keys.js'

export interface Watched {
  okms: OkmsPort
  privateCloud: PrivateCloudPort
  identities: IdentityPort
  serviceKeys: ServiceKeyPort
}

/** The same ports, with their names kept on the way. */
export function rememberInventory(
  { okms, privateCloud, identities, serviceKeys }: Watched,
  inventory: Inventory,
  log: Log,
): Watched {
  const keep = (...what: Parameters<Inventory['remember']>) => {
    // A convenience must not fail what it accompanies.
    inventory.remember(...what).catch(error => log.debug('inventory not kept', { reason: String(error) }))
  }
  const namesOf = (all: readonly { name: string }[]) => all.map(({ name }) => name)
  return {
    serviceKeys: {
      ...serviceKeys,
      async *pages(okmsId, signal) {
        const names: string[] = []
        for await (const page of serviceKeys.pages(okmsId, signal)) {
          names.push(...namesOf(page))
          yield page
        }
        keep('key', okmsId, names)
      },
    },
    identities: {
      async read(signal) {
        const read = await identities.read(signal)
        keep('identity', 'all', read.urns)
        return read
      },
    },
    privateCloud: {
      ...privateCloud,
      async list(signal) {
        const names = await privateCloud.list(signal)
        keep('cloud', 'all', names)
        return names
      },
    },
    okms: {
      ...okms,
      async list(signal) {
        const all = await okms.list(signal)
        keep('okms', 'all', namesOf(all))
        return all
      },
      async regions(signal) {
        const all = await okms.regions(signal)
        const ids = all.map(({ id }) => id)
        keep('region', 'all', ids)
        return all
      },
      async *credentialPages(okmsId, signal) {
        const live: string[] = []
        for await (const page of okms.credentialPages(okmsId, signal)) {
          live.push(...namesOf(page.filter(({ status }) => status === 'READY')))
          yield page
        }
        keep('credential', okmsId, live)
      },
    },
  }
}
