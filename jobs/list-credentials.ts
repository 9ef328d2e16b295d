/**
 * Credentials of one OKMS or of all, with the owner the bot knows. One list call per page, none per credential; when OVHcloud does not
 * answer, what the ledger knows, and how old that is.
 */
import { z } from 'zod'
import {
  BotError,
  type Credential,
  choose,
  defineRead,
  type ErrorCode,
  type Ledger,
  type ReadContext,
} from '../src/core/index.js'

const STATUSES = ['CREATING', 'READY', 'DELETING', 'ERROR', 'EXPIRED'] as const

export interface CredentialSummary
  extends Pick<Credential, 'id' | 'okmsId' | 'name' | 'status' | 'fromCsr' | 'createdAt' | 'expiresAt'> {
  okmsName: string
  /** `null`: made outside the bot, or before it. */
  owner: string | null
  /** When we looked, by the worker's clock. */
  seenAtMs: number
}

export interface CredentialList {
  credentials: CredentialSummary[]
  /** OVHcloud did not answer: this is what the bot knew then, as an ISO instant. */
  knownAt: string | null
}

const wish = z.object({
  okms: z.string().optional(),
  status: z.enum(STATUSES).optional(),
  /** Milliseconds from now. */
  expiringWithinMs: z.number().optional(),
})
type Wish = z.output<typeof wish>
type Asked = ReadContext<Wish>

/** OVHcloud, or the way to it, is down. */
const DOWN: readonly ErrorCode[] = ['ovh.unreachable', 'ovh.broken', 'ovh.rate-limited']

export const listCredentials = defineRead({
  name: 'list-credentials',
  input: wish,

  async run(asked): Promise<CredentialList> {
    try {
      return { credentials: sorted(await live(asked)), knownAt: null }
    } catch (thrown) {
      const known = BotError.from(thrown)
      if (!DOWN.includes(known.code)) throw thrown
      const remembered = await fromLedger(asked)
      if (remembered === null) throw thrown
      return remembered
    }
  },
})

const sorted = (all: CredentialSummary[]) =>
  all.sort((a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt))

async function live({ input, okms, ledger, clock, signal, wake }: Asked): Promise<CredentialSummary[]> {
  const all = await okms.list(signal)
  const among = input.okms === undefined ? all : [choose(all, input.okms, 'OKMS', '/okms list')]
  const found: CredentialSummary[] = []
  let unknown = false
  for (const { id, name } of among) {
    for await (const page of okms.credentialPages(id, signal)) {
      const entries = await ledger.find(page.map(one => one.id))
      for (const one of page) {
        const entry = entries.get(one.id)
        unknown ||= !entry && one.status === 'READY'
        const { id: credentialId, okmsId, name: called, status, fromCsr, createdAt, expiresAt } = one
        const summary = {
          ...{ id: credentialId, okmsId, name: called, status, fromCsr, createdAt, expiresAt },
          okmsName: name,
          owner: entry?.owner?.name ?? null,
          seenAtMs: clock.now(),
        }
        if (isWanted(summary, input, clock.now())) found.push(summary)
      }
    }
  }
  // What somebody looks at is followed from now on, not from the next quarter of an hour.
  if (unknown) await wake('sync')
  return found
}

/** `null`: the ledger was never compared with OVHcloud, and knows nothing worth showing. */
async function fromLedger({ input, ledger, clock }: Asked): Promise<CredentialList | null> {
  const comparedAt = new Map(
    [...(await ledger.syncs())].flatMap(([okmsId, { doneAtMs }]) =>
      doneAtMs === null ? [] : [[okmsId, doneAtMs] as const],
    ),
  )
  if (comparedAt.size === 0) return null
  const known = await rememberedIn(ledger, clock.now())
  const among =
    input.okms === undefined ? known : known.filter(({ okmsId }) => okmsId === okmsCalled(known, input.okms!))
  const wanted = among.filter(one => isWanted(one, input, clock.now()))
  const asOf =
    input.okms === undefined
      ? [...comparedAt.values()]
      : wanted.flatMap(one => comparedAt.get(one.okmsId) ?? [])
  const knownAtMs = Math.min(...(asOf.length > 0 ? asOf : comparedAt.values()))
  return { credentials: sorted(wanted), knownAt: new Date(knownAtMs).toISOString() }
}

async function rememberedIn(ledger: Ledger, nowMs: number): Promise<CredentialSummary[]> {
  const found = new Map<string, CredentialSummary>()
  for await (const page of ledger.pages()) {
    for (const entry of page) {
      const {
        credentialId: id,
        okmsId,
        okmsName,
        name,
        owner,
        fromCsr,
        startsAt,
        expiresAt,
        solution,
      } = entry
      if (solution && solution.how !== 'renewed') continue
      const status = Date.parse(expiresAt) > nowMs ? 'READY' : 'EXPIRED'
      const times = { createdAt: startsAt, expiresAt, seenAtMs: nowMs }
      found.set(id, { id, okmsId, okmsName, name, status, fromCsr, ...times, owner: owner?.name ?? null })
    }
  }
  return [...found.values()]
}

function okmsCalled(known: readonly CredentialSummary[], wanted: string): string {
  const okms = new Map(known.map(({ okmsId: id, okmsName: name }) => [id, { id, name }]))
  return choose([...okms.values()], wanted, 'OKMS', '/okms list').id
}

function isWanted(one: CredentialSummary, { status, expiringWithinMs }: Wish, nowMs: number): boolean {
  if (status !== undefined && one.status !== status) return false
  if (expiringWithinMs === undefined) return true
  const expires = Date.parse(one.expiresAt)
  const isLive = one.status === 'READY' || one.status === 'CREATING'
  return isLive && expires >= nowMs && expires <= nowMs + expiringWithinMs
}
