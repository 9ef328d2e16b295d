/** /okms credential reader 30d */

import { issueCredential } from '../jobs/issue-credential.js'
import { credentialWish, planCredentialRead } from '../jobs/plan-credential.js'
import { BotError, defineCommand, definePress, lines, option } from '../src/core/index.js'

export default defineCommand({
  name: 'credential',
  summary: 'Issue an access credential for an OKMS',
  options: {
    name: option.profile('Name of the credential, and of the profile it follows'),
    validity: option.days('How long it is valid: 30d, 12w, 6mo, 1y, at most 365 days'),
    okms: option.okms('Which OKMS, where the profile leaves a choice').optional(),
    identity: option.identity('Identity URN, out of those the profile allows').optional(),
    description: option.text('What it is for', { maxLength: 200 }).optional(),
    type: option.choice('Kind of certificate', ['ECDSA', 'RSA']).optional(),
    key: option.choice('Who makes the private key', ['ovhcloud', 'bot']).optional(),
    format: option.choice('PEM files, or one PKCS#12 file', ['pem', 'p12']).optional(),
    csr: option
      .file('Your own certificate signing request, so that no key leaves you', { maxBytes: 16_384 })
      .optional(),
  },
  requires: 'credential:issue',
  answers: 'privately',
  examples: [
    '/okms credential reader 30d',
    '/okms credential reader 30d key:bot type:RSA format:p12',
    '/okms credential vcenter 1y csr:"-----BEGIN CERTIFICATE REQUEST-----\\n…"',
  ],

  async run({ options: { validity, ...rest }, ask, start, reply }) {
    const wish = credentialWish.parse({ ...rest, validityDays: validity })
    const plan = await ask(planCredentialRead, wish)
    await reply.follow(await start(issueCredential, { wish, plan }))
  },
})

export const presses = [
  definePress({
    name: 'collect',
    requires: null,
    run: ({ subject, deliveries }) => deliveries.collect(subject),
  }),
  definePress({
    name: 'saved-it',
    requires: null,
    async run({ subject, deliveries, reply }) {
      await deliveries.confirm(subject)
      await reply.show(lines('Good. The bot erases its copy now.'))
    },
  }),
  definePress({
    name: 'revoke-now',
    requires: null,
    async run({ subject, deliveries, reply }) {
      await deliveries.revoke(subject)
      await reply.show(lines('It is being revoked; the card shows how that goes.'))
    },
  }),
  definePress({
    name: 'issue-again',
    requires: 'credential:issue',
    async run({ subject, run, ask, start, reply }) {
      const before = issueCredential.input.safeParse((await run(subject))?.input)
      if (!before.success) {
        throw new BotError('input.not-found', 'What was asked for then is not known any more.', {
          hint: 'Type the command again: /okms credential <name> <validity>',
        })
      }
      const { wish } = before.data
      const plan = await ask(planCredentialRead, wish)
      await reply.follow(await start(issueCredential, { wish, plan }))
    },
  }),
]
