/**
 * `/v1/dedicatedCloud`: the Private Clouds of the account (OVHcloud API v1 schema, `dedicatedCloud.dedicatedCloudWithIAM`).
 * Only the list and the service itself so far.
 */
import { notFound } from '../refusal.js'
import { type Route, route } from '../router.js'
import { type PrivateCloud, privateCloudUrn, type World } from '../world.js'

export function dedicatedCloudRoutes(world: World): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/dedicatedCloud',
      iam: ['pccVMware:apiovh:get'],
      handler: () => [...world.privateClouds.keys()],
    }),
    route({
      method: 'GET',
      path: '/v1/dedicatedCloud/{serviceName}',
      iam: ['pccVMware:apiovh:get'],
      handler({ params }) {
        const cloud = world.privateClouds.get(params.serviceName!)
        if (cloud === undefined) throw notFound()
        return encode(cloud)
      },
    }),
  ]
}

function encode({ serviceName, description, location, iamId }: PrivateCloud): Record<string, unknown> {
  const webInterfaceUrl = `https://${serviceName}.example.org/`
  return {
    serviceName,
    description,
    location,
    state: 'delivered',
    advancedSecurity: false,
    bandwidth: '1000',
    billingType: 'monthly',
    canMigrateToVCD: false,
    certifiedInterfaceUrl: `${webInterfaceUrl}certified/`,
    commercialRange: 'essentials',
    generation: '2.0',
    managementInterface: 'vcsa',
    productReference: 'EPCC',
    servicePackName: null,
    spla: false,
    sslV3: null,
    userAccessPolicy: 'open',
    userLimitConcurrentSession: 0,
    userLogoutPolicy: 'last',
    userSessionTimeout: 0,
    vScopeUrl: `${webInterfaceUrl}vscope/`,
    version: { major: '8.0', minor: 'U3', build: '24022510' },
    webInterfaceUrl,
    iam: { id: iamId, urn: privateCloudUrn(serviceName), displayName: description, tags: {}, state: 'OK' },
  }
}
