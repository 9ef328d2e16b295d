/** The part of the control endpoint that is about Private Clouds: states of their own, of their key servers and their tasks. */
import { z } from 'zod'
import { KEY_SERVER_STATES, PRIVATE_CLOUD_STATES, TASK_STATES } from './cloud-schemas.js'
import { isEnded } from './cloud-tasks.js'
import { badRequest } from './refusal.js'
import type { World } from './world.js'

export const cloudControls = {
  /** `doing` lets a stopped one go on; see cloud-tasks.ts, `override`. */
  task: z
    .strictObject({
      id: z.int(),
      state: z.enum(TASK_STATES).optional(),
      description: z.string().optional(),
    })
    .optional(),
  privateCloud: z
    .strictObject({
      serviceName: z.string(),
      state: z.enum(PRIVATE_CLOUD_STATES).optional(),
      /** Until a task changes it: a key server may be `delivered` while its task still waits. `ip`: as if it had been registered there. */
      keyServer: z
        .strictObject({
          kmsId: z.int(),
          state: z.enum(KEY_SERVER_STATES).optional(),
          ip: z.ipv4().optional(),
        })
        .optional(),
    })
    .optional(),
}
export type CloudControls = z.output<z.ZodObject<typeof cloudControls>>

/**
 * Checks now; the function it answers does it.
 *
 * @throws Refusal 400 that names what is wrong
 */
export function planCloudChanges(
  { cloudTasks, privateClouds, keyServers }: World,
  wish: CloudControls,
): () => void {
  const changes: (() => void)[] = []
  if (wish.task !== undefined) {
    const { id, state, description } = wish.task
    const task = cloudTasks.find(id)
    if (task === null) throw badRequest(`[task.id] There is no task ${id}`)
    if (isEnded(task)) throw badRequest(`[task.id] The task ${id} has ended: ${task.state}`)
    changes.push(() =>
      cloudTasks.override(task, {
        ...(state === undefined ? {} : { state }),
        ...(description === undefined ? {} : { description }),
      }),
    )
  }
  if (wish.privateCloud !== undefined) {
    const { serviceName, state, keyServer } = wish.privateCloud
    const cloud = privateClouds.find(serviceName)
    if (cloud === null) throw badRequest(`[privateCloud.serviceName] There is no ${serviceName}`)
    changes.push(() => {
      cloud.state = state ?? cloud.state
    })
    if (keyServer !== undefined) {
      const record = keyServers.find(serviceName, keyServer.kmsId)
      if (record === null) throw badRequest(`[privateCloud.keyServer.kmsId] There is no ${keyServer.kmsId}`)
      changes.push(() => {
        record.state = keyServer.state ?? record.state
        record.ip = keyServer.ip ?? record.ip
      })
    }
  }
  return () => {
    for (const change of changes) change()
  }
}
