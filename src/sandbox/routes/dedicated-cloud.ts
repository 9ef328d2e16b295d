/**
 * `/v1/dedicatedCloud`: the Private Clouds of the account (OVHcloud API v1 schema, `dedicatedCloud.dedicatedCloudWithIAM`). Their tasks,
 * users and VM encryption are in files of their own. The filter `iamTags` is not read.
 */
import type { PrivateCloud } from '../private-clouds.js'
import { type Route, route } from '../router.js'
import { privateCloudUrn, type World } from '../world.js'

export function dedicatedCloudRoutes({ privateClouds, account }: World): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/dedicatedCloud',
      iam: ['pccVMware:apiovh:get'],
      handler: () => privateClouds.names(),
    }),
    route({
      method: 'GET',
      path: '/v1/dedicatedCloud/{serviceName}',
      iam: ['pccVMware:apiovh:get'],
      handler: ({ params }) => encode(privateClouds.get(params.serviceName!)),
    }),
    route({
      method: 'GET',
      path: '/v1/dedicatedCloud/{serviceName}/serviceInfos',
      iam: ['pccVMware:apiovh:serviceInfos/get'],
      handler: ({ params }) => contractOf(privateClouds.get(params.serviceName!), account.nichandle),
    }),
  ]
}

function encode({ serviceName, description, location, state, iamId }: PrivateCloud): Record<string, unknown> {
  const webInterfaceUrl = `https://${serviceName}.example.org/`
  return {
    serviceName,
    description,
    location,
    state,
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

/** `services.Service`; dates are days. */
function contractOf({ seq, serviceName, createdAtMs }: PrivateCloud, nichandle: string): unknown {
  const day = (afterDays: number) =>
    new Date(createdAtMs + afterDays * 24 * 60 * 60 * 1000).toISOString().slice(0, 10)
  return {
    domain: serviceName,
    serviceId: 7_000_000 + seq,
    status: 'ok',
    creation: day(0),
    expiration: day(365),
    engagedUpTo: null,
    canDeleteAtExpiration: true,
    contactAdmin: nichandle,
    contactBilling: nichandle,
    contactTech: nichandle,
    possibleRenewPeriod: [1],
    renewalType: 'automaticV2016',
    renew: { automatic: true, deleteAtExpiration: false, forced: false, manualPayment: false, period: 1 },
  }
}
