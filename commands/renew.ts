/** /okms renew reader */
import { planRenewal, type RenewalWish } from '../jobs/plan-renewal.js'
import { isParty, renewCredential } from '../jobs/renew-credential.js'
import {
  BotError,
  type Doing,
  defineCommand,
  definePress,
  lines,
  option,
  type PressContext,
} from '../src/core/index.js'

export default defineCommand({
  name: 'renew',
  summary: 'Put a new credential in the place of an old one, without a gap',
  options: {
    credential: option.credential('Name or id of the old one'),
    validity: option.days('How long the new one is valid; else as long as the old one').optional(),
    csr: option
      .file('Your own certificate signing request, where the old one was made from one', { maxBytes: 16_384 })
      .optional(),
    key: option.choice('Who makes the private key', ['ovhcloud', 'bot']).optional(),
    format: option.choice('PEM files, or one PKCS#12 file', ['pem', 'p12']).optional(),
  },
  requires: 'credential:issue',
  answers: 'privately',
  examples: ['/okms renew reader', '/okms renew reader 30d key:bot'],

  async run({ options: { validity, ...rest }, ...doing }) {
    await renew(doing, { ...rest, ...(validity === undefined ? {} : { validityDays: validity }) })
  },
})

async function renew({ ask, start, reply }: Pick<Doing, 'ask' | 'start' | 'reply'>, wish: RenewalWish) {
  await reply.follow(await start(renewCredential, await ask(planRenewal, wish)))
}

/** @throws BotError `input.not-found`, `access.denied` */
async function answer(
  { subject, run, actor, may, answer }: PressContext,
  question: string,
): Promise<boolean> {
  const renewal = await run(subject)
  if (!renewal) throw new BotError('input.not-found', 'This renewal is not known any more.')
  if (!isParty(renewal.input, renewal.requester, actor) && !may('credential:revoke')) {
    throw new BotError('access.denied', 'This is for whoever renewed the credential, or owned the old one.', {
      hint: 'Whoever may revoke credentials here may press it too.',
    })
  }
  if (renewal.endedAtMs !== null) throw new BotError('state.conflict', 'This renewal is over.')
  return answer(subject, question, 'yes')
}

export const presses = [
  definePress({
    name: 'renew',
    requires: 'credential:issue',
    run: ({ subject, ...doing }) => renew(doing, { credential: subject }),
  }),
  definePress({
    name: 'renew-csr',
    form: {
      title: 'Renew the credential',
      fields: [
        {
          name: 'csr',
          label: 'New certificate signing request',
          kind: 'file',
          required: true,
          hint: 'The old one was made from one, so its key is yours to make again',
          maxLength: 16_384,
        },
      ],
    },
    requires: 'credential:issue',
    run: ({ subject, fields, ...doing }) => renew(doing, { credential: subject, csr: fields.csr ?? '' }),
  }),
  definePress({
    name: 'it-works',
    requires: null,
    async run(context) {
      const first = await answer(context, 'works')
      await context.reply.show(
        lines(first ? 'Good. The old one is revoked in 24 h.' : 'That has been said already.'),
      )
    },
  }),
  definePress({
    name: 'keep-old',
    requires: null,
    async run(context) {
      const first = await answer(context, 'keep')
      await context.reply.show(
        lines(
          first
            ? 'The old one is kept until it expires.'
            : 'That is decided already: it has been said, or the time for it is over.',
        ),
      )
    },
  }),
]
