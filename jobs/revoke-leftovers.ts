/**
 * Revokes whatever a failed run left at OVHcloud, for as long as it takes: the run may not know whether anything was made, and
 * OVHcloud may be down. Ends when nothing live bears the run's mark.
 */
import { z } from 'zod'
import { BotError, defineJob, say } from '../src/core/index.js'
import { isLive, isMarked } from './credential/mark.js'

export const revokeLeftovers = defineJob({
  name: 'revoke-leftovers',
  input: z.object({ okmsId: z.string(), okmsName: z.string(), name: z.string(), runId: z.string() }),
  title: ({ name }) => `Revoke what is left of ${name}`,
  card: 'hidden',

  async run({ input, step, okms, ledger, log, tell, requester, conversation }) {
    const { okmsId, okmsName, name, runId } = input
    const privately = { to: 'person', actor: requester, otherwise: conversation } as const

    const revoked = await step.until<string[]>(
      'Revoke what bears the mark',
      {
        every: '5s',
        growingTo: '5m',
        atMost: '1h',
        waitsFor: 'vendor',
        async tooLong() {
          log.error('leftovers of a run not revoked for over an hour', { okmsId, runId })
          await tell('pending', privately, {
            kind: 'text',
            mark: 'warning',
            lines: [
              `Run ${runId} may have left a credential ${name} for ${okmsName}, and OVHcloud has not let the bot look or revoke for an hour.`,
              'Whoever runs the bot has been told. The bot goes on trying.',
            ],
          })
          return undefined
        },
      },
      async () => {
        try {
          const mine: string[] = []
          for await (const page of okms.credentialPages(okmsId)) {
            for (const one of page.filter(credential => isMarked(credential, runId, name))) {
              // Refused (seen while it is being created): thrown, and looked at again later.
              if (isLive(one)) await okms.revokeCredential(okmsId, one.id)
              mine.push(one.id)
            }
          }
          return mine
        } catch (thrown) {
          const error = BotError.from(thrown)
          if (error.code === 'bug') throw error
          log.warn('leftovers not revoked yet', { okmsId, runId, code: error.code, ...error.details })
          return undefined
        }
      },
    )
    await step('Tell what became of it', async () => {
      for (const id of revoked) await ledger.forget(id)
      if (revoked.length === 0) return
      const line = say`What run ${runId} had left at OVHcloud is revoked: credential ${name} for ${okmsName}.`
      await tell('revoked', privately, { kind: 'text', mark: 'done', lines: [line] })
    })

    return { outcome: 'done', lines: ['Nothing is left.'] }
  },
})
