/** Says what was decided to be said. Safe to repeat: whoever dies in between leaves it to the next. */
import type { Followed, ReminderRules, Said, Saying, Target, TickContext } from '../../src/core/index.js'
import {
  type Circumstances,
  cardKey,
  digestCard,
  digestKey,
  digestNumber,
  foundCard,
  reminderCard,
  vanishedCard,
} from './cards.js'

/** A card that changes while it is rewritten is rewritten again; by then nobody changes it that often. */
const REWRITES = 5

export async function carryOut(
  tick: TickContext,
  rules: ReminderRules,
  { number, saying }: Said,
): Promise<void> {
  switch (saying.kind) {
    case 'remind':
      await announce(tick, rules, number, saying)
      break
    case 'rewrite':
      await rewriteAll(tick, rules, saying.credentialIds)
      break
    case 'found': {
      const entries = await entriesOf(tick, saying.credentialIds)
      const reply = foundCard(entries, saying.okmsName, saying.first)
      if (entries.length > 0) await tick.tellOnce(`sync/found/${number}`, saying.target, reply)
      break
    }
    case 'vanished': {
      const entries = await entriesOf(tick, saying.credentialIds)
      const reply = vanishedCard(entries, { rules, platform: platformOf(saying.target) })
      if (entries.length > 0) await tick.tellOnce(`sync/vanished/${number}`, saying.target, reply)
    }
  }
  await tick.reminders.said(number)
}

const entriesOf = async ({ ledger }: TickContext, ids: readonly string[]): Promise<Followed[]> => [
  ...(await ledger.find(ids)).values(),
]

async function announce(
  tick: TickContext,
  rules: ReminderRules,
  number: number,
  { target, digest, items }: Extract<Saying, { kind: 'remind' }>,
): Promise<void> {
  const entries = await tick.ledger.find(items.map(({ credentialId }) => credentialId))
  const circumstances = await circumstancesOf(tick, rules)
  const platform = platformOf(target)
  // Solved since it was decided: nobody needs to hear of it any more.
  const open = [...entries.values()].filter(({ solution }) => !solution)
  if (digest) {
    if (open.length > 0) {
      const reply = digestCard([...entries.values()], circumstances(platform, open))
      await tick.tellOnce(digestKey(number), target, reply)
    }
    return
  }
  for (const { credentialId, card } of items) {
    const entry = entries.get(credentialId)
    if (!entry || entry.solution) continue
    const reply = reminderCard(entry, circumstances(platform, [entry]))
    await tick.tellOnce(cardKey(credentialId, card), target, reply)
  }
}

const platformOf = (target: Target) => (target.to === 'person' ? null : target.conversation.platform)

/** For a message about several, what is known least. */
async function circumstancesOf(
  { clock, ledger }: TickContext,
  rules: ReminderRules,
): Promise<(platform: Circumstances['platform'], entries: readonly Followed[]) => Circumstances> {
  const syncs = await ledger.syncs()
  return (platform, entries) => {
    const old = entries.flatMap(({ okmsId }) => {
      const { doneAtMs = null, failingSinceMs = null } = syncs.get(okmsId) ?? {}
      return failingSinceMs === null || doneAtMs === null ? [] : [doneAtMs]
    })
    return {
      rules,
      platform,
      nowMs: clock.now(),
      knownAtMs: old.length === 0 ? null : Math.min(...old),
    }
  }
}

async function rewriteAll(tick: TickContext, rules: ReminderRules, ids: readonly string[]): Promise<void> {
  const circumstances = await circumstancesOf(tick, rules)
  for (let entries = await entriesOf(tick, ids), tries = 0; tries < REWRITES; tries++) {
    const digests = new Set<number>()
    for (const entry of entries) {
      const platform = rules.channelOf(entry)?.platform ?? null
      for (const mark of entry.reminded.cards) {
        const number = digestNumber(mark)
        if (number !== null) digests.add(number)
        else {
          const reply = reminderCard(entry, circumstances(platform, [entry]))
          await tick.rewrite(cardKey(entry.credentialId, mark), reply)
        }
      }
    }
    for (const number of digests) {
      const digest = await tick.reminders.digest(number)
      if (!digest) continue
      const all = await entriesOf(
        tick,
        digest.items.map(({ credentialId }) => credentialId),
      )
      const reply = digestCard(all, circumstances(platformOf(digest.target), all))
      await tick.rewrite(digestKey(number), reply)
    }
    // A message may have been written by somebody who had read it before.
    const now = await entriesOf(tick, ids)
    if (JSON.stringify(now) === JSON.stringify(entries)) return
    entries = now
  }
}
