/** How reminders read: one card per credential, a digest of many, and what each says once it is solved. */
import {
  type Button,
  type Conversation,
  code,
  type Followed,
  formatDuration,
  type HorizonRow,
  instant,
  mention,
  type ReminderRules,
  type Reply,
  type Solution,
  say,
  type Text,
  timeLeft,
} from '../../src/core/index.js'
import { horizonOf } from '../credential/horizon.js'

const HOUR_MS = 3_600_000
/** The ledger is compared with OVHcloud every 15 min; older than this is worth a word. */
const OLD_MS = HOUR_MS

/** Messages are named after their credential and threshold; what is said again after a snooze, after its end too. */
export const cardMark = (beforeMs: number, snoozedUntilMs: number | null) =>
  snoozedUntilMs === null ? `${beforeMs / 60_000}` : `${beforeMs / 60_000}-${snoozedUntilMs}`
export const digestMark = (number: number) => `#${number}`
/** The number of a digest; `null`: the mark of a card of its own. */
export const digestNumber = (mark: string) => (mark.startsWith('#') ? Number(mark.slice(1)) : null)

export const cardKey = (credentialId: string, mark: string) => `remind/${credentialId}/${mark}`
export const digestKey = (number: number) => `remind/digest/${number}`

export interface Circumstances {
  rules: ReminderRules
  /** Where it is shown, so that people can be mentioned; `null`: to the owner alone. */
  platform: Conversation['platform'] | null
  nowMs: number
  /** Since then OVHcloud has not answered about its OKMS; `null`: it does. */
  knownAtMs: number | null
}

/** The one message about one credential at one threshold; also what it turns into. */
export function reminderCard(entry: Followed, circumstances: Circumstances): Reply {
  const { solution } = entry
  if (solution) {
    const mark = solution.how === 'vanished' ? 'warning' : 'done'
    return { kind: 'text', mark, lines: solvedLines(entry, solution) }
  }
  const { nowMs } = circumstances
  const isOver = Date.parse(entry.expiresAt) <= nowMs
  return {
    kind: 'text',
    ...(isOver ? { mark: 'warning' as const } : {}),
    lines: [
      say`${addressed(entry, circumstances)}credential ${entry.name} of ${entry.okmsName} ${whenOver(entry, nowMs)} (${instant(entry.expiresAt)}).`,
      madeBy(entry),
      isOver
        ? 'Whoever uses it is refused by the OKMS; with vSphere, new keys cannot be fetched.'
        : 'After that, whoever uses it is refused by the OKMS; with vSphere, new keys cannot be fetched.',
      ...(entry.fromCsr ? ['Its key was made elsewhere: renewing it takes a new request.'] : []),
      ...snoozeLine(entry, nowMs),
      ...ageLine(circumstances),
    ],
    buttons: buttonsOf(entry, isOver),
  }
}

function solvedLines(entry: Followed, solution: Solution): Text[] {
  const what = `${entry.name} of ${entry.okmsName}`
  switch (solution.how) {
    case 'renewed': {
      const { by, at, successorExpiresAt, oldRevokedAt } = solution
      return [
        say`${what}: renewed by ${by} on ${instant(at, 'day')}, now valid until ${instant(successorExpiresAt, 'day')}. ${
          oldRevokedAt === null
            ? say`The old one stays valid until ${instant(entry.expiresAt, 'day')}.`
            : say`The old one is revoked on ${instant(oldRevokedAt)}.`
        }`,
      ]
    }
    case 'revoked':
      return [say`${what}: revoked by ${solution.by} on ${instant(solution.at, 'day')}.`]
    case 'vanished':
      return [
        say`${what} is gone from OVHcloud, and not through the bot; noticed on ${instant(solution.at)}. Whoever used it is refused.`,
      ]
  }
}

/** `@ana: `, or nothing where nobody is known there. */
function addressed(entry: Followed, circumstances: Circumstances): Text {
  const owner = ownerThere(entry, circumstances)
  return owner ? say`${mention(owner)}: ` : ''
}

const ownerThere = ({ owner }: Followed, { rules, platform }: Pick<Circumstances, 'rules' | 'platform'>) =>
  owner && platform && rules.accountOn(owner, platform)

const whenOver = (entry: Followed, nowMs: number) => {
  const leftMs = Date.parse(entry.expiresAt) - nowMs
  return leftMs <= 0 ? 'has expired' : `expires in ${timeLeft(leftMs)}`
}

function madeBy({ owner, runId, startsAt }: Followed): Text {
  if (runId === null)
    return say`Not made by the bot, valid since ${instant(startsAt, 'day')}.${nobodys(owner)}`
  return owner
    ? say`Owned by ${owner.name}, made on ${instant(startsAt, 'day')}.`
    : say`Made on ${instant(startsAt, 'day')}.${nobodys(owner)}`
}

const nobodys = (owner: Followed['owner']) => (owner ? ` Owned by ${owner.name}.` : ' No owner is known.')

const snoozeLine = ({ reminded: { snoozed } }: Followed, nowMs: number): Text[] =>
  snoozed && snoozed.untilMs > nowMs ? [say`Snoozed by ${snoozed.by} until ${instant(snoozed.untilMs)}.`] : []

