/**
 * The dead-man switch: ticks that stand still say nothing by themselves, so every chat process looks whether any was done lately, and
 * tells the operators when none was. Once per standstill, whoever looks first; the same message says when it is over.
 */
import { formatDuration } from '../core/duration.js'
import { BotError } from '../core/errors.js'
import { type Beats, pulseOf, SILENT_AFTER_MS } from '../core/ports/beats.js'
import type { Findings } from '../core/ports/findings.js'
import type { Log } from '../core/ports/log.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { ReminderRulesSource } from '../core/ports/reminders.js'
import type { Reply } from '../core/reply.js'

const LOOK_EVERY_MS = 30_000
const ID = 'standstill'

export interface DeadManParts {
  beats: Beats
  findings: Findings
  reminderRules: ReminderRulesSource
  outbox: Outbox
  log: Log
  silentAfterMs?: number
  lookEveryMs?: number
}

export function startDeadMan(parts: DeadManParts): { stop(): void } {
  const { beats, findings, reminderRules, outbox, log } = parts
  const { silentAfterMs = SILENT_AFTER_MS, lookEveryMs = LOOK_EVERY_MS } = parts
  const beganAtMs = performance.now()
  let said = false
  let looking = false

  async function look(): Promise<void> {
    const { silentMs, lastAtMs, nowMs } = await pulseOf(beats, beganAtMs)
    const open = (await findings.all()).get(ID)
    if (silentMs < silentAfterMs) {
      if (said) log.info('ticks go on')
      said = false
      // A process that has just begun has missed nothing yet, and knows of no end either.
      if (!open || nowMs - lastAtMs >= silentAfterMs) return
      await outbox.rewrite(keyOf(open.sinceMs), over(lastAtMs - open.sinceMs))
      return findings.close(ID)
    }
    if (!said) log.error('no sync and no reminder was done lately', { forMs: Math.round(silentMs) })
    said = true
    const conversation = open ? null : (await reminderRules.current())?.channelOfOkms(null)
    if (!open && !conversation) return
    const finding =
      open ??
      (await findings.open({
        id: ID,
        // Where none was ever done, it has stood still for as long as somebody looks.
        sinceMs: lastAtMs === 0 ? nowMs - silentMs : lastAtMs,
        target: { to: 'conversation', conversation: conversation! },
      }))
    await outbox.put(keyOf(finding.sinceMs), finding.target, standstill(silentAfterMs))
  }

  const timer = setInterval(() => {
    if (looking) return
    looking = true
    look()
      .catch(thrown => log.debug('no look at the ticks', { reason: BotError.from(thrown).message }))
      .finally(() => {
        looking = false
      })
  }, lookEveryMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

const keyOf = (sinceMs: number) => `standstill/${sinceMs}`

const standstill = (silentAfterMs: number): Reply => ({
  kind: 'text',
  mark: 'warning',
  lines: [
    `The bot has done no sync and no reminder for ${formatDuration(silentAfterMs)}: nobody is reminded of anything until it goes on.`,
    'Whoever runs the bot: look whether a worker is up and reaches Redis. /readyz and the log of the workers say more.',
  ],
})

const over = (stoodMs: number): Reply => ({
  kind: 'text',
  mark: 'done',
  lines: [
    `Sync and reminders go on, after ${formatDuration(Math.max(60_000, stoodMs))}. What was due meanwhile is said now, once.`,
  ],
})
