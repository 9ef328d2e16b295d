/** /okms attach pcc-192-0-2-10 prod-kms */
import { attachOkms, planAttach } from '../jobs/attach-okms.js'
import { detachOkms, planDetach } from '../jobs/detach-okms.js'
import { BotError, defineCommand, definePress, option, parseDuration, personOf } from '../src/core/index.js'

const UNDO_WITHIN_MS = parseDuration('30m')

export default defineCommand({
  name: 'attach',
  summary: 'Register an OKMS as the key server of a Private Cloud',
  options: {
    cloud: option.cloud('The Private Cloud, such as pcc-192-0-2-10'),
    okms: option.okms('The OKMS'),
    reason: option.text('Why, for those who approve', { maxLength: 300 }).optional(),
    description: option.text('What OVHcloud shows beside the key server', { maxLength: 100 }).optional(),
  },
  requires: 'cloud:attach',
  answers: 'publicly',
  examples: ['/okms attach pcc-192-0-2-10 prod-kms reason:"encrypt the finance VMs"'],

  async run({ options: { cloud, okms, reason = '', description = '' }, ask, start, reply }) {
    const input = await ask(planAttach, { cloud, okms, reason, description })
    await reply.follow(await start(attachOkms, input))
  },
})

export const presses = [
  definePress({
    name: 'attach-again',
    requires: 'cloud:attach',
    async run({ subject, run, ask, start, reply }) {
      const before = attachOkms.input.safeParse((await run(subject))?.input)
      if (!before.success)
        throw new BotError('input.not-found', 'What was asked for then is not known any more.')
      const { cloud, okmsId, reason, description } = before.data
      const input = await ask(planAttach, { cloud, okms: okmsId, reason, description })
      await reply.follow(await start(attachOkms, input))
    },
  }),
  definePress({
    name: 'undo-attach',
    requires: null,
    async run({ subject, run, actor, may, now, ask, start, reply }) {
      const attached = await run(subject)
      const { cloud, kmsIds } = attached?.ending?.facts ?? {}
      if (!attached || typeof cloud !== 'string' || typeof kmsIds !== 'string') {
        throw new BotError('input.not-found', 'There is nothing to undo here.')
      }
      const isTheirs = personOf(attached.requester) === personOf(actor) && may('cloud:attach')
      if (!isTheirs && !may('approve')) {
        throw new BotError('access.denied', 'Undo is for the one who asked and for those who may approve.')
      }
      if (now() - (attached.endedAtMs ?? 0) > UNDO_WITHIN_MS) {
        throw new BotError('state.conflict', 'Undo worked for 30 min after the end.', {
          hint: `/okms detach ${cloud} ${kmsIds.split(', ')[0]} does the same.`,
        })
      }
      for (const kmsId of kmsIds.split(', ')) {
        const reason = `undo of run ${subject}`
        const input = await ask(planDetach, { cloud, kmsId: Number(kmsId), reason, rule: 'cloud:attach' })
        await reply.follow(await start(detachOkms, input))
      }
    },
  }),
]
