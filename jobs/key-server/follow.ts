/** Following what OVHcloud does after a write: the task and the key server's own state, whichever says first how it went. */
import { BotError, type JobContext, lines, type PrivateCloudPort, taskGroup } from '../../src/core/index.js'
import type { Measured } from './measure.js'

export interface Registered {
  /** `null` until the key server is in the list. */
  kmsId: number | null
  taskId: number | null
}

export interface Progress {
  kmsId: number | null
  /** `waits`: OVHcloud waits for the key provider in vCenter. */
  state: 'open' | 'waits' | 'works'
}

/** One look. Accepts both orders that OVHcloud's pages tell: delivered before vCenter is set up, or after it. */
export async function lookAtKeyServer(
  cloud: string,
  ip: string,
  { kmsId, taskId }: Registered,
  privateCloud: PrivateCloudPort,
): Promise<Progress> {
  const [entry, task] = await Promise.all([
    kmsId === null
      ? privateCloud.keyServers(cloud).then(all => all.find(one => one.ip === ip) ?? null)
      : privateCloud.keyServer(cloud, kmsId),
    taskId === null ? null : privateCloud.task(cloud, taskId),
  ])
  const found = entry?.kmsId ?? kmsId
  if (entry?.state === 'delivered') return { kmsId: found, state: 'open' }
  const group = task ? taskGroup(task.state) : null
  if (group === 'ended-badly' || entry?.state === 'error') {
    const why = task?.description ? `: ${task.description}` : ''
    throw new BotError('state.conflict', `OVHcloud ended it with ${task?.state ?? 'an error'}${why}.`, {
      hint: 'Whoever administers the Private Cloud can look at the task in the OVHcloud console.',
    })
  }
  if (group === 'ended-well') return { kmsId: found, state: 'open' }
  // Without its task nobody knows whether it waits: the steps are told in any case.
  return { kmsId: found, state: taskId === null || task?.waitsForCustomer ? 'waits' : 'works' }
}

/** What whoever administers vCenter does meanwhile (OVHcloud guide "Enabling VM encryption with OKMS for VMware on OVHcloud"). */
export async function tellChecklist(
  job: Pick<JobContext<unknown>, 'tell' | 'thread'>,
  { host, port }: Measured,
): Promise<void> {
  await job.tell(
    'checklist',
    job.thread,
    lines(
      '⏳ OVHcloud waits for the key provider in vCenter. Steps for whoever administers vCenter:',
      `1 Configure › Security › Key Providers › Add › Standard: ${host}, port ${port}`,
      '2 Trust the KMS',
      '3 Make the KMS trust vCenter: New CSR, then /okms credential vcenter 365d csr:<paste>',
      '4 Upload the signed certificate; the provider shows Connected',
    ),
  )
}
