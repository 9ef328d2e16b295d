/** /okms reminders set 30d,7d,0d */
import { setReminders } from '../jobs/set-reminders.js'
import {
  BotError,
  code,
  DAY_MS,
  defineCommand,
  formatQuietHours,
  lines,
  option,
  parseDuration,
  parseQuietHours,
  placeOf,
  say,
} from '../src/core/index.js'

const MOST_THRESHOLDS = 12
const LONGEST_MS = 365 * DAY_MS

export default defineCommand({
  name: 'reminders set',
  summary: 'Choose when this channel is reminded of an expiry',
  options: {
    thresholds: option.text('How long before, such as 30d,14d,7d,0d (0d: when it expires), or default', {
      maxLength: 120,
    }),
    quiet: option.text('Hours without reminders, such as 22:00-07:00', { maxLength: 20 }).optional(),
    zone: option.text('Time zone of these hours, such as Europe/Paris', { maxLength: 60 }).optional(),
  },
  requires: 'reminders:manage',
  answers: 'privately',
  examples: [
    '/okms reminders set 30d,7d,0d',
    '/okms reminders set 14d,1d,0d quiet:22:00-07:00 zone:Europe/Paris',
    '/okms reminders set default',
  ],

  async run({ options: { thresholds, quiet, zone }, conversation, start, reply }) {
    if (conversation.kind === 'dm') {
      throw new BotError('input.invalid', 'Reminders are chosen for a channel.', {
        hint: 'Say it in the channel that is to be reminded.',
      })
    }
    const place = placeOf(conversation)
    if (thresholds.toLowerCase() === 'default') {
      await start(setReminders, { place, choice: null })
      await reply.show(lines('This channel is reminded as the policy says again.'))
      return
    }
    const beforeMs = parseThresholds(thresholds)
    if (zone !== undefined && quiet === undefined) {
      throw new BotError('input.invalid', 'zone says for which quiet hours, and there are none.', {
        hint: 'Add them, such as quiet:22:00-07:00.',
      })
    }
    const hours = quiet === undefined ? null : parseQuietHours(quiet, zone ?? 'UTC')
    await start(setReminders, { place, choice: { beforeMs, quiet: hours } })
    await reply.show(
      lines(
        `This channel is reminded ${formatThresholds(beforeMs)} before an expiry${hours ? `, quiet ${formatQuietHours(hours)} unless less than 24 h are left` : ''}.`,
        ...(beforeMs.includes(0) ? [] : ['Nothing is said when one has expired: 0d would.']),
        say`${code('/okms reminders set default')} goes back to the policy.`,
      ),
    )
  },
})

/** @throws BotError `input.invalid` */
function parseThresholds(text: string): number[] {
  const all = text
    .split(/[\s,]+/)
    .filter(word => word !== '')
    .map(word => parseDuration(word, 'threshold'))
  if (all.some(ms => ms > LONGEST_MS)) {
    throw new BotError('input.invalid', 'No credential lives longer than a year.', {
      hint: 'Write thresholds of at most 365d.',
    })
  }
  if (all.length === 0 || all.length > MOST_THRESHOLDS) {
    throw new BotError('input.invalid', `Option thresholds takes 1 to ${MOST_THRESHOLDS} of them.`, {
      hint: 'Such as 30d,14d,7d,3d,1d,0d.',
    })
  }
  return [...new Set(all)].sort((a, b) => b - a)
}

/** `30d, 7d and 0d` */
export function formatThresholds(beforeMs: readonly number[]): string {
  const words = beforeMs.map(ms => {
    if (ms % DAY_MS === 0) return `${ms / DAY_MS}d`
    return ms % 3_600_000 === 0 ? `${ms / 3_600_000}h` : `${Math.round(ms / 60_000)}m`
  })
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
