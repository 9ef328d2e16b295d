/** The OVHcloud KMS over the API: implements ports/okms.ts on `/v2/okms`. Rights: rights.ts. */
import { z } from 'zod'
import type { Credential, OkmsPort } from '../core/ports/okms.js'
import { type OvhClient, segment } from './client.js'
import { foundOrNull, isCode } from './missing.js'
import {
  type BareCredential,
  createdCredential,
  credential,
  okms,
  okmsWithAuthorities,
  region,
} from './schema.js'

export function createOkms(client: OvhClient): OkmsPort {
  const resourcePath = (okmsId: string) => `/v2/okms/resource/${segment(okmsId)}`
  const credentialsPath = (okmsId: string) => `${resourcePath(okmsId)}/credential`
  const credentialPath = (okmsId: string, id: string) => `${credentialsPath(okmsId)}/${segment(id)}`

  const port: OkmsPort = {
    list: signal => all(client.pages({ path: '/v2/okms/resource', item: okms, signal })),

    show: (okmsId, signal) =>
      foundOrNull(
        client.request({
          method: 'GET',
          path: resourcePath(okmsId),
          query: { publicCA: true },
          schema: okmsWithAuthorities,
          signal,
        }),
      ),

    regions: signal => all(client.pages({ path: '/v2/okms/reference/regions', item: region, signal })),

    async *credentialPages(okmsId, signal) {
      const path = credentialsPath(okmsId)
      for await (const page of client.pages({ path, item: credential, signal })) {
        yield page.map(bare => ofOkms(okmsId, bare))
      }
    },

    async credential(okmsId, credentialId, signal) {
      const path = credentialPath(okmsId, credentialId)
      const bare = await foundOrNull(client.request({ method: 'GET', path, schema: credential, signal }))
      return bare && ofOkms(okmsId, bare)
    },

    async createCredential(okmsId, request, signal) {
      const { name, description, identityUrns, validityDays, csr, certificateType } = request
      const body = {
        name,
        description,
        identityURNs: identityUrns,
        validity: validityDays,
        ...(csr === undefined ? {} : { csr }),
        ...(certificateType === undefined ? {} : { certificateType }),
      }
      const path = credentialsPath(okmsId)
      const { data } = await client.request({ method: 'POST', path, body, schema: createdCredential, signal })
      return { credential: ofOkms(okmsId, data.credential), privateKey: data.privateKey }
    },

    async revokeCredential(okmsId, credentialId, signal) {
      const path = credentialPath(okmsId, credentialId)
      try {
        // The answer is the credential once more; whatever it looks like, it is being deleted.
        await client.request({ method: 'DELETE', path, schema: z.unknown(), signal })
        return 'deleting'
      } catch (thrown) {
        if (isCode(thrown, 'ovh.not-found')) return 'gone'
        if (!isCode(thrown, 'ovh.conflict')) throw thrown
        // Refused for its state: perhaps because somebody's DELETE, ours included, came first.
        const now = await port.credential(okmsId, credentialId, signal)
        if (now === null) return 'gone'
        if (now.status === 'DELETING') return 'deleting'
        throw thrown
      }
    },
  }
  return port
}

const ofOkms = (okmsId: string, bare: BareCredential): Credential => ({ okmsId, ...bare })

async function all<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const items: T[] = []
  for await (const page of pages) items.push(...page)
  return items
}
