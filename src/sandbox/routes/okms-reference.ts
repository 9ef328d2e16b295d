/** `/v2/okms/reference`: regions, and which service keys there may be (OVHcloud API v2 schema, `okms.reference.*`). */
import { pageInOrder } from '../paging.js'
import { badRequest } from '../refusal.js'
import { REGIONS } from '../regions.js'
import { type Route, route } from '../router.js'
import { regionId } from '../schemas.js'
import { referenceOfKeys } from '../service-key-rules.js'
import type { World } from '../world.js'

export function okmsReferenceRoutes(world: World): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v2/okms/reference/regions',
      handler: call =>
        pageInOrder(call, 'regions', REGIONS, ({ id, type, certifications, restEndpoint }) => ({
          id,
          type,
          certifications,
          kmipEndpoint: world.addressesOf(id).kmip,
          restEndpoint,
        })),
    }),
    route({
      method: 'GET',
      path: '/v2/okms/reference/serviceKey',
      handler(call) {
        const region = call.query.get('region')
        if (region === null) throw badRequest('[region] Missing required parameter')
        // `EU_WEST_RBX` is no region any more since the change of case (ovh/terraform-provider-ovh issue 773).
        if (!regionId.safeParse(region).success) {
          throw badRequest(`[region] Accepted values: ${regionId.options.join(', ')}`)
        }
        return pageInOrder(call, 'service key kinds', referenceOfKeys())
      },
    }),
  ]
}
