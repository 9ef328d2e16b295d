/**
 * Gives a key server the thumbprint that its OKMS shows now; where the address changed, registers the new one and removes the old.
 * Measured by the bot, approved, measured again.
 */
import { z } from 'zod'
import {
  BotError,
  code,
  defineJob,
  defineRead,
  type Ending,
  type KeyServer,
  lines,
  say,
} from '../src/core/index.js'
import { describeEnd } from './asking/decision.js'
import { type DetachInput, detachInput, planDetach } from './detach-okms.js'
import { trusts } from './key-server/compare.js'
import { fingerprintOf, measureOkms, sameToCloud } from './key-server/measure.js'
import { okmsBehind } from './key-server/okms-behind.js'
import { registerKeyServer } from './key-server/register.js'
import { removeKeyServer } from './key-server/remove.js'

const repairInput = detachInput.extend({ okmsId: z.string() })

/** The key server, and the OKMS behind it: as the bot registered it, else by its address. */
export const planRepair = defineRead({
  name: 'plan-repair',
  input: planDetach.input,

  async run(context): Promise<DetachInput & { okmsId: string }> {
    const found = await planDetach.run(context)
    const okmsId = found.okmsId ?? (await okmsBehind(context, found.cloud, found))?.id ?? null
    if (okmsId !== null) return { ...found, okmsId }
    throw new BotError(
      'input.not-found',
      `No OKMS of this account stands behind key server ${found.kmsId} (${found.ip}).`,
      {
        hint: `Detach it, and attach the right one: /okms detach ${found.cloud} ${found.kmsId}`,
      },
    )
  },
})

export const repairKeyServer = defineJob({
  name: 'repair-key-server',
  input: repairInput,
  title: ({ cloud, kmsId }) => `Repair key server ${kmsId} of ${cloud}`,

  async run(job): Promise<Ending> {
    const { input, step, privateCloud } = job
    const { cloud, kmsId, ip, sslThumbprint, okmsId, reason } = input

    const measured = await step('Measure the key server', () => measureOkms(okmsId, job), {
      note: fingerprintOf,
    })
    const live = measured.addresses.find(address => address.ip === ip)
    const [replacement] = measured.addresses
    if (!replacement) throw new BotError('endpoint.unreachable', `${measured.host} has no IPv4 address.`)
    if (live && trusts({ sslThumbprint }, live)) {
      return {
        outcome: 'done',
        lines: [`Key server ${kmsId} trusts what ${measured.host} shows. Nothing was done.`],
      }
    }
    const path = `/v1/dedicatedCloud/${cloud}/vmEncryption/kms`
    const decision = await step.approval('Wait for approval', {
      plan: {
        cloud,
        kmsId,
        from: { ip, sslThumbprint },
        to: { ip: replacement.ip, sslThumbprint: (live ?? replacement).sha1 },
      },
      permission: 'cloud:attach',
      facts: { cloud: [cloud], okms: [okmsId] },
      shows: [
        ...(reason === '' ? [] : [{ label: 'Why', value: reason }]),
        { label: 'Trusted', value: say`${code(ip)} ${code(sslThumbprint)}` },
        { label: 'Now', value: say`${code((live ?? replacement).ip)} ${code((live ?? replacement).sha1)}` },
        {
          label: 'Calls',
          value: live
            ? `POST ${path}/${kmsId}/changeProperties {sslThumbprint}`
            : `POST ${path}, then DELETE ${path}/${kmsId}`,
        },
      ],
    })
    const refused = describeEnd(decision, 'Nothing was changed.')
    if (refused) return refused

    const again = await step('Measure again', () => measureOkms(okmsId, job), {
      note: now => (sameToCloud(now, measured) ? 'unchanged' : 'changed'),
    })
    if (!sameToCloud(again, measured)) {
      const said = `❌ The certificate changed while you were deciding. Approved: ${fingerprintOf(measured)}. Now: ${fingerprintOf(again)}. Nothing was changed.`
      await step('Tell what changed', () => job.tell('changed', job.thread, lines(said)))
      return {
        outcome: 'stopped',
        lines: [said],
        buttons: [{ press: 'repair', label: 'Ask again with the new one', subject: `${cloud}/${kmsId}` }],
      }
    }
    if (live) {
      await step('Change the thumbprint', async () => {
        const entry = await privateCloud.keyServer(cloud, kmsId)
        if (entry && !trusts(entry, live))
          await privateCloud.changeKeyServer(cloud, kmsId, { sslThumbprint: live.sha1 })
      })
      await step.until(
        'Follow OVHcloud',
        { every: '2s', growingTo: '1m', atMost: '24h', waitsFor: 'vendor', note: () => 'delivered' },
        async () => (isHealed(await privateCloud.keyServer(cloud, kmsId), live) ? true : undefined),
      )
      await step('Tell the thread', () =>
        job.tell(
          'healed',
          job.thread,
          lines(`✅ Key server ${kmsId} trusts the certificate of ${measured.host} again.`),
        ),
      )
      // A card about it is closed at once.
      await job.wake('watch')
      return { outcome: 'done', lines: [`Key server ${kmsId} trusts ${live.sha1} now.`] }
    }
    const { kmsId: newId } = await registerKeyServer(
      job,
      { cloud, okmsId, description: '' },
      measured,
      replacement,
      '',
    )
    await removeKeyServer(job, cloud, kmsId, {
      remove: 'Remove the old key server',
      follow: 'Follow the removal',
    })
    await step('Forget the old key server', () => job.ledger.forgetKeyServer(cloud, kmsId))
    await job.wake('watch')
    return {
      outcome: 'done',
      lines: [`Key server ${newId} at ${replacement.ip} stands in for ${kmsId} at ${ip}.`],
    }
  },
})

const isHealed = (entry: KeyServer | null, live: Parameters<typeof trusts>[1]) =>
  entry?.state === 'delivered' && trusts(entry, live)
