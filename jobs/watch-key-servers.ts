/**
 * Compares, every hour, what each Private Cloud trusts with what its OKMS shows. One card per finding, told once, kept true while it
 * lasts, and closed when it has healed. Not being able to look is a finding too, and closes none of the others.
 */
import {
  BotError,
  defineTick,
  type KeyServer,
  parseEndpoint,
  type Reply,
  type TickContext,
} from '../src/core/index.js'
import { trusts } from './key-server/compare.js'
import { KMIP_RSA_PORT, type Measured, measureOkms } from './key-server/measure.js'
import { okmsBehind } from './key-server/okms-behind.js'
import { type FoundCard, findingCard, healedCard, isNear } from './watch/cards.js'

/** Private Clouds looked at side by side; each costs a few calls. */
const AT_ONCE = 4

/** What one look says of one subject: which findings are there, and which certainly are not. */
interface Look {
  okms: { id: string; name: string } | null
  there: FoundCard[]
  cleared: string[]
  /** Findings about what is not registered any more. */
  gone?: string[]
}

const NOBODY: Look = { okms: null, there: [], cleared: [] }
/** Not one Private Cloud could be looked at. */
const BLIND = 'account'

export const watch = defineTick({
  name: 'watch',
  every: '1h',

  async run(tick) {
    const { privateCloud, findings, signal } = tick
    const open = await findings.all()
    let names: string[]
    try {
      names = await privateCloud.list(signal)
    } catch (thrown) {
      const { message } = known(thrown)
      await tell(tick, NOBODY, { what: 'blind', id: BLIND, cloud: '', why: message })
      throw thrown
    }
    await close(tick, BLIND)
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
    const gone = new Set(looks.flatMap(look => look.gone ?? []))
    // A Private Cloud that is not in the account any more has no findings either.
    for (const id of open.keys()) {
      const [cloud, ...rest] = id.split('/')
      if (rest.length > 0 && !names.includes(cloud!)) gone.add(id)
    }
    for (const id of cleared) await close(tick, id)
    for (const id of gone) await close(tick, id, true)
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
      .map(entry =>
        lookAtEntry(
          tick,
          cloud,
          entry,
          entries.filter(one => one !== entry).map(one => one.ip),
          measure,
        ),
      ),
  )
  const gone = [...(await tick.findings.all()).keys()].filter(id => {
    const [name, kmsId] = id.split('/')
    return name === cloud && /^\d+$/.test(kmsId!) && !entries.some(entry => String(entry.kmsId) === kmsId)
  })
  return [{ okms: null, there: [], cleared: [unread], gone }, ...looks]
}

async function lookAtEntry(
  tick: TickContext,
  cloud: string,
  entry: KeyServer,
  others: readonly string[],
  measure: (okmsId: string) => Promise<Measured>,
): Promise<Look> {
  const { kmsId, ip, sslThumbprint } = entry
  const idOf = (what: string) => `${cloud}/${kmsId}/${what}`
  const about = { cloud, kmsId, ip }
  const kinds = ['changed', 'moved', 'expiring', 'unreachable'].map(idOf)
  let okms: Look['okms'] = null
  try {
    okms = await okmsBehind(tick, cloud, entry)
    // Somebody else's key server: nothing of ours to compare it with, and nothing that would have healed.
    if (!okms) return { okms, there: [], cleared: [] }
    await rememberWhose(tick, cloud, kmsId, okms.id)
    const now = await measure(okms.id)
    const live = now.addresses.find(address => address.ip === ip)
    const there: FoundCard[] = []
    // One of several that no other key server of this Private Cloud has, as repairing would take.
    const first = now.addresses.find(address => !others.includes(address.ip)) ?? now.addresses[0]
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

/** An address is all that OVHcloud keeps: once it moves, nothing else tells whose key server it was. */
async function rememberWhose(tick: TickContext, cloud: string, kmsId: number, okmsId: string): Promise<void> {
  if (await tick.ledger.keyServer(cloud, kmsId)) return
  const okms = await tick.okms.show(okmsId, tick.signal)
  const endpoint = okms && parseEndpoint(okms.kmipRsaEndpoint ?? okms.kmipEndpoint, KMIP_RSA_PORT)
  if (endpoint) await tick.ledger.rememberKeyServer({ cloud, kmsId, okmsId, ...endpoint })
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

async function close(tick: TickContext, id: string, isGone = false): Promise<void> {
  const finding = (await tick.findings.all()).get(id)
  if (!finding) return
  const healed: Reply = healedCard(id, finding.sinceMs, tick.clock.now(), isGone)
  // First the card, then the note: cut off in between, it is said again and reads the same.
  await tick.rewrite(keyOf(finding), healed)
  await tick.findings.close(id)
}

const keyOf = ({ id, sinceMs }: { id: string; sinceMs: number }) => `watch/${id}/${sinceMs}`
