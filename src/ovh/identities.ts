/**
 * The identities of the account: implements ports/identities.ts on `/v1/me/identity` and `/v1/me/api/oauth2/client` (OVHcloud API v1
 * schema, `me`). They answer names; the URNs are put together as OVHcloud's IAM documentation writes them. Rights: rights.ts.
 */
import { z } from 'zod'
import type { IdentityKind } from '../core/identity.js'
import type { IdentityPort } from '../core/ports/identities.js'
import { type Account, platformOf } from './account.js'
import type { OvhClient } from './client.js'

const LISTS: Readonly<Record<IdentityKind, { path: string; nameOf(listed: string): string }>> = {
  user: { path: '/v1/me/identity/user', nameOf: user => user },
  group: { path: '/v1/me/identity/group', nameOf: group => group },
  credential: { path: '/v1/me/api/oauth2/client', nameOf: clientId => `oauth2-${clientId}` },
}

export function createIdentities(client: OvhClient, account: Pick<Account, 'whoAmI'>): IdentityPort {
  return {
    async read(signal) {
      const kinds = Object.keys(LISTS) as IdentityKind[]
      const [who, ...lists] = await Promise.all([
        account.whoAmI(signal),
        ...kinds.map(kind => namesOf(client, LISTS[kind].path, signal)),
      ])
      const prefix = `urn:v1:${platformOf(who)}:identity`
      return {
        account: who.account,
        urns: kinds.flatMap((kind, i) =>
          (lists[i] ?? []).map(name => `${prefix}:${kind}:${who.account}/${LISTS[kind].nameOf(name)}`),
        ),
        unread: kinds.filter((_, i) => lists[i] === null),
      }
    },
  }
}

/** `null` when it cannot be read, for whatever reason: few bots are given the right. */
async function namesOf(client: OvhClient, path: string, signal?: AbortSignal): Promise<string[] | null> {
  try {
    return (await client.request({ method: 'GET', path, schema: z.array(z.string()), signal })).data
  } catch {
    signal?.throwIfAborted()
    return null
  }
}
