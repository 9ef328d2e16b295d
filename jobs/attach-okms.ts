/**
 * Registers an OKMS as the key server of a Private Cloud: measured by the bot, approved by somebody else, measured again, done
 * once, followed until OVHcloud says that it is open.
 */
import { z } from 'zod'
import {
  type AskedApproval,
  BotError,
  choose,
  code,
  defineJob,
  defineRead,
  type Ending,
  instant,
  type JobContext,
  lines,
  say,
} from '../src/core/index.js'
import { describeEnd } from './asking/decision.js'
import { compareWithRegistered } from './key-server/compare.js'
import {
  distrusted,
  fingerprintOf,
  type Measured,
  measureOkms,
  okmsFacts,
  sameToCloud,
} from './key-server/measure.js'
import { registerKeyServer } from './key-server/register.js'

export const attachInput = z.object({
  cloud: z.string(),
  okmsId: z.string(),
  okmsName: z.string(),
  reason: z.string(),
  description: z.string(),
})
export type AttachInput = z.infer<typeof attachInput>

/** Names become ids before anything starts, so that a wrong one is answered at once. */
export const planAttach = defineRead({
  name: 'plan-attach',
  input: z.object({ cloud: z.string(), okms: z.string(), reason: z.string(), description: z.string() }),

  async run({ input, okms, privateCloud, signal }): Promise<AttachInput> {
    const clouds = (await privateCloud.list(signal)).map(name => ({ id: name, name }))
    const cloud = choose(clouds, input.cloud, 'Private Cloud', '/okms clouds').id
    const chosen = choose(await okms.list(signal), input.okms, 'OKMS', '/okms list')
    const { reason, description } = input
    return { cloud, okmsId: chosen.id, okmsName: chosen.name, reason, description }
  },
})

export const attachOkms = defineJob({
  name: 'attach-okms',
  input: attachInput,
  title: ({ cloud, okmsName }) => `Attach ${okmsName} to ${cloud}`,
  failed: ({ cloud, okmsName }) => ({
    lines: [say`Ask again: ${code(`/okms attach ${cloud} ${okmsName}`)}`],
  }),

  async run(job): Promise<Ending> {
    const { input, step } = job
    const { cloud, okmsId, okmsName, description } = input

    const measured = await step('Measure the key server', () => measureOkms(okmsId, job), {
      note: fingerprintOf,
    })
    const found = await step(
      'Compare with what is registered',
      () => compareWithRegistered(job, cloud, measured),
      {
        note: ({ missing, same }) => `${same.length} registered, ${missing.length} missing`,
      },
    )
    if (found.stuck.length > 0) return sayStuck(job, found.stuck)
    if (found.changed.length > 0) return proposeRepair(job, found.changed)
    if (found.missing.length === 0) {
      return { outcome: 'done', lines: [`${okmsName} is attached to ${cloud} already. Nothing was done.`] }
    }

    const decision = await step.approval('Wait for approval', requestOf(input, measured, found.missing))
    const refused = describeEnd(decision, 'Nothing was registered.')
    if (refused) return refused
    const why = distrusted(measured)
    // Nobody else has looked at it.
    if (decision.state === 'not-needed' && why !== null) return stopForDistrust(why, 'registered')

    const again = await step('Measure again', () => measureOkms(okmsId, job), {
      note: now => (sameToCloud(now, measured) ? 'unchanged' : 'changed'),
    })
    if (!sameToCloud(again, measured)) return stopForChange(job, measured, again)
    await step('Tell the thread', () =>
      job.tell('measured-again', job.thread, lines('✅ Measured again: unchanged.')),
    )

    const missing = measured.addresses.filter(({ ip }) => found.missing.includes(ip))
    const kmsIds: number[] = []
    let waiting = false
    for (const [i, address] of missing.entries()) {
      const nth = missing.length === 1 ? '' : ` (${i + 1} of ${missing.length})`
      const { kmsId, end } = await registerKeyServer(
        job,
        { cloud, okmsId, description },
        measured,
        address,
        nth,
      )
      if (kmsId !== null) kmsIds.push(kmsId)
      waiting ||= end === 'waiting'
    }
    const names = kmsIds.join(', ')
    const which = names === '' ? 'The key server' : `Key server ${names}`
    return {
      outcome: waiting ? 'stopped' : 'done',
      lines: [
        waiting
          ? `${which} is registered; OVHcloud still waits for the key provider in vCenter.`
          : `${which} is delivered.`,
        ...(waiting ? [] : [say`${code('Undo')} works for 30 min.`]),
      ],
      ...(names === '' ? {} : { buttons: [{ press: 'undo-attach', label: 'Undo', subject: job.runId }] }),
      facts: { cloud, kmsIds: names },
    }
  },
})

