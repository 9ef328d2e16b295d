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
import { stopForDistrust } from './attach-okms.js'
import { type DetachInput, detachInput, planDetach } from './detach-okms.js'
import { trusts } from './key-server/compare.js'
import { distrusted, fingerprintOf, measureOkms, okmsFacts, sameToCloud } from './key-server/measure.js'
import { registerKeyServer } from './key-server/register.js'
import { removeKeyServer } from './key-server/remove.js'

const repairInput = detachInput.extend({ okmsId: z.string() })

/** The key server, and the OKMS behind it: as the bot registered it, else by its address. */
export const planRepair = defineRead({
  name: 'plan-repair',
  input: planDetach.input,

  async run(context): Promise<DetachInput & { okmsId: string }> {
    const found = await planDetach.run(context)
    const { okmsId } = found
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
    if (live && trusts({ sslThumbprint }, live)) {
      return {
        outcome: 'done',
        lines: [`Key server ${kmsId} trusts what ${measured.host} shows. Nothing was done.`],
      }
    }
    if (measured.addresses.length === 0) {
      throw new BotError('endpoint.unreachable', `${measured.host} has no IPv4 address.`)
    }
    const taken = await step('Look which addresses are registered', async () =>
      (await privateCloud.keyServers(cloud)).filter(one => one.kmsId !== kmsId).map(one => one.ip),
    )
    const replacement = live ?? measured.addresses.find(address => !taken.includes(address.ip))
    if (!replacement) {
      return {
        outcome: 'stopped',
        lines: [
          `Every address of ${measured.host} has a key server of its own already, so ${kmsId} at ${ip} is not needed any more.`,
          say`${code(`/okms detach ${cloud} ${kmsId}`)} takes it away.`,
        ],
      }
    }
    const path = `/v1/dedicatedCloud/${cloud}/vmEncryption/kms`
    const why = distrusted(measured)
    const decision = await step.approval('Wait for approval', {
      plan: {
        cloud,
        kmsId,
        from: { ip, sslThumbprint },
        to: { ip: replacement.ip, sslThumbprint: replacement.sha1 },
      },
      permission: 'cloud:attach',
      facts: { cloud: [cloud], okms: [okmsId, ...okmsFacts(measured.okms)] },
      shows: [
        ...(reason === '' ? [] : [{ label: 'Why', value: reason }]),
        { label: 'Trusted', value: say`${code(ip)} ${code(sslThumbprint)}` },
        { label: 'Now', value: say`${code(replacement.ip)} ${code(replacement.sha1)}` },
        ...(why === null ? [] : [{ label: 'Not vouched for', value: why }]),
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
    if (decision.state === 'not-needed' && why !== null) return stopForDistrust(why, 'changed')

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
        if (!entry) throw new BotError('state.conflict', `Key server ${kmsId} is gone: somebody detached it.`)
        if (!trusts(entry, live))
          await privateCloud.changeKeyServer(cloud, kmsId, { sslThumbprint: live.sha1 })
      })
      await step.until(
        'Follow OVHcloud',
        { every: '2s', growingTo: '1m', atMost: '24h', waitsFor: 'vendor', note: () => 'delivered' },
        async () => {
          const entry = await privateCloud.keyServer(cloud, kmsId)
          if (!entry || entry.state === 'error') {
            throw new BotError(
              'state.conflict',
              entry
                ? `OVHcloud says that key server ${kmsId} is in error now.`
                : `Key server ${kmsId} is gone: somebody detached it.`,
            )
          }
          return isHealed(entry, live) ? true : undefined
        },
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
    const { kmsId: newId, end } = await registerKeyServer(
      job,
      { cloud, okmsId, description: '' },
      measured,
      replacement,
      '',
    )
    if (end === 'waiting') {
      return {
        outcome: 'stopped',
        lines: [
          `Key server ${newId ?? ''} at ${replacement.ip} is registered, and OVHcloud still waits for vCenter: the old one, ${kmsId} at ${ip}, stays until then.`,
          say`Once the new one is delivered: ${code(`/okms detach ${cloud} ${kmsId}`)}.`,
        ],
      }
    }
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
