/** Taking a key server away and following it until it is gone. Safe to repeat: one that is gone or going is left alone. */
import type { JobContext } from '../../src/core/index.js'

/** What the two steps are called: titles are unique within a run. */
export interface RemovalTitles {
  remove: string
  follow: string
}

export async function removeKeyServer(
  { step, privateCloud }: Pick<JobContext<unknown>, 'step' | 'privateCloud'>,
  cloud: string,
  kmsId: number,
  titles: RemovalTitles,
): Promise<void> {
  await step(
    titles.remove,
    async () => {
      const removal = await privateCloud.removeKeyServer(cloud, kmsId)
      return typeof removal === 'string' ? null : removal.taskId
    },
    { note: taskId => (taskId === null ? null : `OVHcloud task ${taskId}`) },
  )
  await step.until(
    titles.follow,
    { every: '2s', growingTo: '1m', atMost: '24h', waitsFor: 'vendor', note: () => 'removed' },
    async () => ((await privateCloud.keyServer(cloud, kmsId)) === null ? true : undefined),
  )
}
