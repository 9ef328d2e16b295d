/** `/v2/okms/resource/{okmsId}/serviceKey` (OVHcloud API v2 schema, `okms.serviceKey.*`). `iamTags` is not read. */
import { page } from '../paging.js'
import { badRequest } from '../refusal.js'
import { type Route, route } from '../router.js'
import { KEY_FORMATS, serviceKeyCreation, serviceKeyUpdate } from '../schemas.js'
import { encodeServiceKey, type ServiceKeyRecord } from '../service-keys.js'
import { type OkmsService, okmsOf, okmsUrn, type World } from '../world.js'

const LIST = '/v2/okms/resource/{okmsId}/serviceKey'
const ONE = `${LIST}/{keyId}`

export function okmsServiceKeyRoutes(world: World): Route[] {
  const { serviceKeys } = world
  const find = (params: Readonly<Record<string, string>>) =>
    serviceKeys.get(livingOkms(world, params.okmsId!).id, params.keyId!.toLowerCase())
  return [
    route({
      method: 'GET',
      path: LIST,
      iam: ['okms:apiovh:serviceKey/get'],
      handler(call) {
        const okms = livingOkms(world, call.params.okmsId!)
        return page(call, {
          list: `serviceKey ${okms.id}`,
          items: serviceKeys.list(okms.id),
          seqOf: record => record.seq,
          encode: async record => ({ ...(await encodeServiceKey(record)), iam: iamOf(record) }),
        })
      },
    }),
    route({
      method: 'POST',
      path: LIST,
      iam: ['okms:apiovh:serviceKey/create'],
      iamOf: body => (body.keys == null ? [] : ['okms:apiovh:serviceKey/import']),
      body: serviceKeyCreation,
      handler: ({ params, body }) =>
        encodeServiceKey(serviceKeys.create(livingOkms(world, params.okmsId!).id, body)),
    }),
    route({
      method: 'GET',
      path: ONE,
      iam: ['okms:apiovh:serviceKey/get'],
      async handler({ params, query }) {
        const record = find(params)
        const wanted = query.get('format')
        const format = KEY_FORMATS.find(known => known === wanted) ?? null
        if (wanted !== null && format === null) throw badRequest('[format] Accepted values: JWK, PEM')
        return { ...(await encodeServiceKey(record, format)), iam: iamOf(record) }
      },
    }),
    route({
      method: 'PUT',
      path: ONE,
      iam: ['okms:apiovh:serviceKey/update'],
      iamOf({ state }) {
        if (state == null) return []
        return [`okms:apiovh:serviceKey/${state === 'ACTIVE' ? 'activate' : 'deactivate'}`]
      },
      body: serviceKeyUpdate,
      handler({ params, body }) {
        const record = find(params)
        serviceKeys.update(record, body)
        return encodeServiceKey(record)
      },
    }),
    route({
      method: 'DELETE',
      path: ONE,
      iam: ['okms:apiovh:serviceKey/delete'],
      handler({ params }) {
        serviceKeys.delete(find(params))
        return null
      },
    }),
  ]
}

/** Key routes refuse an ended service; credential routes do not list that word. @throws Refusal 404, 400 `OKMSExpired` */
function livingOkms(world: World, okmsId: string): OkmsService {
  const okms = okmsOf(world, okmsId)
  if (okms.state === 'EXPIRED') throw badRequest('This OKMS has ended', 'OKMSExpired')
  return okms
}

function iamOf(record: ServiceKeyRecord): Record<string, unknown> {
  return {
    id: record.id,
    urn: `${okmsUrn(record.okmsId)}/serviceKey/${record.id}`,
    displayName: record.name,
    tags: {},
    state: 'OK',
  }
}
