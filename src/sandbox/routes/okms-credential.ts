/** `/v2/okms/resource/{okmsId}/credential` (OVHcloud API v2 schema, `okms.credential.*`). None can be changed or renewed. */
import type { CredentialRecord } from '../credentials.js'
import { page } from '../paging.js'
import { type Route, route } from '../router.js'
import { credentialCreation } from '../schemas.js'
import { okmsOf, type World } from '../world.js'

const LIST = '/v2/okms/resource/{okmsId}/credential'
const ONE = `${LIST}/{credentialId}`

export function okmsCredentialRoutes(world: World): Route[] {
  const { credentials } = world
  const encode = (record: CredentialRecord) => credentials.encode(record)
  const find = (params: Readonly<Record<string, string>>) =>
    credentials.get(okmsOf(world, params.okmsId!).id, params.credentialId!.toLowerCase())
  return [
    route({
      method: 'GET',
      path: LIST,
      iam: ['okms:apiovh:credential/get'],
      handler(call) {
        const okms = okmsOf(world, call.params.okmsId!)
        return page(call, {
          list: `credential ${okms.id}`,
          items: credentials.list(okms.id),
          seqOf: record => record.seq,
          encode,
          wrongCursor: 'CredentialPaginationCursorInvalidValue',
        })
      },
    }),
    route({
      method: 'POST',
      path: LIST,
      iam: ['okms:apiovh:credential/create'],
      body: credentialCreation,
      async handler({ params, body }) {
        const [record, privateKeyPEM] = await credentials.create(okmsOf(world, params.okmsId!).id, body)
        const { certificatePEM, ...shown } = encode(record)
        // However short CREATING is, the answer to a POST comes before the certificate.
        return { ...shown, status: 'CREATING', ...(privateKeyPEM === null ? {} : { privateKeyPEM }) }
      },
    }),
    route({
      method: 'GET',
      path: ONE,
      iam: ['okms:apiovh:credential/get'],
      handler: ({ params }) => encode(find(params)),
    }),
    route({
      method: 'DELETE',
      path: ONE,
      iam: ['okms:apiovh:credential/delete'],
      handler({ params }) {
        const record = find(params)
        credentials.delete(record)
        return encode(record)
      },
    }),
  ]
}
