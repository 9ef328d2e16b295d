/** Every reminder that a credential will get, or would have got, as it will read. Says nothing to anybody else. */
import { z } from 'zod'
import { BotError, defineRead, instant, type Reply, say, type Text, timeLeft } from '../src/core/index.js'
import { reminderCard } from './reminders/cards.js'
import { findFollowed, refuseSolved } from './reminders/find.js'
import { standingOf } from './reminders/look.js'

export const previewReminders = defineRead({
  name: 'preview-reminders',
  input: z.object({ credential: z.string() }),

  async run({ input, ledger, reminderRules, clock }): Promise<Reply> {
    const rules = await reminderRules.current()
    if (!rules) throw new BotError('policy.missing', 'The bot has no policy file yet.')
    const nowMs = clock.now()
    const entry = await findFollowed(ledger, input.credential, nowMs)
    refuseSolved(entry)
    const { channel, thresholds, expiresAtMs } = standingOf(entry, rules)
    const where = channel
      ? channel.name
      : entry.owner
        ? `${entry.owner.name}, by direct message`
        : 'nobody: no channel is named'
    const { toldMs } = entry.reminded
    return {
      kind: 'fields',
      title: `Reminders of ${entry.name} of ${entry.okmsName}, to ${where}`,
      fields: thresholds.map(beforeMs => {
        const atMs = expiresAtMs - beforeMs
        const card = reminderCard(entry, {
          rules,
          platform: channel?.platform ?? null,
          nowMs: atMs,
          knownAtMs: null,
        })
        const state = toldMs !== null && beforeMs >= toldMs ? 'said' : atMs <= nowMs ? 'due now' : 'to come'
        return {
          label: beforeMs === 0 ? 'when it expires' : `${timeLeft(beforeMs)} before`,
          value: joined([say`${instant(atMs)}, ${state}`, ...asLines(card)]),
        }
      }),
      ...(thresholds.length === 0 ? { after: ['No reminders are wanted there.'] } : {}),
    }
  },
})

function asLines(card: Reply): Text[] {
  if (card.kind !== 'text') return []
  const buttons = (card.buttons ?? []).map(({ label }) => `[${label}]`).join('  ')
  return [...card.lines, ...(buttons === '' ? [] : [buttons])]
}

const joined = (lines: readonly Text[]): Text =>
  lines.reduce<Text>((all, line, i) => (i === 0 ? line : say`${all}\n${line}`), '')