function requestOf(input: AttachInput, measured: Measured, missing: readonly string[]): AskedApproval {
  const { cloud, okmsId, okmsName, reason, description } = input
  const addresses = measured.addresses.filter(({ ip }) => missing.includes(ip))
  const others = measured.okms.filter(({ id }) => id !== okmsId).map(({ name }) => name)
  const calls = addresses.map(({ ip, sha1 }) => ({ ip, sslThumbprint: sha1, description }))
  return {
    plan: { cloud, okmsId, calls },
    permission: 'cloud:attach',
    facts: { cloud: [cloud], okms: [okmsId, okmsName, ...okmsFacts(measured.okms)] },
    shows: [
      ...(reason === '' ? [] : [{ label: 'Why', value: reason }]),
      ...addresses.flatMap(({ ip, sha1, trusted, distrust, notAfter }) => [
        { label: 'Address', value: say`${code(ip)} (${measured.host}:${measured.port})` },
        {
          label: 'Thumbprint',
          value: say`${code(sha1)} SHA-1 · ${
            trusted === null
              ? 'not verified: no CA is published'
              : trusted
                ? "verified with the OKMS's own CA"
                : `NOT verified: ${distrust}`
          } · valid until ${instant(notAfter, 'day')}`,
        },
      ]),
      ...(addresses.length > 1
        ? [{ label: 'Key servers', value: `${addresses.length}: one for each address of ${measured.host}` }]
        : []),
      ...(others.length > 0
        ? [
            {
              label: 'Shared',
              value: `The endpoint belongs to the region: ${others.join(', ')} answers there too.`,
            },
          ]
        : []),
      {
        label: 'Calls',
        value: `${addresses.length} × POST /v1/dedicatedCloud/${cloud}/vmEncryption/kms {ip, sslThumbprint, description}`,
      },
    ],
  }
}

/** OVHcloud has not made one of them, or is taking it away. */
function sayStuck(job: JobContext<AttachInput>, stuck: readonly { kmsId: number; state: string }[]): Ending {
  const [first] = stuck
  if (!first) throw new BotError('bug', 'Nothing is stuck.')
  return {
    outcome: 'stopped',
    lines: [
      `${job.input.cloud} has key server ${first.kmsId} for this address, and OVHcloud says that it is ${first.state}. Nothing was registered.`,
      say`Once it is gone (${code(`/okms detach ${job.input.cloud} ${first.kmsId}`)}), ask again.`,
    ],
  }
}

/** A certificate that may be anybody's needs a second look, and the policy asks for none. */
export const stopForDistrust = (why: string, done: string): Ending => ({
  outcome: 'stopped',
  lines: [
    `The certificate is not vouched for by the OKMS's own CA (${why}), and nobody has to approve this. Nothing was ${done}.`,
    'Look at the address, or have the policy ask somebody to approve it.',
  ],
})

/** The address is registered with another thumbprint: that is a repair, with a plan of its own. */
function proposeRepair(
  job: JobContext<AttachInput>,
  changed: readonly { kmsId: number; ip: string; sslThumbprint: string }[],
): Ending {
  const [first] = changed
  if (!first) throw new BotError('bug', 'Nothing has changed.')
  return {
    outcome: 'stopped',
    lines: [
      `${job.input.cloud} trusts another thumbprint for ${first.ip}: ${first.sslThumbprint}.`,
      say`Nothing was registered. ${code(`/okms repair ${job.input.cloud} ${first.kmsId}`)} gives key server ${first.kmsId} the one it has now.`,
    ],
    buttons: [{ press: 'repair', label: 'Repair', subject: `${job.input.cloud}/${first.kmsId}` }],
  }
}

async function stopForChange(
  job: JobContext<AttachInput>,
  approved: Measured,
  now: Measured,
): Promise<Ending> {
  const said = `❌ The certificate changed while you were deciding. Approved: ${fingerprintOf(approved)}. Now: ${fingerprintOf(now)}. Nothing was registered.`
  await job.step('Tell what changed', () => job.tell('changed', job.thread, lines(said)))
  return {
    outcome: 'stopped',
    lines: [said],
    buttons: [{ press: 'attach-again', label: 'Ask again with the new one', subject: job.runId }],
  }
}
