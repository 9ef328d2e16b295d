/**
 * Reminds of credentials before they expire, each once per threshold. What a look decides is claimed together with how the entry then
 * stands, written down, and said afterwards, so that whoever dies in between leaves the rest to the next, and two at once say nothing
 * twice. A tick costs by what is due: entries lie in the order of their next look.
 */
import {
  defineTick,
  type Looked,
  type ReminderRules,
  type Said,
  type Saying,
  type Seen,
  type Target,
  type TickContext,
} from '../src/core/index.js'
import { cardMark, digestMark } from './reminders/cards.js'
import { look } from './reminders/look.js'
import { carryOut } from './reminders/saying.js'

/** Entries looked at in one go. */
const ROUND = 1000
/** More than these due in one place at once become one message. */
const MOST_CARDS = 5

export const remind = defineTick({
  name: 'remind',
  every: '1m',

  async run(tick) {
    const { reminders, reminderRules, clock, signal } = tick
    const rules = await reminderRules.current()
    if (!rules) return
    for (const said of await reminders.unsaid()) await carryOut(tick, rules, said)
    if ((await reminders.rulesVersion()) !== rules.version) await reminders.lookAtAll(rules.version)
    while (!signal.aborted) {
      const due = await reminders.due(clock.now(), ROUND)
      if (due.length === 0) break
      // Somebody else is at them: what is left then is theirs, or the next tick's.
      if (!(await lookAt(tick, rules, due))) break
    }
    return { nextAtMs: await reminders.nextAtMs() }
  },
})

interface Announcement {
  seen: Seen
  beforeMs: number
  lookAtMs: number | null
}

/** `false`: nothing could be claimed. */
async function lookAt(tick: TickContext, rules: ReminderRules, due: readonly Seen[]): Promise<boolean> {
  const nowMs = tick.clock.now()
  const quiet: Looked[] = []
  const stale: Looked[] = []
  const places = new Map<string, { target: Target; due: Announcement[] }>()
  for (const seen of due) {
    const { entry } = seen
    const outcome = look(entry, rules, nowMs)
    switch (outcome.what) {
      case 'wait':
        quiet.push({ seen, entry, lookAtMs: outcome.lookAtMs })
        break
      case 'nobody':
        tick.log.warn('nobody to remind', { credentialId: entry.credentialId, okmsId: entry.okmsId })
        quiet.push({ seen, entry, lookAtMs: outcome.lookAtMs })
        break
      case 'rewrite':
        // Looked at once more right after: it may be due as well.
        stale.push({ seen, entry: { ...entry, reminded: { ...entry.reminded, stale: false } }, lookAtMs: 0 })
        break
      case 'announce': {
        const { target, beforeMs, lookAtMs } = outcome
        const key = JSON.stringify(target)
        const place = places.get(key) ?? { target, due: [] }
        places.set(key, place)
        place.due.push({ seen, beforeMs, lookAtMs })
      }
    }
  }

  let claimed = quiet.length > 0 && (await tick.reminders.claim(quiet, null))
  const sayings = [
    ...(stale.length === 0 ? [] : [{ looked: stale, saying: rewriting(stale) }]),
    ...[...places.values()].map(({ target, due }) => ({ announced: due, target })),
  ]
  for (const one of sayings) {
    const number = await tick.reminders.nextNumber()
    const { looked, saying } = 'saying' in one ? one : announcing(number, one.target, one.announced, nowMs)
    const said: Said = { number, saying }
    if (!(await tick.reminders.claim(looked, said))) continue
    claimed = true
    await carryOut(tick, rules, said)
  }
  return claimed
}

const rewriting = (stale: readonly Looked[]): Saying => ({
  kind: 'rewrite',
  credentialIds: stale.map(({ entry }) => entry.credentialId),
})

/** What to say in one place, and how each entry stands once that is claimed. */
function announcing(
  number: number,
  target: Target,
  due: readonly Announcement[],
  atMs: number,
): { looked: Looked[]; saying: Saying } {
  const digest = due.length > MOST_CARDS
  const soonestFirst = [...due].sort(
    (a, b) => Date.parse(a.seen.entry.expiresAt) - Date.parse(b.seen.entry.expiresAt),
  )
  const all = soonestFirst.map(({ seen, beforeMs, lookAtMs }) => {
    const { entry } = seen
    const { cards, snoozed } = entry.reminded
    const card = digest ? digestMark(number) : cardMark(beforeMs, snoozed?.untilMs ?? null)
    const reminded = { toldMs: beforeMs, cards: [...cards, card], snoozed: null, stale: false }
    return {
      looked: { seen, entry: { ...entry, reminded }, lookAtMs },
      credentialId: entry.credentialId,
      card,
    }
  })
  return {
    looked: all.map(({ looked }) => looked),
    saying: {
      kind: 'remind',
      target,
      digest,
      atMs,
      items: all.map(({ credentialId, card }) => ({ credentialId, card })),
    },
  }
}
