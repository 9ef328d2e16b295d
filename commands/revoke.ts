/** /okms revoke reader "the laptop was stolen" */
import { planRevocation, revokeOnRequest } from '../jobs/revoke-on-request.js'
import {
  BotError,
  defineCommand,
  definePress,
  lines,
  option,
  type PressContext,
  personOf,
} from '../src/core/index.js'

export default defineCommand({
  name: 'revoke',
  summary: 'Revoke a credential for good',
  options: {
    credential: option.credential('Name or id of the credential'),
    reason: option.text('Why, for those who approve and for the audit trail', { maxLength: 300 }).optional(),
  },
  requires: 'credential:revoke',
  answers: 'publicly',
  examples: ['/okms revoke reader "the laptop was stolen"'],

  async run({ options: { credential, reason = '' }, ask, start, reply }) {
    await reply.follow(await start(revokeOnRequest, await ask(planRevocation, { credential, reason })))
  },
})

/** @throws BotError `input.not-found`, `access.denied`, `state.conflict` */
async function say(
  { subject, run, actor, answer, reply }: PressContext,
  word: 'revoke' | 'keep',
): Promise<void> {
  const asked = await run(subject)
  if (!asked) throw new BotError('input.not-found', 'This question is not known any more.')
  if (personOf(asked.requester) !== personOf(actor)) {
    throw new BotError('access.denied', 'Only the one who asked for the revocation can say so.')
  }
  if (asked.endedAtMs !== null || !(await answer(subject, 'revoke', word))) {
    throw new BotError('state.conflict', 'This has been answered already.')
  }
  await reply.show(lines(word === 'revoke' ? 'It goes on; the card shows how.' : 'Nothing is revoked.'))
}

export const presses = [
  definePress({ name: 'revoke-yes', requires: 'credential:revoke', run: context => say(context, 'revoke') }),
  definePress({ name: 'revoke-no', requires: null, run: context => say(context, 'keep') }),
]
