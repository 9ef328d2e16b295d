/** The Private Clouds of the account and the people of their vCenters (OVHcloud API v1 schema, `dedicatedCloud.*`). */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../core/ports/clock.js'
import type { PrivateCloudState, UserChange } from './cloud-schemas.js'
import type { CloudTasks, TaskRecord } from './cloud-tasks.js'
import { conflict, notFound } from './refusal.js'

const DAY_MS = 24 * 60 * 60 * 1000
const HOUR_MS = DAY_MS / 24

/** How long a change to a user takes. No source tells; ours. */
const USER_CHANGE_MS = 1000

/** Every Private Cloud begins with one maintenance ahead, a task that is nobody's doing. */
const MAINTENANCE_IN_DAYS = { from: 7, chosen: 30, to: 60 }

export interface PrivateCloud {
  seq: number
  serviceName: string
  description: string
  location: string
  iamId: string
  state: PrivateCloudState
  createdAtMs: number
  users: CloudUser[]
}

export interface CloudUser {
  userId: number
  name: string
  canManageIpFailOvers: boolean
  canManageNetwork: boolean
  canManageRights: boolean
  encryptionRight: boolean
  fullAdminRo: boolean
  isTokenValidator: boolean
  nsxRight: boolean
  receiveAlerts: boolean
  email: string | null
  firstName: string | null
  lastName: string | null
  phoneNumber: string | null
}

export class PrivateClouds {
  readonly #clouds = new Map<string, PrivateCloud>()
  readonly #clock: Clock
  readonly #tasks: CloudTasks
  #nextUserId = 1201

  constructor(options: { clock: Clock; tasks: CloudTasks }) {
    this.#clock = options.clock
    this.#tasks = options.tasks
  }

  /** Named after addresses of the documentation ranges: 192.0.2.10, .20, … then 198.51.100.x and 203.0.113.x (RFC 5737). */
  add(count: number): void {
    const ranges = ['192-0-2', '198-51-100', '203-0-113']
    for (let i = 0; i < count; i++) {
      const n = this.#clouds.size
      const serviceName = `pcc-${ranges[Math.floor(n / 25) % 3]}-${((n % 25) + 1) * 10}${n < 75 ? '' : `-${n}`}`
      this.#clouds.set(serviceName, {
        seq: n + 1,
        serviceName,
        description: `Private Cloud ${n + 1}`,
        location: 'rbx2a',
        iamId: randomUUID(),
        state: 'delivered',
        createdAtMs: this.#clock.now(),
        users: [this.#user('admin', true), this.#user('vcenter1', false)],
      })
      this.#plan(serviceName)
    }
  }

  names(): string[] {
    return [...this.#clouds.keys()]
  }

  list(): PrivateCloud[] {
    return [...this.#clouds.values()]
  }

  find(serviceName: string): PrivateCloud | null {
    return this.#clouds.get(serviceName) ?? null
  }

  /** @throws Refusal 404 */
  get(serviceName: string): PrivateCloud {
    const cloud = this.find(serviceName)
    if (cloud === null) throw notFound()
    return cloud
  }

  /** For whoever wants to change something. @throws Refusal 404; 409 unless it is delivered, which is our choice */
  writable(serviceName: string): PrivateCloud {
    const cloud = this.get(serviceName)
    if (cloud.state !== 'delivered') throw conflict(`The service is in state ${cloud.state}`)
    return cloud
  }

  /** @throws Refusal 404 */
  user(cloud: PrivateCloud, userId: number): CloudUser {
    const user = cloud.users.find(known => known.userId === userId)
    if (user === undefined) throw notFound('The requested object (userId) does not exist')
    return user
  }

  /** The new rights hold once the task is done. */
  changeUser(cloud: PrivateCloud, user: CloudUser, change: UserChange): TaskRecord {
    const { tokenValidator, ...rest } = change
    const changed = { ...rest, ...(tokenValidator === undefined ? {} : { isTokenValidator: tokenValidator }) }
    return this.#tasks.start(cloud.serviceName, {
      name: 'updateUser',
      userId: user.userId,
      phases: [
        { state: 'todo', progress: 0, description: null, lastsMs: USER_CHANGE_MS },
        {
          state: 'done',
          progress: 100,
          description: null,
          lastsMs: 0,
          begin: () => Object.assign(user, changed),
        },
      ],
    })
  }

  #user(name: string, mayAll: boolean): CloudUser {
    return {
      userId: this.#nextUserId++,
      name,
      canManageIpFailOvers: mayAll,
      canManageNetwork: mayAll,
      canManageRights: mayAll,
      encryptionRight: mayAll,
      fullAdminRo: false,
      isTokenValidator: mayAll,
      nsxRight: mayAll,
      receiveAlerts: false,
      email: `${name}@example.org`,
      firstName: null,
      lastName: null,
      phoneNumber: null,
    }
  }

  #plan(serviceName: string): void {
    const { from, chosen, to } = MAINTENANCE_IN_DAYS
    const now = this.#clock.now()
    this.#tasks.start(serviceName, {
      name: 'hostMaintenance',
      maintenance: { fromMs: now + from * DAY_MS, toMs: now + to * DAY_MS },
      phases: [
        { state: 'todo', progress: 0, description: null, lastsMs: chosen * DAY_MS },
        { state: 'doing', progress: 50, description: null, lastsMs: HOUR_MS },
        { state: 'done', progress: 100, description: null, lastsMs: 0 },
      ],
    })
  }
}

/** `dedicatedCloud.User` */
export function encodeUser(user: CloudUser, serviceName: string): Record<string, unknown> {
  return {
    ...user,
    login: `${user.name}@${serviceName}`,
    state: 'delivered',
    activationState: 'enabled',
    isEnableManageable: true,
    type: 'user',
    activeDirectoryId: null,
    activeDirectoryType: null,
    identityProviderId: null,
    identityProviderType: null,
  }
}
