/** /okms revoke reader "the laptop was stolen" */
import { sayWord } from '../jobs/asking/confirm.js'
import { planRevocation, revokeOnRequest } from '../jobs/revoke-on-request.js'
import { defineCommand, definePress, option } from '../src/core/index.js'

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

export const presses = [
  definePress({
    name: 'revoke-yes',
    requires: 'credential:revoke',
    run: press => sayWord(press, 'yes', 'It goes on; the card shows how.'),
  }),
  definePress({
    name: 'revoke-no',
    requires: null,
    run: press => sayWord(press, 'no', 'Nothing is revoked.'),
  }),
]
