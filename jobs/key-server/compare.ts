/** What a Private Cloud has registered beside what was measured: several addresses are compared as a set. */
import { BotError, type JobContext, type KeyServer, type KeyServerState } from '../../src/core/index.js'
import type { Measured, MeasuredAddress } from './measure.js'

export interface Compared {
  /** Addresses with no key server. */
  missing: string[]
  /** Ids of key servers that trust what was measured. */
  same: number[]
  /** Key servers with the same address and another thumbprint. */
  changed: { kmsId: number; ip: string; sslThumbprint: string }[]
  /** Key servers of the same address that failed or are on their way out. */
  stuck: { kmsId: number; state: string }[]
}

const STUCK: readonly KeyServerState[] = ['error', 'deleting', 'toDelete']

/** @throws BotError `state.conflict` when the Private Cloud takes no change now */
export async function compareWithRegistered(
  { privateCloud }: Pick<JobContext<unknown>, 'privateCloud'>,
  cloud: string,
  measured: Measured,
): Promise<Compared> {
  const found = await privateCloud.show(cloud)
  if (!found) throw new BotError('input.not-found', `There is no Private Cloud ${cloud} any more.`)
  if (found.state !== 'delivered') {
    throw new BotError(
      'state.conflict',
      `${cloud} is ${found.state}, and takes changes only when it is delivered.`,
      {
        hint: 'Try again when OVHcloud is done with it.',
      },
    )
  }
  const registered = await privateCloud.keyServers(cloud)
  const compared: Compared = { missing: [], same: [], changed: [], stuck: [] }
  for (const address of measured.addresses) {
    const entry = registered.find(({ ip }) => ip === address.ip)
    if (!entry) compared.missing.push(address.ip)
    else if (STUCK.includes(entry.state)) compared.stuck.push({ kmsId: entry.kmsId, state: entry.state })
    else if (trusts(entry, address)) compared.same.push(entry.kmsId)
    else compared.changed.push({ kmsId: entry.kmsId, ip: entry.ip, sslThumbprint: entry.sslThumbprint })
  }
  return compared
}

/** OVHcloud takes SHA-1 and SHA-256 thumbprints, of either case. */
export function trusts(
  { sslThumbprint }: Pick<KeyServer, 'sslThumbprint'>,
  { sha1, sha256 }: MeasuredAddress,
): boolean {
  return [sha1, sha256].includes(sslThumbprint.toUpperCase())
}
