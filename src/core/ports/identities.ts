/** Who at OVHcloud a credential may speak for: the local users, groups and service accounts of the bot's own account. */
import type { AccountIdentities } from '../identity.js'

export interface IdentityPort {
  /** A kind that cannot be read does not fail it. @throws BotError `ovh.*` when OVHcloud does not even say whose account it is */
  read(signal?: AbortSignal): Promise<AccountIdentities>
}
