/** All that the bot asks of OVHcloud, on one client. */
import type { Checkup } from '../core/ports/checkup.js'
import type { Clock } from '../core/ports/clock.js'
import type { IdentityPort } from '../core/ports/identities.js'
import type { OkmsPort } from '../core/ports/okms.js'
import type { OrderPort } from '../core/ports/order.js'
import type { PrivateCloudPort } from '../core/ports/private-cloud.js'
import type { ServiceKeyPort } from '../core/ports/service-keys.js'
import { createAccount } from './account.js'
import { createOvhCheckup } from './checkup.js'
import type { OvhClient } from './client.js'
import { createIdentities } from './identities.js'
import { createOkms } from './okms.js'
import { createOrder } from './order.js'
import { createPrivateCloud } from './private-cloud.js'
import { createServiceKeys } from './service-keys.js'

export interface OvhPorts {
  okms: OkmsPort
  privateCloud: PrivateCloudPort
  order: OrderPort
  identities: IdentityPort
  serviceKeys: ServiceKeyPort
  checkup: Checkup
  /** Ends all connections. */
  close(): Promise<void>
}

/** @param endpoint as the settings have it, for people */
export function createOvhPorts(client: OvhClient, endpoint: string, clock: Clock): OvhPorts {
  const account = createAccount(client)
  const okms = createOkms(client)
  const privateCloud = createPrivateCloud(client)
  return {
    okms,
    privateCloud,
    order: createOrder(client),
    identities: createIdentities(client, account),
    serviceKeys: createServiceKeys(client),
    checkup: createOvhCheckup({ endpoint, account, okms, privateCloud, clock }),
    close: () => client.close(),
  }
}
