/**
 * Revokes a credential, for as long as it takes: OVHcloud may refuse while it is being created, or be down. Ends when the
 * credential is being deleted or gone, and never otherwise.
 */
import { z } from 'zod'
import { BotError, defineJob } from '../src/core/index.js'

export const revokeCredential = defineJob({
  name: 'revoke-credential',
  input: z.object({ okmsId: z.string(), credentialId: z.string(), name: z.string() }),
  title: ({ name }) => `Revoke ${name}`,
  card: 'hidden',

  async run({ input, step, okms, ledger, log, tell, requester }) {
    const { okmsId, credentialId, name } = input

    await step.until(
      'Revoke it at OVHcloud',
      {
        every: '3s',
        growingTo: '5m',
        atMost: '1h',
        waitsFor: 'vendor',
        async tooLong() {
          log.error('revocation pending for over an hour', { okmsId, credentialId })
          await tell(
            'pending',
            { to: 'person', actor: requester },
            {
              kind: 'text',
              mark: 'warning',
              lines: [
                `The revocation of ${name} is still pending: OVHcloud has refused it for an hour.`,
                'Whoever runs the bot has been told. The bot goes on trying.',
              ],
            },
          )
          return undefined
        },
      },
      async () => {
        try {
          return await okms.revokeCredential(okmsId, credentialId)
        } catch (thrown) {
          const error = BotError.from(thrown)
          if (error.code === 'bug') throw error
          log.warn('revocation refused', { credentialId, code: error.code, ...error.details })
          const now = await okms.credential(okmsId, credentialId).catch(() => undefined)
          if (now === null) return 'gone'
          return now?.status === 'DELETING' ? 'deleting' : undefined
        }
      },
    )
    await step('Forget it', () => ledger.forget(credentialId))

    return { outcome: 'done', lines: [`${name} is revoked.`] }
  },
})
