/**
 * Revokes a credential, for as long as it takes: OVHcloud may refuse while it is being created, or be down. Ends when the
 * credential is being deleted or gone, and never otherwise. `by`: who wanted it, as people are called; `null`: it was never in use,
 * or another stands in for it.
 */
import { z } from 'zod'
import { BotError, defineJob, type Reply } from '../src/core/index.js'

/** As long as the wait below may last before people are told. */
const PENDING_IS_TOLD_AFTER_MS = 60 * 60_000

const done = (name: string): Reply => ({
  kind: 'text',
  mark: 'done',
  lines: [`${name} is revoked now: OVHcloud has taken it.`],
})

export const revokeCredential = defineJob({
  name: 'revoke-credential',
  input: z.object({
    okmsId: z.string(),
    credentialId: z.string(),
    name: z.string(),
    by: z.string().nullable(),
  }),
  title: ({ name }) => `Revoke ${name}`,
  card: 'hidden',

  async run({ input, step, okms, ledger, log, tell, requester, conversation, clock }) {
    const { okmsId, credentialId, name, by } = input
    const privately = { to: 'person', actor: requester, otherwise: conversation } as const

    const { late } = await step.until(
      'Revoke it at OVHcloud',
      {
        every: '3s',
        growingTo: '5m',
        atMost: '1h',
        waitsFor: 'vendor',
        async tooLong() {
          log.error('revocation pending for over an hour', { okmsId, credentialId })
          await tell('pending', privately, {
            kind: 'text',
            mark: 'warning',
            lines: [
              `The revocation of ${name} is still pending: OVHcloud has refused it for an hour.`,
              'Whoever runs the bot has been told. The bot goes on trying.',
            ],
          })
          return undefined
        },
      },
      async ({ waitedMs }) => {
        const late = waitedMs >= PENDING_IS_TOLD_AFTER_MS
        try {
          await okms.revokeCredential(okmsId, credentialId)
          return { late }
        } catch (thrown) {
          const error = BotError.from(thrown)
          if (error.code === 'bug') throw error
          log.warn('revocation refused', { credentialId, code: error.code, ...error.details })
          const now = await okms.credential(okmsId, credentialId).catch(() => undefined)
          return now === null || now?.status === 'DELETING' ? { late } : undefined
        }
      },
    )
    await step('Note it', async () => {
      const at = new Date(clock.now()).toISOString()
      if (by !== null) return ledger.solve(credentialId, { how: 'revoked', by, at })
      // What was never in use is forgotten; what was renewed goes on saying so.
      if (!(await ledger.find([credentialId])).get(credentialId)?.solution) await ledger.forget(credentialId)
    })
    if (late) await step('Tell that it is done', () => tell('pending', privately, done(name)))

    return { outcome: 'done', lines: [`${name} is revoked.`] }
  },
})
