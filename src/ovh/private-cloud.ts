/** VMware on OVHcloud over the API: implements ports/private-cloud.ts on `/v1/dedicatedCloud`. Rights: rights.ts. */
import type { z } from 'zod'

import type { PrivateCloudPort } from '../core/ports/private-cloud.js'
import { type OvhClient, type OvhRequest, segment } from './client.js'
import { foundOrNull, isCode } from './missing.js'
import {
  encryption,
  ids,
  keyServer,
  names,
  privateCloud,
  task,
  taskOfChange,
  user,
} from './private-cloud-schema.js'

/** Details of v1 lists are one call each; this many go at once. */
const CALLS_AT_ONCE = 4

export function createPrivateCloud(client: OvhClient): PrivateCloudPort {
  const cloudPath = (serviceName: string) => `/v1/dedicatedCloud/${segment(serviceName)}`
  const encryptionPath = (serviceName: string) => `${cloudPath(serviceName)}/vmEncryption`
  const keyServersPath = (serviceName: string) => `${encryptionPath(serviceName)}/kms`
  const keyServerPath = (serviceName: string, kmsId: number) => `${keyServersPath(serviceName)}/${kmsId}`
  const tasksPath = (serviceName: string) => `${cloudPath(serviceName)}/task`
  const taskPath = (serviceName: string, taskId: number) => `${tasksPath(serviceName)}/${taskId}`
  const usersPath = (serviceName: string) => `${cloudPath(serviceName)}/user`

  async function data<T>(request: OvhRequest<T>): Promise<T> {
    return (await client.request(request)).data
  }

  /** Ids first, then each by its own call. */
  async function each<T>(path: string, item: z.ZodType<T>, signal: AbortSignal | undefined): Promise<T[]> {
    const found = await data({ method: 'GET', path, schema: ids, signal })
    const items = await inOrder(found, id =>
      foundOrNull(client.request({ method: 'GET', path: `${path}/${id}`, schema: item, signal })),
    )
    return items.filter(one => one !== null)
  }

  const port: PrivateCloudPort = {
    list: signal => data({ method: 'GET', path: '/v1/dedicatedCloud', schema: names, signal }),

    async show(serviceName, signal) {
      const [cloud, state] = await Promise.all([
        foundOrNull(
          client.request({ method: 'GET', path: cloudPath(serviceName), schema: privateCloud, signal }),
        ),
        foundOrNull(
          client.request({ method: 'GET', path: encryptionPath(serviceName), schema: encryption, signal }),
        ),
      ])
      return cloud && { ...cloud, encryption: state ?? 'unknown' }
    },

    encryption: (serviceName, signal) =>
      data({ method: 'GET', path: encryptionPath(serviceName), schema: encryption, signal }),

    keyServers: (serviceName, signal) => each(keyServersPath(serviceName), keyServer, signal),

    keyServer: (serviceName, kmsId, signal) =>
      foundOrNull(
        client.request({
          method: 'GET',
          path: keyServerPath(serviceName, kmsId),
          schema: keyServer,
          signal,
        }),
      ),

    addKeyServer: (serviceName, { ip, sslThumbprint, description }, signal) =>
      data({
        method: 'POST',
        path: keyServersPath(serviceName),
        body: { ip, sslThumbprint, description },
        schema: task,
        signal,
      }),

    changeKeyServer: (serviceName, kmsId, { sslThumbprint, description }, signal) =>
      data({
        method: 'POST',
        path: `${keyServerPath(serviceName, kmsId)}/changeProperties`,
        body: { sslThumbprint, ...(description === undefined ? {} : { description }) },
        schema: taskOfChange,
        signal,
      }),

    async removeKeyServer(serviceName, kmsId, signal) {
      const path = keyServerPath(serviceName, kmsId)
      try {
        return await data({ method: 'DELETE', path, schema: task, signal })
      } catch (thrown) {
        if (isCode(thrown, 'ovh.not-found')) return 'gone'
        if (!isCode(thrown, 'ovh.conflict')) throw thrown
        // Refused for its state: perhaps because somebody's DELETE, ours included, came first.
        const now = await port.keyServer(serviceName, kmsId, signal)
        if (now === null) return 'gone'
        if (now.state === 'toDelete' || now.state === 'deleting') return 'removing'
        throw thrown
      }
    },

    task: (serviceName, taskId, signal) =>
      foundOrNull(
        client.request({ method: 'GET', path: taskPath(serviceName, taskId), schema: task, signal }),
      ),

    tasks: (serviceName, filter = {}, signal) =>
      data({ method: 'GET', path: tasksPath(serviceName), query: { ...filter }, schema: ids, signal }),

    resetTask: (serviceName, taskId, reason, signal) =>
      data({
        method: 'POST',
        path: `${taskPath(serviceName, taskId)}/resetTaskState`,
        body: { reason },
        schema: task,
        signal,
      }),

    users: (serviceName, signal) => each(usersPath(serviceName), user, signal),
  }
  return port
}

/** `look` for every item, `CALLS_AT_ONCE` at a time, results in the items' order. The first failure ends it. */
async function inOrder<I, T>(items: readonly I[], look: (item: I) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  const waiting = items.entries()
  let failed = false
  const work = async () => {
    for (const [index, item] of waiting) {
      if (failed) return
      try {
        results[index] = await look(item)
      } catch (thrown) {
        failed = true
        throw thrown
      }
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work))
  return results
}
