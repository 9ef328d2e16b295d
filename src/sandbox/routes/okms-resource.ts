/**
 * `/v2/okms/resource`: the OKMS of the account (OVHcloud API v2 schema, `okms.resource.ResponseWithIAM`). The filter `iamTags`
 * is not read: how it is written in a query is in no public source.
 */
import { page } from '../paging.js'
import { badRequest } from '../refusal.js'
import { REGIONS } from '../regions.js'
import { type Route, route } from '../router.js'
import { type OkmsService, okmsOf, okmsUrn, type World } from '../world.js'

export function okmsResourceRoutes(world: World): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v2/okms/resource',
      iam: ['okms:apiovh:resource/get'],
      handler: call =>
        page(call, {
          list: 'okms',
          items: [...world.okms.values()],
          seqOf: okms => okms.seq,
          encode: okms => encode(world, okms),
        }),
    }),
    route({
      method: 'GET',
      path: '/v2/okms/resource/{okmsId}',
      iam: ['okms:apiovh:resource/get'],
      handler({ params, query }) {
        const okms = okmsOf(world, params.okmsId!)
        if (!readFlag(query.get('publicCA'))) return encode(world, okms)
        return {
          ...encode(world, okms),
          publicCA: world.authorities.publicCa.certificatePem,
          publicRsaCA: world.authorities.publicRsaCa.certificatePem,
        }
      },
    }),
  ]
}

function encode(world: World, okms: OkmsService): Record<string, unknown> {
  const addresses = world.addressesOf(okms.region)
  const { restEndpoint, swaggerEndpoint } = REGIONS.find(region => region.id === okms.region)!
  return {
    id: okms.id,
    region: okms.region,
    kmipEndpoint: addresses.kmip,
    kmipRsaEndpoint: world.settings.showsKmipRsaEndpoint ? addresses.kmipRsa : null,
    restEndpoint,
    swaggerEndpoint,
    kmipObjectCount: okms.kmipObjectCount,
    serviceKeyCount: world.serviceKeys.list(okms.id).length,
    secretCount: okms.secretCount,
    secretVersionCount: okms.secretVersionCount,
    publicCA: null,
    publicRsaCA: null,
    iam: {
      id: okms.iamId,
      urn: okmsUrn(okms.id),
      displayName: okms.displayName,
      tags: {},
      state: okms.state,
    },
  }
}

function readFlag(value: string | null): boolean {
  if (value !== null && value !== 'true' && value !== 'false') throw badRequest('[publicCA] Not a boolean')
  return value === 'true'
}
