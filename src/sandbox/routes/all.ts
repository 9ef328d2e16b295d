/** Every route of the stand-in: one file per area of the API, one line here. */
import type { Route } from '../router.js'
import type { World } from '../world.js'
import { authRoutes } from './auth.js'
import { dedicatedCloudRoutes } from './dedicated-cloud.js'
import { dedicatedCloudEncryptionRoutes } from './dedicated-cloud-encryption.js'
import { dedicatedCloudTaskRoutes } from './dedicated-cloud-task.js'
import { dedicatedCloudUserRoutes } from './dedicated-cloud-user.js'
import { iamRoutes } from './iam.js'
import { meRoutes } from './me.js'
import { meApiRoutes } from './me-api.js'
import { meOrderRoutes } from './me-order.js'
import { oauth2Routes } from './oauth2.js'
import { okmsCredentialRoutes } from './okms-credential.js'
import { okmsReferenceRoutes } from './okms-reference.js'
import { okmsResourceRoutes } from './okms-resource.js'
import { okmsServiceKeyRoutes } from './okms-service-key.js'
import { orderRoutes } from './order.js'

export function allRoutes(world: World): Route[] {
  return [
    authRoutes,
    oauth2Routes,
    meRoutes,
    meApiRoutes,
    iamRoutes,
    okmsReferenceRoutes,
    okmsResourceRoutes,
    okmsCredentialRoutes,
    okmsServiceKeyRoutes,
    dedicatedCloudRoutes,
    dedicatedCloudTaskRoutes,
    dedicatedCloudUserRoutes,
    dedicatedCloudEncryptionRoutes,
    orderRoutes,
    meOrderRoutes,
  ].flatMap(routesOf => routesOf(world))
}
