/** /okms snooze reader 3d, and the buttons of a reminder that put it off or say whose it is not. */
import { disownCredential } from '../jobs/disown-credential.js'
import { type FollowedFacts, findFollowedRead } from '../jobs/find-followed.js'
import { snoozeCredential } from '../jobs/snooze-credential.js'
import {
  BotError,
  code,
  defineCommand,
  definePress,
  formatDuration,
  instant,
  lines,
  option,
  parseDuration,
  say,
} from '../src/core/index.js'

export default defineCommand({
  name: 'snooze',
  summary: 'Put the reminders of a credential off',
  options: {
    credential: option.credential('Its name or id'),
    duration: option.duration('For how long, such as 3d; never past its expiry'),
  },
  requires: 'read',
  answers: 'privately',
  examples: ['/okms snooze reader 3d'],

  async run({ options, ask, start, may, reply }) {
    const facts = await ask(findFollowedRead, { credential: options.credential })
    const input = snoozed(facts, options.duration, may('reminders:manage'))
    await start(snoozeCredential, input)
    await reply.show(answer(facts, input.untilMs))
  },
})

/** @throws BotError `access.denied`, `input.invalid` */
function snoozed(facts: FollowedFacts, forMs: number, mayManage: boolean) {
  const { credentialId, name, expiresAt, isOwn, nowMs } = facts
  if (!isOwn && !mayManage) {
    throw new BotError('access.denied', `You may not snooze ${name}: it is not yours.`, {
      hint: 'Its owner may, and whoever manages reminders here.',
    })
  }
  const leftMs = Date.parse(expiresAt) - nowMs
  if (leftMs <= 0) throw new BotError('state.conflict', `${name} has expired: there is nothing to put off.`)
  if (forMs < 60_000) throw new BotError('input.invalid', 'Snoozing takes a minute at least, such as 3d.')
  if (forMs >= leftMs) {
    throw new BotError('input.invalid', `${name} expires before that, in ${formatDuration(leftMs)}.`, {
      hint: `Snooze it for less: /okms snooze ${credentialId} ${shorter(leftMs)}`,
    })
  }
  return { credentialId, name, untilMs: nowMs + forMs }
}

/** Half of what is left, in the largest unit that it fills. */
function shorter(leftMs: number): string {
  const half = leftMs / 2
  const [ms, unit] =
    half >= 86_400_000 ? [86_400_000, 'd'] : half >= 3_600_000 ? [3_600_000, 'h'] : [60_000, 'm']
  return `${Math.max(1, Math.floor(half / ms))}${unit}`
}

const answer = ({ name, okmsName }: FollowedFacts, untilMs: number) =>
  lines(say`${name} of ${okmsName} is not reminded of before ${instant(untilMs)}.`)

export const presses = [
  definePress({
    name: 'snooze',
    form: {
      title: 'Snooze the reminder',
      fields: [
        {
          name: 'duration',
          label: 'For how long',
          kind: 'line',
          required: true,
          hint: 'Such as 3d or 12h, never past its expiry',
          maxLength: 20,
        },
      ],
    },
    requires: null,
    async run({ subject, fields, ask, start, may, reply }) {
      const forMs = parseDuration(fields.duration ?? '')
      const facts = await ask(findFollowedRead, { credential: subject })
      const input = snoozed(facts, forMs, may('reminders:manage'))
      await start(snoozeCredential, input)
      await reply.show(answer(facts, input.untilMs))
    },
  }),
  definePress({
    name: 'not-mine',
    requires: null,
    async run({ subject, ask, start, reply }) {
      const { credentialId, name, okmsName, owner, isOwn } = await ask(findFollowedRead, {
        credential: subject,
      })
      if (!isOwn) {
        throw new BotError(
          'access.denied',
          `${name} is not known as yours${owner ? `, but as ${owner.name}'s` : ''}.`,
        )
      }
      await start(disownCredential, { credentialId, name, okmsName })
      await reply.show(
        lines(
          say`${name} of ${okmsName} is not yours any more. Those who manage reminders are asked whose it is.`,
          say`If it is no longer used, ${code(`/okms revoke ${credentialId}`)} ends it.`,
        ),
      )
    },
  }),
]
