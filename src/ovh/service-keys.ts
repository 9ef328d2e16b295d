/** Service keys over the API: implements ports/service-keys.ts on `/v2/okms/resource/{okmsId}/serviceKey`. Rights: rights.ts. */
import { z } from 'zod'
import type { KeyKind, KeyShape, ServiceKey, ServiceKeyPort } from '../core/ports/service-keys.js'
import { type OvhClient, segment } from './client.js'
import { foundOrNull, isCode } from './missing.js'
import { keyKind, publicParts, serviceKey } from './service-key-schema.js'

/** Members of a JSON Web Key that are not public (RFC 7518 §6.2.2, §6.3.2, §6.4). The API does not send them; nor do we pass them on. */
const PRIVATE_MEMBERS = ['k', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

export function createServiceKeys(client: OvhClient): ServiceKeyPort {
  const listPath = (okmsId: string) => `/v2/okms/resource/${segment(okmsId)}/serviceKey`
  const keyPath = (okmsId: string, keyId: string) => `${listPath(okmsId)}/${segment(keyId)}`
  const ofOkms = (okmsId: string, bare: Omit<ServiceKey, 'okmsId'>): ServiceKey => ({ okmsId, ...bare })

  async function post(okmsId: string, body: unknown): Promise<ServiceKey> {
    const path = listPath(okmsId)
    return ofOkms(okmsId, (await client.request({ method: 'POST', path, body, schema: serviceKey })).data)
  }

  async function put(okmsId: string, keyId: string, body: unknown): Promise<void> {
    await client.request({ method: 'PUT', path: keyPath(okmsId, keyId), body, schema: z.unknown() })
  }

  return {
    async kinds(region, signal) {
      const path = '/v2/okms/reference/serviceKey'
      const found: KeyKind[] = []
      for await (const page of client.pages({ path, query: { region }, item: keyKind, signal }))
        found.push(...page)
      return found
    },

    async *pages(okmsId, signal) {
      for await (const page of client.pages({ path: listPath(okmsId), item: serviceKey, signal })) {
        yield page.map(bare => ofOkms(okmsId, bare))
      }
    },

    async key(okmsId, keyId, signal) {
      const path = keyPath(okmsId, keyId)
      const bare = await foundOrNull(client.request({ method: 'GET', path, schema: serviceKey, signal }))
      return bare && ofOkms(okmsId, bare)
    },

    async publicKey(okmsId, keyId, format, signal) {
      const path = keyPath(okmsId, keyId)
      const query = { format }
      const found = await foundOrNull(
        client.request({ method: 'GET', path, query, schema: publicParts, signal }),
      )
      if (format === 'PEM') return found?.keysPEM?.map(({ pem }) => pem.trimEnd()).join('\n') || null
      const [jwk] = found?.keys ?? []
      if (!jwk) return null
      const isPublic = ([member]: [string, unknown]) => !PRIVATE_MEMBERS.includes(member)
      return JSON.stringify(Object.fromEntries(Object.entries(jwk).filter(isPublic)), null, 2)
    },

    create: (okmsId, name, { type, size, curve, operations }: KeyShape) =>
      post(okmsId, {
        name,
        type,
        ...(size === null ? {} : { size }),
        ...(curve === null ? {} : { curve }),
        operations,
      }),

    import: (okmsId, name, jwk) => post(okmsId, { name, keys: [JSON.parse(jwk.reveal())] }),
    rename: (okmsId, keyId, name) => put(okmsId, keyId, { name }),
    activate: (okmsId, keyId) => put(okmsId, keyId, { state: 'ACTIVE' }),
    deactivate: (okmsId, keyId, deactivationReason) =>
      put(okmsId, keyId, { state: 'DEACTIVATED', deactivationReason }),

    async remove(okmsId, keyId) {
      try {
        await client.request({ method: 'DELETE', path: keyPath(okmsId, keyId), schema: z.unknown() })
        return 'removed'
      } catch (thrown) {
        if (isCode(thrown, 'ovh.not-found')) return 'gone'
        throw thrown
      }
    },
  }
}
