/** What happens at OVHcloud in three years: credentials are made, by the bot and by others, renewed, revoked, and expire. */
import type { Credential, Okms, OkmsPort } from '../../src/core/ports/okms.js'
import type { SeededChance } from './chance.js'

export const DAY = 86_400_000
export const HOUR = 3_600_000
/** OVHcloud's pages hold so many. */
const PAGE = 100
/** For so long an expired credential is listed. */
const LISTED_AFTER_EXPIRY = 30 * DAY

export interface SimulatedCredential {
  id: string
  okmsId: string
  okmsName: string
  name: string
  /** The channel that is to be told. */
  place: string
  madeBy: 'bot' | 'others'
  madeAtMs: number
  expiresAtMs: number
  /** When it stops being in use, and how; `null`: it expires. */
  ends: { atMs: number; how: 'renewed' | 'revoked by the bot' | 'revoked by others' } | null
  /** When the bot was told that it needs no reminder. */
  solvedAtMs: number | null
  /** When the bot first had the chance to see it as one in use. */
  seenAtMs: number | null
}

const OKMS = [
  { id: '00000000-0000-4000-8000-00000000000a', name: 'alpha-kms' },
  { id: '00000000-0000-4000-8000-00000000000b', name: 'beta-kms' },
  { id: '00000000-0000-4000-8000-00000000000c', name: 'gamma-kms' },
] as const

export const POLICY = `
people:
  ana: { console: ana }
roles:
  operator: { people: [ana] }
grants:
  - { allow: [read, credential:issue, reminders:manage], to: [operator], in: ["*"] }
profiles:
  reader: { use: [operator], identities: ["urn:v1:eu:identity:group:ab12345-ovh/reader"], channel: console:readers }
  writer: { use: [operator], identities: ["urn:v1:eu:identity:group:ab12345-ovh/writer"], channel: console:writers, reminders: [7d, 1d, 0d] }
reminders:
  default: [30d, 14d, 7d, 3d, 1d, 0d]
  channel: console:rest
  okms: { beta-kms: console:night }
  channels:
    console:rest: { thresholds: [20d, 2d, 0d] }
    console:night: { quietHours: 20:00-06:00, timeZone: America/New_York }
`

/** What the policy above says, written down a second time. */
export const WANTED: Record<string, readonly number[]> = {
  readers: [30, 14, 7, 3, 1, 0],
  writers: [7, 1, 0],
  rest: [20, 2, 0],
  night: [30, 14, 7, 3, 1, 0],
}

const idOf = (number: number) => `10000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** Sorted by when they are made. */
export function makeCredentials(chance: SeededChance, count: number, from: number, to: number) {
  const all = Array.from({ length: count }, (_, number): SimulatedCredential => {
    const okms = chance.pick(OKMS)
    const madeBy = chance.happens(0.3) ? 'others' : 'bot'
    const name =
      madeBy === 'bot' ? chance.pick(['reader', 'writer']) : chance.pick(['backup', 'reader', 'esx'])
    const lifeMs = chance.pick([2, 5, 10, 30, 30, 30, 60, 90, 90, 365]) * DAY
    const madeAtMs = from + Math.floor(chance.number() * (to - from))
    return {
      id: idOf(number),
      okmsId: okms.id,
      okmsName: okms.name,
      name,
      place: placeOf(name, okms.name),
      madeBy,
      madeAtMs,
      expiresAtMs: madeAtMs + lifeMs,
      ends: endOf(chance, madeBy, madeAtMs, lifeMs),
      solvedAtMs: null,
      seenAtMs: null,
    }
  })
  return all.sort((a, b) => a.madeAtMs - b.madeAtMs)
}

function placeOf(name: string, okmsName: string): string {
  if (name === 'reader') return 'readers'
  if (name === 'writer') return 'writers'
  return okmsName === 'beta-kms' ? 'night' : 'rest'
}

function endOf(
  chance: SeededChance,
  madeBy: SimulatedCredential['madeBy'],
  madeAtMs: number,
  lifeMs: number,
): SimulatedCredential['ends'] {
  const how = chance.happens(0.35)
    ? null
    : chance.pick(
        madeBy === 'bot'
          ? (['renewed', 'renewed', 'revoked by the bot', 'revoked by others'] as const)
          : (['revoked by the bot', 'revoked by others', 'revoked by others'] as const),
      )
  if (how === null) return null
  // Most people act late, some after the end.
  const share = Math.min(1.05, 1 - chance.number() ** 3)
  return {
    atMs: madeAtMs + Math.max(HOUR, Math.floor(lifeMs * (how === 'renewed' ? share * 1.05 : share))),
    how,
  }
}

/** OVHcloud as the bot sees it: pages of what is listed now. */
export function simulatedOkms(all: readonly SimulatedCredential[], now: () => number) {
  let calls = 0
  const isListed = (one: SimulatedCredential) =>
    one.madeAtMs <= now() &&
    one.expiresAtMs + LISTED_AFTER_EXPIRY > now() &&
    !(one.ends && one.ends.how !== 'renewed' && one.ends.atMs <= now())
  const port: Pick<OkmsPort, 'list' | 'credentialPages'> = {
    async list() {
      calls++
      return OKMS.map(({ id, name }) => ({ id, name }) as Okms)
    },
    async *credentialPages(okmsId) {
      const listed = all.filter(one => one.okmsId === okmsId && isListed(one))
      for (let i = 0; i === 0 || i < listed.length; i += PAGE) {
        calls++
        yield listed.slice(i, i + PAGE).map(one => credentialOf(one, now()))
      }
    },
  }
  return { port: port as OkmsPort, isListed, calls: () => calls }
}

const credentialOf = (one: SimulatedCredential, nowMs: number): Credential => ({
  id: one.id,
  okmsId: one.okmsId,
  name: one.name,
  description: one.madeBy === 'bot' ? `${one.name} [okms-bot 7F3K9Q2M.1]` : null,
  identityUrns: [],
  status: one.expiresAtMs > nowMs ? 'READY' : 'EXPIRED',
  fromCsr: false,
  certificateType: 'ECDSA',
  createdAt: new Date(one.madeAtMs).toISOString(),
  expiresAt: new Date(one.expiresAtMs).toISOString(),
  certificatePem: null,
})