function ageLine({ knownAtMs, nowMs }: Circumstances): Text[] {
  if (knownAtMs === null || nowMs - knownAtMs < OLD_MS) return []
  return [
    say`OVHcloud has not answered for ${formatDuration(nowMs - knownAtMs)}: this is as the bot knew it on ${instant(knownAtMs)}.`,
  ]
}

function buttonsOf(entry: Followed, isOver: boolean): Button[] {
  const subject = entry.credentialId
  return [
    { press: entry.fromCsr ? 'renew-csr' : 'renew', label: 'Renew', subject, style: 'primary' },
    ...(isOver ? [] : [{ press: 'snooze', label: 'Snooze…', subject }]),
    ...(entry.owner ? [{ press: 'not-mine', label: 'Not mine', subject }] : []),
  ]
}

/** Many that are due at once, in one message; rewritten as they are solved. */
export function digestCard(entries: readonly Followed[], circumstances: Circumstances): Reply {
  const { nowMs } = circumstances
  const open = entries.filter(({ solution }) => !solution)
  const owners = new Map(
    open.flatMap(entry => {
      const owner = ownerThere(entry, circumstances)
      return owner ? [[owner.id, owner] as const] : []
    }),
  )
  const names = [...owners.values()].flatMap((owner, i) =>
    i === 0 ? [mention(owner)] : [', ', mention(owner)],
  )
  const byExpiry = [...entries].sort(
    (a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt) || a.name.localeCompare(b.name),
  )
  return {
    kind: 'table',
    title: digestTitle(open.length, entries.length),
    columns: [
      { header: 'NAME' },
      { header: 'OKMS' },
      { header: 'STATE' },
      { header: 'OWNER' },
      { header: 'ID' },
    ],
    rows: byExpiry.map(entry => [
      entry.name,
      entry.okmsName,
      entry.solution ? solvedWord(entry.solution) : whenOver(entry, nowMs),
      entry.owner?.name ?? 'unknown',
      entry.credentialId,
    ]),
    after: [
      ...(names.length > 0 ? [say`Owners: ${names}`] : []),
      ...(open.length > 0
        ? [say`${code('/okms renew <id>')} renews one · ${code('/okms snooze <id> 3d')} puts one off`]
        : []),
      ...ageLine(circumstances),
    ],
    fileName: 'reminders.txt',
    horizon: horizonOf(
      entries.map(entry => horizonRow(entry, nowMs)),
      nowMs,
      'reminders.png',
    ),
  }
}

function horizonRow({ name, okmsName, expiresAt, solution }: Followed, nowMs: number): HorizonRow {
  const expiresAtMs = Date.parse(expiresAt)
  const unsolved = expiresAtMs <= nowMs ? 'expired' : timeLeft(expiresAtMs - nowMs)
  return {
    name,
    okms: okmsName,
    expiresAtMs,
    left: solution ? (solution.how === 'vanished' ? 'gone' : solution.how) : unsolved,
    isSolved: solution !== undefined,
  }
}

function digestTitle(open: number, all: number): string {
  if (open === all) return `${all} credentials need attention`
  return open === 0
    ? `All ${all} credentials are taken care of`
    : `${open} of ${all} credentials still need attention`
}

function solvedWord(solution: Solution): string {
  return solution.how === 'vanished' ? 'gone from OVHcloud' : `${solution.how} by ${solution.by}`
}

/** More are told by their number. */
const MOST_LINES = 15

/** Credentials that others made, told once. */
export function foundCard(entries: readonly Followed[], okmsName: string, first: boolean): Reply {
  const count = entries.length === 1 ? '1 credential' : `${entries.length} credentials`
  return {
    kind: 'text',
    lines: [
      first
        ? `${okmsName} has ${count} that the bot did not make. From now on it reminds of them here.`
        : `${count} of ${okmsName} appeared that the bot did not make. It reminds of them here.`,
      ...listed(entries),
    ],
  }
}

/** Credentials that are no longer at OVHcloud, told once. */
export function vanishedCard(
  entries: readonly Followed[],
  where: Pick<Circumstances, 'rules' | 'platform'>,
): Reply {
  const isOne = entries.length === 1
  return {
    kind: 'text',
    mark: 'warning',
    lines: [
      `${isOne ? 'A credential is' : `${entries.length} credentials are`} gone from OVHcloud, and not through the bot. Whoever used ${isOne ? 'it' : 'them'} is refused.`,
      ...listed(entries, entry => {
        const owner = ownerThere(entry, where)
        return owner ? say` ${mention(owner)}` : ''
      }),
    ],
  }
}

function listed(entries: readonly Followed[], more: (entry: Followed) => Text = () => ''): Text[] {
  const shown = entries
    .slice(0, MOST_LINES)
    .map(
      entry =>
        say`${entry.name} of ${entry.okmsName}, valid until ${instant(entry.expiresAt, 'day')}, ${code(entry.credentialId)}${more(entry)}`,
    )
  const rest = entries.length - shown.length
  return rest === 0 ? shown : [...shown, say`… ${rest} more; ${code('/okms credentials')} shows all.`]
}
