/** All that the stand-in knows: one account with its OKMS, Private Clouds, identities and keys. In memory, new at every start. */
import { randomInt, randomUUID } from 'node:crypto'
import type { MovableClock } from '../core/ports/clock.js'
import { Iam } from './access.js'
import type { Authorities } from './authorities.js'
import { Carts } from './carts.js'
import { CloudTasks } from './cloud-tasks.js'
import { Credentials } from './credentials.js'
import { KeyServers } from './key-servers.js'
import { Keyring } from './keyring.js'
import { Orders } from './orders.js'
import { PrivateClouds } from './private-clouds.js'
import { notFound } from './refusal.js'
import { REGION_IDS, type RegionId } from './regions.js'
import type { OkmsState } from './schemas.js'
import { ServiceKeys } from './service-keys.js'

export interface OkmsService {
  seq: number
  id: string
  region: RegionId
  displayName: string
  state: OkmsState
  /** Of the IAM resource, another one than `id`. */
  iamId: string
  kmipObjectCount: number
  secretCount: number
  secretVersionCount: number
}

/** `ip:port` each. */
export interface KmipAddresses {
  kmip: string
  kmipRsa: string
}

export interface World {
  clock: MovableClock
  /** Made up; the policy of the demo names the groups. */
  account: { nichandle: string; subsidiary: string; users: readonly string[]; groups: readonly string[] }
  keyring: Keyring
  iam: Iam
  authorities: Authorities
  credentials: Credentials
  serviceKeys: ServiceKeys
  okms: Map<string, OkmsService>
  privateClouds: PrivateClouds
  cloudTasks: CloudTasks
  keyServers: KeyServers
  orders: Orders
  carts: Carts
  settings: {
    /** As given, such as `3s`. */
    creating: string
    customerWait: string
    /** Whether answers name the RSA endpoint of a region. */
    showsKmipRsaEndpoint: boolean
  }
  addressesOf: (region: RegionId) => KmipAddresses
}

export function createWorld(parts: {
  clock: MovableClock
  authorities: Authorities
  settings: World['settings']
  creatingMs: number
  customerWaitMs: number
  addressesOf: World['addressesOf']
}): World {
  const { clock, authorities, settings, creatingMs, customerWaitMs, addressesOf } = parts
  const cloudTasks = new CloudTasks(clock)
  const account = {
    nichandle: 'ab12345-ovh',
    subsidiary: 'FR',
    users: ['reader1', 'vcenter1'],
    groups: ['ADMIN', 'DEFAULT', 'UNPRIVILEGED', 'reader', 'vcenter'],
  }
  const orders = new Orders(clock, ({ region }) => deliverOkms(world, region as RegionId).id)
  const world: World = {
    clock,
    account,
    orders,
    carts: new Carts(clock, orders, account),
    keyring: new Keyring(clock),
    iam: new Iam(),
    authorities,
    credentials: new Credentials({ clock, authority: authorities.users, creatingMs }),
    serviceKeys: new ServiceKeys(clock),
    okms: new Map(),
    privateClouds: new PrivateClouds({ clock, tasks: cloudTasks }),
    cloudTasks,
    keyServers: new KeyServers({
      tasks: cloudTasks,
      customerWaitMs,
      portOf: ip => rsaPortAt(ip, addressesOf),
    }),
    settings,
    addressesOf,
  }
  const prod = addOkms(world, 'eu-west-rbx', 'prod-kms')
  const lab = addOkms(world, 'eu-west-sbg', 'lab-kms')
  world.serviceKeys.create(prod.id, {
    name: 'backup',
    type: 'oct',
    size: 256,
    operations: ['encrypt', 'decrypt'],
  })
  world.serviceKeys.create(prod.id, {
    name: 'signing',
    type: 'EC',
    curve: 'P-256',
    operations: ['sign', 'verify'],
  })
  world.serviceKeys.create(lab.id, { name: 'trial', type: 'RSA', size: 2048, operations: ['sign', 'verify'] })
  world.privateClouds.add(2)
  return world
}

export function addOkms(world: World, region: RegionId, displayName: string): OkmsService {
  const okms: OkmsService = {
    seq: world.okms.size + 1,
    id: randomUUID(),
    region,
    displayName,
    state: 'OK',
    iamId: randomUUID(),
    kmipObjectCount: randomInt(1, 60),
    secretCount: 0,
    secretVersionCount: 0,
  }
  world.okms.set(okms.id, okms)
  return okms
}

/** A new one has its id for a name until somebody gives it another. */
function deliverOkms(world: World, region: RegionId): OkmsService {
  const okms = addOkms(world, region, '')
  okms.displayName = okms.id
  okms.kmipObjectCount = 0
  return okms
}

/** More OKMS, going round the regions. */
export function seedOkms(world: World, count: number): void {
  for (let i = 0; i < count; i++) {
    const n = world.okms.size + 1
    addOkms(world, REGION_IDS[(n - 1) % REGION_IDS.length]!, `seeded-kms-${n}`)
  }
}

/** Of the first region there; `null` where the stand-in has none. */
function rsaPortAt(ip: string, addressesOf: World['addressesOf']): number | null {
  const address = REGION_IDS.map(region => addressesOf(region).kmipRsa).find(at => at.startsWith(`${ip}:`))
  return address === undefined ? null : Number(address.slice(ip.length + 1))
}

/** @throws Refusal 404 */
export function okmsOf(world: World, okmsId: string): OkmsService {
  const okms = world.okms.get(okmsId.toLowerCase())
  if (okms === undefined) throw notFound()
  return okms
}

export function okmsUrn(okmsId: string): string {
  return `urn:v1:eu:resource:okms:${okmsId}`
}

export function privateCloudUrn(serviceName: string): string {
  return `urn:v1:eu:resource:pccVMware:${serviceName}`
}
