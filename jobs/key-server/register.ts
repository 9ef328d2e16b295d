/** Registering one measured address as a key server, once: OVHcloud has no idempotency key, so a mark in the description is looked for. */
import {
  type Attempt,
  BotError,
  formatDuration,
  type JobContext,
  type Kept,
  kept,
  lines,
} from '../../src/core/index.js'
import { lookAtKeyServer, type Registered, tellChecklist } from './follow.js'
import type { Measured, MeasuredAddress } from './measure.js'

/** A task that waits for vCenter is followed for so long, then said to be still waiting. */
const FOLLOW_FOR = '7d'

export interface Registering {
  cloud: string
  okmsId: string
  description: string
}

type Job = Pick<
  JobContext<unknown>,
  'step' | 'runId' | 'privateCloud' | 'ledger' | 'tell' | 'thread' | 'clock' | 'log'
>

/**
 * Registers and follows, with the steps that show it. `nth`: ` (2 of 3)` where there are several, since titles are unique.
 * @returns `waiting`: OVHcloud still waits for vCenter
 */
export async function registerKeyServer(
  job: Job,
  { cloud, okmsId, description }: Registering,
  measured: Measured,
  address: MeasuredAddress,
  nth: string,
): Promise<{ kmsId: number | null; end: 'open' | 'waiting' }> {
  const registered = await job.step(
    `Register the key server${nth}`,
    attempt => register(job, cloud, address, description, attempt),
    {
      looksFirst: true,
      note: ({ taskId, kmsId }) =>
        [
          kmsId === null ? '' : `key server ${kmsId}`,
          taskId === null ? 'found again' : `OVHcloud task ${taskId}`,
        ]
          .filter(Boolean)
          .join(', '),
      undo: () => unregister(job, cloud, address),
      undoInDoubt: () => unregister(job, cloud, address),
    },
  )
  const followed = await job.step.until<{ kmsId: number | null; end: 'open' | 'waiting' }>(
    `Follow OVHcloud${nth}`,
    {
      every: '2s',
      growingTo: '5m',
      atMost: FOLLOW_FOR,
      waitsFor: 'vendor',
      note: ({ end }) => (end === 'open' ? 'delivered' : `still waiting after ${FOLLOW_FOR}`),
      tooLong: async () => ({ kmsId: registered.kmsId, end: 'waiting' }),
    },
    async ({ waitedMs }) => {
      const { kmsId, state } = await lookAtKeyServer(cloud, address.ip, registered, job.privateCloud)
      if (state === 'open') return { kmsId, end: 'open' }
      if (state === 'waits') {
        await tellChecklist(job, measured)
        job.log.debug('waits for vCenter', { cloud, waited: formatDuration(waitedMs) })
      }
      return undefined
    },
  )
  await job.step(`Remember the key server${nth}`, async () => {
    if (followed.kmsId === null) return
    const { host, port } = measured
    await job.ledger.rememberKeyServer({ cloud, kmsId: followed.kmsId, okmsId, host, port })
    const said =
      followed.end === 'open'
        ? `✅ Key server ${followed.kmsId} is delivered.`
        : `⏳ Key server ${followed.kmsId} still waits.`
    await job.tell(`delivered${nth}`, job.thread, lines(said))
  })
  return followed
}

const markOf = (runId: string) => `[okms-bot ${runId}.`

async function register(
  { privateCloud, runId }: Job,
  cloud: string,
  { ip, sha1 }: MeasuredAddress,
  description: string,
  { again }: Attempt,
): Promise<Registered> {
  const mark = `${markOf(runId)}1]`
  const find = async () => {
    const mine = (await privateCloud.keyServers(cloud)).filter(one => one.description.includes(markOf(runId)))
    return mine.find(one => one.ip === ip) ?? null
  }
  if (again) {
    const found = await find()
    // Which of the Private Cloud's tasks is ours nobody tells; the key server's own state says how it goes.
    if (found) return { kmsId: found.kmsId, taskId: null }
  }
  const { taskId } = await privateCloud.addKeyServer(cloud, {
    ip,
    sslThumbprint: sha1,
    description: description === '' ? mark : `${description} ${mark}`,
  })
  return { kmsId: (await find())?.kmsId ?? null, taskId }
}

/** One that is delivered may be in use by now: it goes by the rule for detaching, or not at all. */
async function unregister(
  { privateCloud, runId }: Job,
  cloud: string,
  { ip }: MeasuredAddress,
): Promise<Kept | undefined> {
  const entries = await privateCloud.keyServers(cloud)
  const mine = entries.filter(one => one.ip === ip && one.description.includes(markOf(runId)))
  const staying = (why: string, kmsId: number) =>
    kept(`kept: ${why}; /okms detach ${cloud} ${kmsId} takes it away`)
  for (const { kmsId, state } of mine) {
    if (state === 'delivered') return staying('it is delivered', kmsId)
    try {
      await privateCloud.removeKeyServer(cloud, kmsId)
    } catch (thrown) {
      if (BotError.from(thrown).code !== 'ovh.conflict') throw thrown
      return staying('OVHcloud is at work on it and does not remove it now. Once that is over', kmsId)
    }
  }
  return undefined
}
