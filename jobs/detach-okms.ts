/** Takes a key server away from a Private Cloud: shown, approved, looked at again, done once, followed until it is gone. */
import { z } from 'zod'
import { BotError, choose, code, defineJob, defineRead, type Ending, lines, say } from '../src/core/index.js'
import { describeEnd } from './asking/decision.js'
import { okmsFacts } from './key-server/measure.js'
import { okmsBehind } from './key-server/okms-behind.js'
import { removeKeyServer } from './key-server/remove.js'

export const detachInput = z.object({
  cloud: z.string(),
  kmsId: z.number(),
  ip: z.string(),
  sslThumbprint: z.string(),
  okmsId: z.string().nullable(),
  /** Ids and names of every OKMS behind it, for the rules of the policy; `null`: nobody knows, so every rule holds. */
  okms: z.array(z.string()).nullable(),
  reason: z.string(),
  /** Whose approval rule holds: undoing an attach goes by that of attaching. */
  rule: z.enum(['cloud:detach', 'cloud:attach']),
})
export type DetachInput = z.infer<typeof detachInput>

/** The key server as it is now becomes the plan. */
export const planDetach = defineRead({
  name: 'plan-detach',
  input: z.object({
    cloud: z.string(),
    kmsId: z.number(),
    reason: z.string(),
    rule: detachInput.shape.rule.optional(),
  }),

  async run({ input, privateCloud, okms, probe, ledger, signal }): Promise<DetachInput> {
    const clouds = (await privateCloud.list(signal)).map(name => ({ id: name, name }))
    const cloud = choose(clouds, input.cloud, 'Private Cloud', '/okms clouds').id
    const registered = await privateCloud.keyServers(cloud, signal)
    const entry = registered.find(({ kmsId }) => kmsId === input.kmsId)
    if (!entry) {
      throw new BotError('input.not-found', `${cloud} has no key server ${input.kmsId}.`, {
        hint:
          registered.length === 0
            ? 'It has none at all.'
            : `It has: ${registered.map(({ kmsId, ip }) => `${kmsId} (${ip})`).join(', ')}.`,
      })
    }
    const { kmsId, ip, sslThumbprint } = entry
    const behind = await okmsBehind({ okms, probe, ledger, signal }, cloud, entry)
    return {
      cloud,
      kmsId,
      ip,
      sslThumbprint,
      okmsId: behind?.id ?? null,
      okms: behind && okmsFacts(behind.all),
      reason: input.reason,
      rule: input.rule ?? 'cloud:detach',
    }
  },
})

export const detachOkms = defineJob({
  name: 'detach-okms',
  input: detachInput,
  title: ({ cloud, kmsId }) => `Detach key server ${kmsId} from ${cloud}`,

  async run(job): Promise<Ending> {
    const { input, step, privateCloud } = job
    const { cloud, kmsId, ip, sslThumbprint, okms, reason } = input

    const decision = await step.approval('Wait for approval', {
      plan: { cloud, kmsId, ip, sslThumbprint },
      permission: input.rule,
      facts: { cloud: [cloud], ...(okms === null ? {} : { okms }) },
      shows: [
        ...(reason === '' ? [] : [{ label: 'Why', value: reason }]),
        { label: 'Key server', value: say`${kmsId} at ${code(ip)}` },
        {
          label: 'Means',
          value: 'Encrypted VMs cannot fetch keys from it any more; one that restarts may stay locked.',
        },
        { label: 'Calls', value: `DELETE /v1/dedicatedCloud/${cloud}/vmEncryption/kms/${kmsId}` },
      ],
    })
    const refused = describeEnd(decision, 'Nothing was removed.')
    if (refused) return refused

    const now = await step('Look at it again', async () => {
      const entry = await privateCloud.keyServer(cloud, kmsId)
      return entry && { ip: entry.ip, sslThumbprint: entry.sslThumbprint }
    })
    if (now && (now.ip !== ip || now.sslThumbprint !== sslThumbprint)) {
      return {
        outcome: 'stopped',
        lines: [`Key server ${kmsId} has changed while you were deciding. Nothing was removed.`],
      }
    }
    await removeKeyServer(job, cloud, kmsId, { remove: 'Remove the key server', follow: 'Follow OVHcloud' })
    await step('Forget the key server', async () => {
      await job.ledger.forgetKeyServer(cloud, kmsId)
      await job.tell('removed', job.thread, lines(`✅ Key server ${kmsId} is removed.`))
    })
    return { outcome: 'done', lines: [`Key server ${kmsId} (${ip}) is removed from ${cloud}.`] }
  },
})
