/** What a look at one credential leads to. Pure: entry, rules and instant in; what to say and when to look again out. */
import {
  type Conversation,
  type Followed,
  mostUrgent,
  nextCrossing,
  placeOf,
  quietUntil,
  type ReminderRules,
  type Target,
  thresholdsFor,
} from '../../src/core/index.js'

/** So near its expiry, a credential is more urgent than anybody's quiet. */
const URGENT_MS = 86_400_000
/** Nobody to be told: perhaps the policy names a channel by then. */
const NOBODY_MS = 3_600_000

export type Outcome =
  /** Nothing to say yet. */
  | { what: 'wait'; lookAtMs: number | null }
  /** The messages that speak of it are to show what is known by now. */
  | { what: 'rewrite' }
  | { what: 'announce'; beforeMs: number; target: Target; lookAtMs: number | null }
  /** It is due, and there is neither a channel nor an owner. */
  | { what: 'nobody'; lookAtMs: number }

export interface Standing {
  channel: Conversation | null
  /** The longest first. */
  thresholds: number[]
  expiresAtMs: number
}

/** How the rules apply to it. */
export function standingOf(entry: Followed, rules: ReminderRules): Standing {
  const channel = rules.channelOf(entry)
  const { beforeMs } = rules.thresholdsOf(entry, channel && placeOf(channel))
  const expiresAtMs = Date.parse(entry.expiresAt)
  return {
    channel,
    expiresAtMs,
    thresholds: thresholdsFor(expiresAtMs - Date.parse(entry.startsAt), beforeMs),
  }
}

export function look(entry: Followed, rules: ReminderRules, nowMs: number): Outcome {
  const { toldMs, snoozed, stale } = entry.reminded
  if (stale) return { what: 'rewrite' }
  if (entry.solution) return { what: 'wait', lookAtMs: null }

  const { channel, expiresAtMs, thresholds } = standingOf(entry, rules)
  if (snoozed && nowMs < snoozed.untilMs) return { what: 'wait', lookAtMs: snoozed.untilMs }
  const crossed = mostUrgent(thresholds, expiresAtMs, nowMs)
  const isDue = crossed !== null && (snoozed !== null || toldMs === null || crossed < toldMs)
  if (!isDue) return { what: 'wait', lookAtMs: nextCrossing(thresholds, expiresAtMs, toldMs, nowMs) }

  const quietEndMs = channel && expiresAtMs - nowMs > URGENT_MS ? endOfQuiet(channel, rules, nowMs) : null
  if (quietEndMs !== null) return { what: 'wait', lookAtMs: Math.min(quietEndMs, expiresAtMs - URGENT_MS) }

  const target: Target | null = channel
    ? { to: 'conversation', conversation: channel }
    : entry.owner && { to: 'person', actor: entry.owner }
  if (!target) return { what: 'nobody', lookAtMs: nowMs + NOBODY_MS }
  const lookAtMs = nextCrossing(thresholds, expiresAtMs, crossed, nowMs)
  return { what: 'announce', beforeMs: crossed, target, lookAtMs }
}

const endOfQuiet = (channel: Conversation, rules: ReminderRules, nowMs: number) => {
  const quiet = rules.quietHoursOf(placeOf(channel))
  return quiet && quietUntil(quiet, nowMs)
}
