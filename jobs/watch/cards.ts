/** How findings of the watch read: what is wrong, what that means, and what to do; and the same card once it has healed. */
import { code, DAY_MS, formatDuration, instant, type Reply, say, type Text } from '../../src/core/index.js'

/** A certificate that ends sooner is worth a word: OVHcloud renews it in time, and then the thumbprint changes. */
const NEAR_MS = 30 * DAY_MS

export type FoundCard = { id: string; cloud: string } & (
  | { what: 'blind'; why: string }
  | { what: 'unread'; why: string }
  | { what: 'unreachable'; kmsId: number; ip: string; okms: string | null; why: string }
  | { what: 'changed'; kmsId: number; ip: string; okms: string; trusted: string; now: string }
  | { what: 'moved'; kmsId: number; ip: string; okms: string; trusted: string; now: string }
  | { what: 'expiring'; kmsId: number; ip: string; okms: string; notAfter: string }
)

export const isNear = (notAfter: string, nowMs: number) => Date.parse(notAfter) - nowMs <= NEAR_MS

const MEANS = 'Running VMs go on. New keys cannot be fetched, and a VM that restarts may stay locked.'

export function findingCard(card: FoundCard, sinceMs: number): Reply {
  const since = say`Noticed on ${instant(sinceMs)}.`
  const repair =
    card.what === 'changed' || card.what === 'moved'
      ? [
          {
            press: 'repair',
            label: 'Repair',
            subject: `${card.cloud}/${card.kmsId}`,
            style: 'primary' as const,
          },
        ]
      : []
  return {
    kind: 'text',
    mark: 'warning',
    lines: [...saidOf(card), since],
    ...(repair.length > 0 ? { buttons: repair } : {}),
  }
}

function saidOf(card: FoundCard): Text[] {
  switch (card.what) {
    case 'blind':
      return [
        `No Private Cloud can be watched: ${card.why}`,
        'Whether their key servers are still right is not known until then.',
      ]
    case 'unread':
      return [
        `${card.cloud} cannot be watched: ${card.why}`,
        'Whether its key servers are still right is not known until then.',
      ]
    case 'unreachable':
      return [
        say`Key server ${String(card.kmsId)} of ${card.cloud} (${code(card.ip)}${card.okms === null ? '' : `, ${card.okms}`}) cannot be looked at: ${card.why}`,
        `If the Private Cloud does not reach it either: ${MEANS[0]!.toLowerCase()}${MEANS.slice(1)}`,
      ]
    case 'changed':
      return [
        say`${card.cloud} does not trust the certificate that ${card.okms} shows now (key server ${String(card.kmsId)}, ${code(card.ip)}).`,
        say`Trusted ${code(card.trusted)}`,
        say`Now ${code(card.now)}`,
        MEANS,
      ]
    case 'moved':
      return [
        say`${card.okms} no longer answers at ${code(card.ip)}, where ${card.cloud} looks for it (key server ${String(card.kmsId)}).`,
        say`Now ${code(card.now)}`,
        MEANS,
      ]
    case 'expiring':
      return [
        say`The certificate of ${card.okms} at ${code(card.ip)} ends on ${instant(card.notAfter)} (key server ${String(card.kmsId)} of ${card.cloud}).`,
        'When OVHcloud puts another in its place, the Private Cloud has to be told: this card turns into one with Repair then.',
      ]
  }
}

const HEALED: Record<string, string> = {
  blind: 'can be watched again',
  unread: 'can be watched again',
  unreachable: 'can be looked at again',
  changed: 'trusts what its OKMS shows',
  moved: 'points at its OKMS',
  expiring: 'has a certificate that lasts',
}

/** @param id as the finding was named: `pcc-192-0-2-10/350/changed` */
export function healedCard(id: string, sinceMs: number, nowMs: number, isGone = false): Reply {
  const [cloud, ...rest] = id.split('/')
  const what = rest.at(-1) ?? 'blind'
  const subject =
    rest.length > 1 ? `Key server ${rest[0]} of ${cloud}` : rest.length === 1 ? cloud! : 'Private Clouds'
  const how = isGone ? 'is not registered any more' : (HEALED[what] ?? 'is well')
  return {
    kind: 'text',
    mark: 'done',
    lines: [
      say`${subject} ${how}. It took ${formatDuration(Math.max(60_000, nowMs - sinceMs))} from ${instant(sinceMs)}.`,
    ],
  }
}
