/**
 * Compares the ledger with OVHcloud: one list call per page and none per credential. What others made is followed from then on, what
 * others took away is reminded of no more; each is told once. An OKMS that cannot be listed keeps its entries, and its age.
 */
import {
  BotError,
  type Credential,
  defineTick,
  type Followed,
  type Looked,
  type ReminderRules,
  type Said,
  type Saying,
  type Target,
  type TickContext,
} from '../src/core/index.js'
import { MARK_BEGINS } from './credential/mark.js'
import { carryOut } from './reminders/saying.js'

const DAY_MS = 86_400_000
/** What is younger than the list, by clocks that may differ so much, is not missed in it. */
const CLOCKS_DIFFER_MS = 5 * 60_000
/** An entry that OVHcloud no longer lists is kept for so long after its end, so that what was said about it can still be put right. */
const KEEP_ENDED_MS = 30 * DAY_MS
/** Entries claimed, and told of, in one go. */
const AT_ONCE = 200

export const syncLedger = defineTick({
  name: 'sync',
  every: '15m',

  async run(tick) {
    const { okms, ledger, reminderRules, clock, signal, wake, log } = tick
    const rules = await reminderRules.current()
    if (!rules) return
    const startedAtMs = clock.now()
    const before = await ledger.syncs()
    const lists = new Map<string, Set<string>>()
    let changed = 0
    let failure: BotError | null = null
    const failed = async (okmsId: string, error: BotError) => {
      failure = error
      const { doneAtMs = null, failingSinceMs = startedAtMs } = before.get(okmsId) ?? {}
      await ledger.noteSync(okmsId, { doneAtMs, failingSinceMs: failingSinceMs ?? startedAtMs })
    }
    const all = await okms.list(signal).catch(async (thrown: unknown) => {
      for (const okmsId of before.keys()) await failed(okmsId, BotError.from(thrown))
      throw thrown
    })
    for (const { id, name } of all) {
      try {
        const { ids, news } = await compare(tick, rules, {
          id,
          name,
          first: (before.get(id)?.doneAtMs ?? null) === null,
        })
        lists.set(id, ids)
        changed += news
      } catch (thrown) {
        // The others are compared all the same.
        const error = BotError.from(thrown)
        await failed(id, error)
        log.warn('credentials of an OKMS could not be listed', { okmsId: id, code: error.code })
      }
    }
    changed += await missing(tick, rules, lists, startedAtMs)
    for (const okmsId of lists.keys()) {
      await ledger.noteSync(okmsId, { doneAtMs: startedAtMs, failingSinceMs: null })
    }
    if (changed > 0) await wake('remind')
    if (failure) throw failure
    return undefined
  },
})

/** One OKMS, page by page. Answers every id that OVHcloud lists, and how many entries are new or other than they were. */
async function compare(
  tick: TickContext,
  rules: ReminderRules,
  okms: { id: string; name: string; first: boolean },
): Promise<{ ids: Set<string>; news: number }> {
  const { ledger, signal } = tick
  const ids = new Set<string>()
  const unknown: Followed[] = []
  let news = 0
  for await (const page of tick.okms.credentialPages(okms.id, signal)) {
    const known = await ledger.find(page.map(({ id }) => id))
    for (const one of page) {
      const entry = known.get(one.id)
      // What is being deleted is as good as gone.
      if (one.status !== 'DELETING') ids.add(one.id)
      if (one.status !== 'READY') continue
      if (!entry) unknown.push(entryOf(one, okms.name, rules))
      else if (differs(entry, one, okms.name)) {
        await ledger.change(one.id, now =>
          differs(now, one, okms.name) ? corrected(now, one, okms.name) : null,
        )
        news++
      }
    }
  }
  return { ids, news: news + (await follow(tick, rules, okms, unknown)) }
}

function entryOf(one: Credential, okmsName: string, rules: ReminderRules): Followed {
  const { id, okmsId, name, fromCsr, createdAt, expiresAt, description } = one
  return {
    credentialId: id,
    okmsId,
    okmsName,
    name,
    profile: rules.profileNamed(name),
    owner: null,
    channel: null,
    // A run of the bot is about to say whose it is.
    runId: markedRun(description),
    fromCsr,
    startsAt: createdAt,
    expiresAt,
    reminded: { toldMs: null, cards: [], snoozed: null, stale: false },
  }
}

function markedRun(description: string | null): string | null {
  const at = description?.lastIndexOf(MARK_BEGINS) ?? -1
  return at < 0 ? null : description!.slice(at + MARK_BEGINS.length).split('.')[0]!
}

const differs = (entry: Followed, one: Credential, okmsName: string) =>
  entry.solution?.how === 'vanished' ||
  entry.okmsName !== okmsName ||
  entry.name !== one.name ||
  entry.expiresAt !== one.expiresAt

