/**
 * The KMIP ports of all regions. The first region has 127.0.0.1 and the ports asked for; the others an address 127.0.0.x of
 * their own with the same ports where the system has such addresses (Linux does), else free ports of 127.0.0.1.
 */
import { realClock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import { generateKeyPair, type KeyPair } from '../../pki/keys.js'
import type { Authorities } from '../authorities.js'
import { REGIONS, type Region, type RegionId } from '../regions.js'
import type { KmipAddresses } from '../world.js'
import { createDoor, type Door, type ServerIdentity } from './door.js'

const DAY_MS = 24 * 60 * 60 * 1000
const LOOPBACK = '127.0.0.1'

/** Regions with certificates of their own: those that begin with an OKMS. The rest share one each, to start quickly. */
const OWN_CERTIFICATES = 2

/** One key of each kind for all regions: only the certificates differ, which is what clients compare. */
export interface ServerKeys {
  ec: KeyPair
  rsa: KeyPair
}

export interface KmipOptions {
  authorities: Authorities
  keys: ServerKeys
  /** 0: any free one. */
  kmipPort: number
  kmipRsaPort: number
  /** Why this bearer is refused; `null` when accepted. */
  judge: (region: RegionId, der: Uint8Array | null) => string | null
  now: () => number
  log: Log
}

export interface KmipEndpoints {
  addressesOf(region: RegionId): KmipAddresses
  /** New keys and certificates on every port. */
  rotate(): Promise<void>
  close(): Promise<void>
}

interface Place {
  region: Region
  /** The address it has when the system allows. */
  host: string
  ec: Door
  rsa: Door
}

export async function newServerKeys(): Promise<ServerKeys> {
  const [ec, rsa] = await Promise.all([generateKeyPair('ec-p256'), generateKeyPair('rsa-2048')])
  return { ec, rsa }
}

/** @throws the error of the system when a port asked for is taken */
export async function openKmip(options: KmipOptions): Promise<KmipEndpoints> {
  const { authorities, judge, now, log } = options
  const clientCa = authorities.users.certificatePem
  const places = REGIONS.map((region, index): Place => {
    const doorOf = () => createDoor({ clientCa, judge: der => judge(region.id, der), now, log })
    return { region, host: `127.0.0.${index + 1}`, ec: doorOf(), rsa: doorOf() }
  })
  const close = async () => {
    await Promise.all(places.flatMap(({ ec, rsa }) => [ec.close(), rsa.close()]))
  }
  try {
    await dress(places, authorities, options.keys)
    const addresses = new Map<RegionId, KmipAddresses>()
    let ports = { kmip: options.kmipPort, kmipRsa: options.kmipRsaPort }
    for (const place of places) {
      const mayMove = place !== places[0]
      const kmip = await open(place.ec, place.host, ports.kmip, mayMove)
      const kmipRsa = await open(place.rsa, place.host, ports.kmipRsa, mayMove)
      if (!mayMove) ports = { kmip: kmip.port, kmipRsa: kmipRsa.port }
      addresses.set(place.region.id, { kmip: nameOf(kmip), kmipRsa: nameOf(kmipRsa) })
    }
    return {
      addressesOf: region => addresses.get(region)!,
      rotate: async () => dress(places, authorities, await newServerKeys()),
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

interface Address {
  host: string
  port: number
}

async function open(door: Door, host: string, port: number, mayMove: boolean): Promise<Address> {
  try {
    return { host, port: await door.open(port, host) }
  } catch (thrown) {
    if (!mayMove) throw thrown
    return { host: LOOPBACK, port: await door.open(0, LOOPBACK) }
  }
}

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`
}

/** Gives every door its certificate. */
async function dress(places: readonly Place[], authorities: Authorities, keys: ServerKeys): Promise<void> {
  const own = places.slice(0, OWN_CERTIFICATES).map(place => [place])
  for (const group of [...own, places.slice(OWN_CERTIFICATES)]) {
    const ec = await identify(authorities.publicCa, group, keys.ec)
    const rsa = await identify(authorities.publicRsaCa, group, keys.rsa)
    for (const place of group) {
      place.ec.change(ec)
      place.rsa.change(rsa)
    }
  }
}

async function identify(
  authority: Authorities['publicCa'],
  group: readonly Place[],
  key: KeyPair,
): Promise<ServerIdentity> {
  const certificatePem = await authority.issueServer({
    commonName: group[0]!.region.host,
    dnsNames: group.map(({ region }) => region.host),
    ipAddresses: [...new Set([...group.map(({ host }) => host), LOOPBACK])],
    publicKeySpki: key.publicKeySpki,
    notBefore: new Date(realClock.now() - DAY_MS),
    notAfter: new Date(realClock.now() + 10 * 365 * DAY_MS),
  })
  return { keyPem: key.privateKey.reveal(), certificatePem }
}
