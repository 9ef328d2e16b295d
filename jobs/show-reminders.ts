/** How a channel is reminded, and of what next. */
import { z } from 'zod'
import { BotError, defineRead, formatQuietHours, placeOf } from '../src/core/index.js'
import { standingOf } from './reminders/look.js'

/** Of many, the next to come. */
const MOST_NEXT = 10

export interface ChannelReminders {
  /** The longest first. */
  beforeMs: readonly number[]
  /** Where they were chosen. */
  from: string
  quietHours: string | null
  followed: number
  next: { name: string; okmsName: string; credentialId: string; expiresAt: string; nextAt: string | null }[]
}

export const showReminders = defineRead({
  name: 'show-reminders',
  input: z.object({}),

  async run({ ledger, reminderRules, conversation, clock }): Promise<ChannelReminders> {
    const rules = await reminderRules.current()
    if (!rules) throw new BotError('policy.missing', 'The bot has no policy file yet.')
    const place = placeOf(conversation)
    const nowMs = clock.now()
    const here = new Map<string, ChannelReminders['next'][number]>()
    for await (const page of ledger.pages()) {
      for (const entry of page) {
        const { channel, thresholds, expiresAtMs } = standingOf(entry, rules)
        if (entry.solution || expiresAtMs <= nowMs || !channel || placeOf(channel) !== place) continue
        const snoozedMs = entry.reminded.snoozed?.untilMs ?? 0
        const all = thresholds.map(ms => expiresAtMs - ms)
        // What was crossed before is said once the snooze is over.
        const isOwed = snoozedMs > nowMs && all.some(atMs => atMs <= snoozedMs)
        const crossings = isOwed ? [snoozedMs] : all.filter(atMs => atMs > nowMs)
        const nextAtMs = Math.max(snoozedMs, Math.min(...crossings))
        const { credentialId, name, okmsName, expiresAt } = entry
        const nextAt = crossings.length === 0 ? null : new Date(nextAtMs).toISOString()
        here.set(credentialId, { credentialId, name, okmsName, expiresAt, nextAt })
      }
    }
    const quiet = rules.quietHoursOf(place)
    return {
      ...rules.thresholdsOf(null, place),
      quietHours: quiet && formatQuietHours(quiet),
      followed: here.size,
      next: [...here.values()]
        .filter(({ nextAt }) => nextAt !== null)
        .sort((a, b) => Date.parse(a.nextAt!) - Date.parse(b.nextAt!))
        .slice(0, MOST_NEXT),
    }
  },
})
