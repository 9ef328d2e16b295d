/** Keeps the names that pass by on their way from OVHcloud, so that completing needs no call of its own. */
import type { Inventory } from '../core/ports/inventory.js'
import type { Log } from '../core/ports/log.js'
import type { OkmsPort } from '../core/ports/okms.js'

export function rememberInventory(okms: OkmsPort, inventory: Inventory, log: Log): OkmsPort {
  const keep = (...what: Parameters<Inventory['remember']>) => {
    // A convenience must not fail what it accompanies.
    inventory.remember(...what).catch(error => log.debug('inventory not kept', { reason: String(error) }))
  }
  return {
    ...okms,
    async list(signal) {
      const all = await okms.list(signal)
      keep(
        'okms',
        'all',
        all.map(({ name }) => name),
      )
      return all
    },
    async regions(signal) {
      const all = await okms.regions(signal)
      keep(
        'region',
        'all',
        all.map(({ id }) => id),
      )
      return all
    },
    async *credentialPages(okmsId, signal) {
      const live: string[] = []
      for await (const page of okms.credentialPages(okmsId, signal)) {
        live.push(...page.filter(({ status }) => status === 'READY').map(({ name }) => name))
        yield page
      }
      keep('credential', okmsId, live)
    },
  }
}
