/**
 * `/v1/dedicatedCloud/{serviceName}/vmEncryption` (OVHcloud API v1 schema, `dedicatedCloud.VMEncryption` and
 * `dedicatedCloud.VMEncryptionAccessNetwork`). Every change answers a task, as the schema says.
 */
import { keyServerChange, keyServerCreation } from '../cloud-schemas.js'
import { encodeTask, type TaskRecord } from '../cloud-tasks.js'
import { encodeKeyServer, type KeyServerRecord } from '../key-servers.js'
import type { PrivateCloud } from '../private-clouds.js'
import { type Route, route } from '../router.js'
import { readLong } from '../v1.js'
import type { World } from '../world.js'

const ENCRYPTION = '/v1/dedicatedCloud/{serviceName}/vmEncryption'
const LIST = `${ENCRYPTION}/kms`
const ONE = `${LIST}/{kmsId}`

export function dedicatedCloudEncryptionRoutes({ account, keyServers, privateClouds }: World): Route[] {
  const encode = (task: TaskRecord) => encodeTask(task, account.nichandle)
  const find = (cloud: PrivateCloud, kmsId: string): KeyServerRecord =>
    keyServers.get(cloud.serviceName, readLong('kmsId', kmsId))
  return [
    route({
      method: 'GET',
      path: ENCRYPTION,
      iam: ['pccVMware:apiovh:vmEncryption/get'],
      handler: ({ params }) => ({
        state: keyServers.encryptionOf(privateClouds.get(params.serviceName!).serviceName),
      }),
    }),
    route({
      method: 'GET',
      path: LIST,
      iam: ['pccVMware:apiovh:vmEncryption/kms/get'],
      handler: ({ params }) =>
        keyServers.list(privateClouds.get(params.serviceName!).serviceName).map(({ kmsId }) => kmsId),
    }),
    route({
      method: 'POST',
      path: LIST,
      iam: ['pccVMware:apiovh:vmEncryption/kms/create'],
      body: keyServerCreation,
      handler: ({ params, body }) =>
        encode(keyServers.add(privateClouds.writable(params.serviceName!).serviceName, body)),
    }),
    route({
      method: 'GET',
      path: ONE,
      iam: ['pccVMware:apiovh:vmEncryption/kms/get'],
      handler: ({ params }) => encodeKeyServer(find(privateClouds.get(params.serviceName!), params.kmsId!)),
    }),
    route({
      method: 'DELETE',
      path: ONE,
      iam: ['pccVMware:apiovh:vmEncryption/kms/delete'],
      handler: ({ params }) =>
        encode(keyServers.remove(find(privateClouds.writable(params.serviceName!), params.kmsId!))),
    }),
    route({
      method: 'POST',
      path: `${ONE}/changeProperties`,
      iam: ['pccVMware:apiovh:vmEncryption/kms/changeProperties'],
      body: keyServerChange,
      handler: ({ params, body }) =>
        encode(keyServers.change(find(privateClouds.writable(params.serviceName!), params.kmsId!), body)),
    }),
  ]
}
