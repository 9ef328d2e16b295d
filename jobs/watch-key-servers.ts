/**
 * Compares, every hour, what each Private Cloud trusts with what its OKMS shows. One card per finding, told once, kept true while it
 * lasts, and closed when it has healed. Not being able to look is a finding too, and closes none of the others.
 */
import { BotError, defineTick, type KeyServer, type Reply, type TickContext } from '../src/core/index.js'
import { trusts } from './key-server/compare.js'
import { type Measured, measureOkms } from './key-server/measure.js'
import { okmsBehind } from './key-server/okms-behind.js'
import { type FoundCard, findingCard, healedCard, isNear } from './watch/cards.js'

/** Private Clouds looked at side by side; each costs a few calls. */
const AT_ONCE = 4

/** What one look says of one subject: which findings are there, and which certainly are not. */
interface Look {
  okms: { id: string; name: string } | null
  there: FoundCard[]
  cleared: string[]
}

export const watch = defineTick({
  name: 'watch',
  every: '1h',

  async run(tick) {
    const { privateCloud, findings, signal } = tick
    const names = await privateCloud.list(signal)
    const open = await findings.all()
    const measured = new Map<string, Promise<Measured>>()
    const measure = (okmsId: string) => {
      const known = measured.get(okmsId) ?? measureOkms(okmsId, tick)
      measured.set(okmsId, known)
      return known
    }
    const looks: Look[] = []
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const some = names.slice(at, at + AT_ONCE)
      looks.push(...(await Promise.all(some.map(name => lookAtCloud(tick, name, measure)))).flat())
    }
    for (const look of looks) for (const card of look.there) await tell(tick, look, card)
    const cleared = new Set(looks.flatMap(look => look.cleared))
    // A Private Cloud that is not in the account any more has no findings either.
    for (const id of open.keys()) {
      const [cloud, ...rest] = id.split('/')
      if (rest.length > 0 && !names.includes(cloud!)) cleared.add(id)
    }
    for (const id of cleared) await close(tick, id)
    return undefined
  },
})

async function lookAtCloud(
  tick: TickContext,
  cloud: string,
  measure: (okmsId: string) => Promise<Measured>,
): Promise<Look[]> {
  const unread = `${cloud}/unread`
  let entries: KeyServer[]
  try {
    entries = await tick.privateCloud.keyServers(cloud, tick.signal)
  } catch (thrown) {
    const { message } = known(thrown)
    return [{ okms: null, there: [{ what: 'unread', id: unread, cloud, why: message }], cleared: [] }]
  }
  const looks = await Promise.all(
    entries
      .filter(({ state }) => state === 'delivered' || state === 'toUpdate' || state === 'updating')
      .map(entry => lookAtEntry(tick, cloud, entry, measure)),
  )
  const gone = [...(await tick.findings.all()).keys()].filter(id => {
    const [name, kmsId] = id.split('/')
    return name === cloud && /^\d+$/.test(kmsId!) && !entries.some(entry => String(entry.kmsId) === kmsId)
  })
  return [{ okms: null, there: [], cleared: [unread, ...gone] }, ...looks]
}

async function lookAtEntry(
  tick: TickContext,
  cloud: string,
  entry: KeyServer,
  measure: (okmsId: string) => Promise<Measured>,
): Promise<Look> {
  const { kmsId, ip, sslThumbprint } = entry
  const idOf = (what: string) => `${cloud}/${kmsId}/${what}`
  const about = { cloud, kmsId, ip }
  const kinds = ['changed', 'moved', 'expiring', 'unreachable'].map(idOf)
  let okms: Look['okms'] = null
  try {
    okms = await okmsBehind(tick, cloud, entry)
    // Somebody else's key server: nothing of ours to compare it with.
    if (!okms) return { okms, there: [], cleared: kinds }
    const now = await measure(okms.id)
    const live = now.addresses.find(address => address.ip === ip)
    const there: FoundCard[] = []
    const [first] = now.addresses
    if (!live && first) {
      there.push({
        ...about,
        what: 'moved',
        id: idOf('moved'),
        okms: okms.name,
        now: first.ip,
        trusted: sslThumbprint,
      })
    }
    if (live && !trusts(entry, live)) {
      there.push({
        ...about,
        what: 'changed',
        id: idOf('changed'),
        okms: okms.name,
        trusted: sslThumbprint,
        now: live.sha1,
      })
    }
    if (live && isNear(live.notAfter, tick.clock.now())) {
      there.push({
        ...about,
        what: 'expiring',
        id: idOf('expiring'),
        okms: okms.name,
        notAfter: live.notAfter,
      })
    }
    return { okms, there, cleared: kinds.filter(id => !there.some(found => found.id === id)) }
  } catch (thrown) {
    const error = known(thrown)
    const what = {
      ...about,
      what: 'unreachable' as const,
      id: idOf('unreachable'),
      okms: okms?.name ?? null,
      why: error.message,
    }
    return { okms, there: [what], cleared: [] }
  }
}

/** @throws what is no failure of looking */
function known(thrown: unknown): BotError {
  const error = BotError.from(thrown)
  if (error.code === 'bug') throw error
  return error
}

async function tell(tick: TickContext, { okms }: Look, card: FoundCard): Promise<void> {
  const rules = await tick.reminderRules.current()
  const conversation = rules?.channelOfOkms(okms)
  if (!conversation) {
    tick.log.warn('a finding, and no channel to tell it in', { finding: card.id })
    return
  }
  const sinceMs = tick.clock.now()
  const open = await tick.findings.open({
    id: card.id,
    sinceMs,
    target: { to: 'conversation', conversation },
  })
  await tick.tell(keyOf(open), open.target, findingCard(card, open.sinceMs))
}

async function close(tick: TickContext, id: string): Promise<void> {
  const finding = (await tick.findings.all()).get(id)
  if (!finding) return
  const healed: Reply = healedCard(id, finding.sinceMs, tick.clock.now())
  // First the card, then the note: cut off in between, it is said again and reads the same.
  await tick.rewrite(keyOf(finding), healed)
  await tick.findings.close(id)
}

const keyOf = ({ id, sinceMs }: { id: string; sinceMs: number }) => `watch/${id}/${sinceMs}`
