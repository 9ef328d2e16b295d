/** `/v1/dedicatedCloud/{serviceName}/user` (OVHcloud API v1 schema, `dedicatedCloud.User`). None can be made or removed here. */
import { userChange } from '../cloud-schemas.js'
import { encodeTask } from '../cloud-tasks.js'
import { encodeUser, type PrivateCloud } from '../private-clouds.js'
import { type Route, route } from '../router.js'
import { isLike, readLong } from '../v1.js'
import type { World } from '../world.js'

const LIST = '/v1/dedicatedCloud/{serviceName}/user'
const ONE = `${LIST}/{userId}`

export function dedicatedCloudUserRoutes({ account, cloudTasks, privateClouds }: World): Route[] {
  /** Whatever is due has happened to them. */
  const settled = (cloud: PrivateCloud) => {
    cloudTasks.settle(cloud.serviceName)
    return cloud
  }
  return [
    route({
      method: 'GET',
      path: LIST,
      iam: ['pccVMware:apiovh:user/get'],
      handler({ params, query }) {
        const { users } = privateClouds.get(params.serviceName!)
        const name = query.get('name')
        return users.filter(user => name === null || isLike(user.name, name)).map(({ userId }) => userId)
      },
    }),
    route({
      method: 'GET',
      path: ONE,
      iam: ['pccVMware:apiovh:user/get'],
      handler({ params }) {
        const cloud = settled(privateClouds.get(params.serviceName!))
        return encodeUser(privateClouds.user(cloud, readLong('userId', params.userId!)), cloud.serviceName)
      },
    }),
    route({
      method: 'POST',
      path: `${ONE}/changeProperties`,
      iam: ['pccVMware:apiovh:user/changeProperties'],
      body: userChange,
      handler({ params, body }) {
        const cloud = settled(privateClouds.writable(params.serviceName!))
        const user = privateClouds.user(cloud, readLong('userId', params.userId!))
        return encodeTask(privateClouds.changeUser(cloud, user, body), account.nichandle)
      },
    }),
  ]
}