/** One that is listed again was not gone. */
function corrected(entry: Followed, { name, expiresAt }: Credential, okmsName: string): Followed {
  const { solution, reminded, ...rest } = entry
  const isBack = solution?.how === 'vanished'
  return {
    ...rest,
    name,
    okmsName,
    expiresAt,
    ...(solution && !isBack ? { solution } : {}),
    reminded: { ...reminded, stale: reminded.stale || (isBack && reminded.cards.length > 0) },
  }
}

/** Takes up what the ledger does not know, and tells of what others made. */
async function follow(
  tick: TickContext,
  rules: ReminderRules,
  okms: { name: string; first: boolean },
  unknown: readonly Followed[],
): Promise<number> {
  let followed = 0
  for (const { target, entries } of byTarget(unknown, rules)) {
    for (const some of inPortions(entries)) {
      followed += await claimStill(tick, rules, async () => {
        const known = await tick.ledger.find(some.map(({ credentialId }) => credentialId))
        const looked = some
          .filter(({ credentialId }) => !known.has(credentialId))
          .map((entry): Looked => ({ seen: null, entry, lookAtMs: 0 }))
        // The bot's own are told of by their runs.
        const credentialIds = looked.flatMap(({ entry }) =>
          entry.runId === null ? [entry.credentialId] : [],
        )
        const saying: Saying | null =
          target && credentialIds.length > 0
            ? { kind: 'found', target, okmsName: okms.name, first: okms.first, credentialIds }
            : null
        return { looked, saying }
      })
    }
  }
  return followed
}

/** Entries may change while they are looked at; what cannot be claimed by then is left to the next sync. */
const TRIES = 4

async function claimStill(
  tick: TickContext,
  rules: ReminderRules,
  prepare: () => Promise<{ looked: Looked[]; saying: Saying | null }>,
): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { looked, saying } = await prepare()
    if (looked.length === 0) return 0
    const said: Said | null = saying && { number: await tick.reminders.nextNumber(), saying }
    if (!(await tick.reminders.claim(looked, said))) continue
    if (said) await carryOut(tick, rules, said)
    return looked.length
  }
  return 0
}

/** What the lists of their OKMS do not hold any more. */
async function missing(
  tick: TickContext,
  rules: ReminderRules,
  lists: ReadonlyMap<string, ReadonlySet<string>>,
  startedAtMs: number,
): Promise<number> {
  const { ledger } = tick
  const gone: Followed[] = []
  for await (const page of ledger.pages()) {
    for (const entry of page) {
      if (lists.get(entry.okmsId)?.has(entry.credentialId) !== false) continue
      if (Date.parse(entry.startsAt) > startedAtMs - CLOCKS_DIFFER_MS) continue
      const expiresAtMs = Date.parse(entry.expiresAt)
      const endedAtMs = entry.solution ? Date.parse(entry.solution.at) : expiresAtMs
      if (entry.solution || expiresAtMs <= startedAtMs) {
        if (endedAtMs < startedAtMs - KEEP_ENDED_MS) await ledger.forget(entry.credentialId)
      } else gone.push(entry)
    }
  }
  let news = 0
  for (const { target, entries } of byTarget(unique(gone), rules)) {
    for (const some of inPortions(entries)) news += await tellGone(tick, rules, target, some)
  }
  return news
}

const tellGone = (
  tick: TickContext,
  rules: ReminderRules,
  target: Target | null,
  entries: readonly Followed[],
): Promise<number> =>
  claimStill(tick, rules, async () => {
    const solution = { how: 'vanished', at: new Date(tick.clock.now()).toISOString() } as const
    const looked = (await tick.reminders.see(entries.map(({ credentialId }) => credentialId)))
      .filter(({ entry }) => !entry.solution)
      .map((seen): Looked => {
        const { entry } = seen
        const reminded = { ...entry.reminded, stale: entry.reminded.cards.length > 0 }
        return { seen, entry: { ...entry, solution, reminded }, lookAtMs: 0 }
      })
    const credentialIds = looked.map(({ entry }) => entry.credentialId)
    return { looked, saying: target && { kind: 'vanished', target, credentialIds } }
  })

function byTarget(entries: readonly Followed[], rules: ReminderRules) {
  const groups = new Map<string, { target: Target | null; entries: Followed[] }>()
  for (const entry of entries) {
    const conversation = rules.channelOf(entry)
    const target: Target | null = conversation
      ? { to: 'conversation', conversation }
      : entry.owner && { to: 'person', actor: entry.owner }
    const key = JSON.stringify(target)
    const group = groups.get(key) ?? { target, entries: [] }
    groups.set(key, group)
    group.entries.push(entry)
  }
  return [...groups.values()]
}

/** A scan may come by the same entry twice. */
const unique = (entries: readonly Followed[]) => [
  ...new Map(entries.map(entry => [entry.credentialId, entry])).values(),
]

function* inPortions<T>(all: readonly T[]): Generator<T[]> {
  for (let i = 0; i < all.length; i += AT_ONCE) yield all.slice(i, i + AT_ONCE)
}
