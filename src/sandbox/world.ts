/** All that the stand-in knows: one account with its OKMS, Private Clouds, identities and keys. In memory, new at every start. */
import { randomInt, randomUUID } from 'node:crypto'
import type { MovableClock } from '../core/ports/clock.js'
import { Iam } from './access.js'
import type { Authorities } from './authorities.js'
import { Credentials } from './credentials.js'
import { Keyring } from './keyring.js'
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

export interface PrivateCloud {
  seq: number
  serviceName: string
  description: string
  location: string
  iamId: string
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
  privateClouds: Map<string, PrivateCloud>
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
  addressesOf: World['addressesOf']
}): World {
  const { clock, authorities, settings, creatingMs, addressesOf } = parts
  const world: World = {
    clock,
    account: {
      nichandle: 'ab12345-ovh',
      subsidiary: 'FR',
      users: ['reader1', 'vcenter1'],
      groups: ['ADMIN', 'DEFAULT', 'UNPRIVILEGED', 'reader', 'vcenter'],
    },
    keyring: new Keyring(clock),
    iam: new Iam(),
    authorities,
    credentials: new Credentials({ clock, authority: authorities.users, creatingMs }),
    serviceKeys: new ServiceKeys(clock),
    okms: new Map(),
    privateClouds: new Map(),
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
  addPrivateClouds(world, 2)
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

/** More OKMS, going round the regions. */
export function seedOkms(world: World, count: number): void {
  for (let i = 0; i < count; i++) {
    const n = world.okms.size + 1
    addOkms(world, REGION_IDS[(n - 1) % REGION_IDS.length]!, `seeded-kms-${n}`)
  }
}

/** Named after addresses of the documentation ranges: 192.0.2.10, .20, … then 198.51.100.x and 203.0.113.x (RFC 5737). */
export function addPrivateClouds(world: World, count: number): void {
  const ranges = ['192-0-2', '198-51-100', '203-0-113']
  for (let i = 0; i < count; i++) {
    const n = world.privateClouds.size
    const serviceName = `pcc-${ranges[Math.floor(n / 25) % 3]}-${((n % 25) + 1) * 10}${n < 75 ? '' : `-${n}`}`
    world.privateClouds.set(serviceName, {
      seq: n + 1,
      serviceName,
      description: `Private Cloud ${n + 1}`,
      location: 'rbx2a',
      iamId: randomUUID(),
    })
  }
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
