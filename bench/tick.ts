/** What a tick needs to be measured alone: what it says goes nowhere. */
import { parsePolicy } from '../src/bot/policy.js'
import { createReminderRules } from '../src/bot/reminder-rules.js'
import type { Outside } from '../src/core/job.js'
import type { Clock } from '../src/core/ports/clock.js'
import { silentLog } from '../src/core/ports/log.js'
import type { TickContext } from '../src/core/tick.js'
import { createLedger } from '../src/store/ledger.js'
import { createReminders } from '../src/store/reminders.js'

interface TickParts {
  redis: Parameters<typeof createLedger>[0]
  clock: Pick<Clock, 'now'>
  /** The policy file. */
  policy: string
  /** Where OVHcloud is asked. */
  okms?: Outside['okms']
  /** Told of each message that would be sent or changed. */
  said?: () => void
}

export function tickAlone({ redis, clock, policy, okms, said = () => {} }: TickParts): TickContext {
  const parsed = parsePolicy(policy)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  const reminders = createReminders(redis)
  const outside = {
    clock,
    okms,
    ledger: createLedger(redis),
    reminders,
    reminderRules: createReminderRules({ current: async () => parsed.policy }, reminders),
  } as unknown as Outside
  const nowhere = async () => said()
  return {
    ...outside,
    log: silentLog,
    signal: new AbortController().signal,
    tell: nowhere,
    tellOnce: nowhere,
    rewrite: nowhere,
    takeBack: nowhere,
    wake: nowhere,
  }
}
