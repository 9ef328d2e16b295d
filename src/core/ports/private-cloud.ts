/**
 * What the flows need from VMware on OVHcloud. Our words; the API's own stand in brackets where they differ. Source: OVHcloud API
 * `/v1/dedicatedCloud` (https://eu.api.ovh.com/console/?section=%2FdedicatedCloud&branch=v1). Switching VM encryption on or off is
 * left out, because the API has no route for it.
 *
 * Everything may throw BotError `ovh.*` (errors.ts): `ovh.denied` with `details.missingActions`, `ovh.rate-limited` with
 * `retryAfterMs`, `ovh.unreachable`, `ovh.broken`, `ovh.unexpected`. Where no `null` is promised, an unknown service, key server or
 * task is `ovh.not-found`. A word of a state that is not listed here reads as `unknown`.
 */

export const PRIVATE_CLOUD_STATES = [
  'available',
  'delivered',
  'disabled',
  'disabling',
  'error',
  'migrating',
  'provisionning',
  'recycling',
  'reserved',
  'toDisable',
  'toProvision',
  'toRecycle',
  'toRemove',
  'toUnprovision',
  'unprovisionning',
  'upgrading',
  'unknown',
] as const
/** Act only on `delivered`. */
export type PrivateCloudState = (typeof PRIVATE_CLOUD_STATES)[number]

export const ENCRYPTION_STATES = [
  'disabled',
  'disabling',
  'enabled',
  'enabling',
  'error',
  'migrating',
  'unknown',
] as const
/** Of the whole Private Cloud; seems to follow its key servers. */
export type EncryptionState = (typeof ENCRYPTION_STATES)[number]

export const KEY_SERVER_STATES = [
  'creating',
  'deleting',
  'delivered',
  'error',
  'toCreate',
  'toDelete',
  'toUpdate',
  'unknown',
  'updating',
] as const
export type KeyServerState = (typeof KEY_SERVER_STATES)[number]

export const TASK_STATES = [
  'canceled',
  'doing',
  'done',
  'error',
  'fixing',
  'toCancel',
  'toCreate',
  'todo',
  'unknown',
  'waitingForChilds',
  'waitingTodo',
] as const
export type TaskState = (typeof TASK_STATES)[number]

export interface PrivateCloud {
  /** Such as `pcc-192-0-2-10`. */
  serviceName: string
  description: string
  state: PrivateCloudState
  /** Of the data centre, such as `rbx2a`. */
  location: string
  /** Of vSphere, such as `8.0 U3`; `null` when the API did not say. */
  version: string | null
  encryption: EncryptionState
  urn: string | null
}

/** An entry of `vmEncryption/kms`. */
export interface KeyServer {
  kmsId: number
  /** IPv4. Cannot be changed: remove and add. */
  ip: string
  /** Cannot be sent [`kmsTcpPort`]; `null` when the API did not say. */
  port: number | null
  /** Upper-case hex pairs with colons: 20 of them (SHA-1) or 32 (SHA-256). */
  sslThumbprint: string
  /** Empty when there is none. */
  description: string
  state: KeyServerState
}

export interface KeyServerRequest {
  /** IPv4. */
  ip: string
  /** SHA-1 (or SHA-256) of the server's certificate, hex pairs with colons, of either case. */
  sslThumbprint: string
  description: string
}

export interface KeyServerChange {
  sslThumbprint: string
  /** Left as it is when not given. */
  description?: string
}

export interface CloudTask {
  taskId: number
  /** No public source lists them. */
  name: string
  state: TaskState
  /** 0 to 100. */
  progress: number
  /** What OVHcloud says of it; of a canceled one, why. */
  description: string | null
  /** It has stopped half way until somebody sets up the key provider in vCenter. Not a failure. */
  waitsForCustomer: boolean
  createdBy: string | null
  /** ISO instants; the first is when it begins [`executionDate`]. */
  startsAt: string | null
  changedAt: string | null
  endedAt: string | null
}

export interface CloudUser {
  userId: number
  name: string
  state: 'creating' | 'deleting' | 'delivered' | 'error' | 'unknown'
  /** May set up key providers in vCenter ["Encryption management"]. The IAM role `iam-admin` may without it. */
  encryptionRight: boolean
}

export interface PrivateCloudPort {
  /** Names of all Private Clouds of the account. */
  list(signal?: AbortSignal): Promise<string[]>
  /** Two calls, as the encryption has a route of its own. `null` when there is none of that name, or it is not ours. */
  show(serviceName: string, signal?: AbortSignal): Promise<PrivateCloud | null>
  encryption(serviceName: string, signal?: AbortSignal): Promise<EncryptionState>

  /** In the API's order. One call for the ids and one for each; what vanishes meanwhile is not among them. */
  keyServers(serviceName: string, signal?: AbortSignal): Promise<KeyServer[]>
  /** `null` when it does not exist (any more). */
  keyServer(serviceName: string, kmsId: number, signal?: AbortSignal): Promise<KeyServer | null>
  /**
   * Asks for a key server. Never repeated by the client once it may have arrived: OVHcloud has no idempotency key, so after a
   * lost answer (`ovh.unreachable`, `ovh.broken` with `details.sent`) the caller looks for its `ip` and `description` first.
   * @throws BotError `ovh.invalid` for an address or thumbprint OVHcloud does not take; `ovh.conflict` when the state of the
   *   Private Cloud forbids it, and perhaps for an address it has already (no public source tells: list first)
   */
  addKeyServer(serviceName: string, request: KeyServerRequest, signal?: AbortSignal): Promise<CloudTask>
  /**
   * Gives a key server another thumbprint. `null`: accepted, and the answer named no task (OVHcloud's guide shows the key server
   * itself there): follow its state.
   * @throws BotError `ovh.conflict` when it is being changed or removed already
   */
  changeKeyServer(
    serviceName: string,
    kmsId: number,
    change: KeyServerChange,
    signal?: AbortSignal,
  ): Promise<CloudTask | null>
  /**
   * `gone`: there was none any more. `removing`: somebody's removal, ours after a lost answer included, is under way: follow the
   * key server until it is `null`.
   * @throws BotError `ovh.conflict` when its state forbids it
   */
  removeKeyServer(
    serviceName: string,
    kmsId: number,
    signal?: AbortSignal,
  ): Promise<CloudTask | 'removing' | 'gone'>

  /** `null` when it does not exist (any more). */
  task(serviceName: string, taskId: number, signal?: AbortSignal): Promise<CloudTask | null>
  /** Ids, ended ones too unless `state` says otherwise. `name` is compared as SQL's LIKE does. */
  tasks(
    serviceName: string,
    filter?: { state?: TaskState; name?: string },
    signal?: AbortSignal,
  ): Promise<number[]>
  /** Lets a task in `error` run on. @throws BotError `ovh.conflict` when it is not in `error` */
  resetTask(serviceName: string, taskId: number, reason: string, signal?: AbortSignal): Promise<CloudTask>

  /** The people of its vCenter, with their rights. One call for the ids and one for each. */
  users(serviceName: string, signal?: AbortSignal): Promise<CloudUser[]>
}

/** `unclear`: being called off, or a word that nobody explains; look again later, as for `waiting` and `running`. */
export type TaskGroup = 'waiting' | 'running' | 'ended-well' | 'ended-badly' | 'unclear'

const GROUPS: Readonly<Record<TaskState, TaskGroup>> = {
  toCreate: 'waiting',
  todo: 'waiting',
  waitingTodo: 'waiting',
  doing: 'running',
  waitingForChilds: 'running',
  // OVHcloud's own people repair it.
  fixing: 'running',
  done: 'ended-well',
  canceled: 'ended-badly',
  // May be let run on: `resetTask`.
  error: 'ended-badly',
  toCancel: 'unclear',
  unknown: 'unclear',
}

/** What a state of a task means for whoever follows it. */
export function taskGroup(state: TaskState): TaskGroup {
  return GROUPS[state]
}

/** Whether OVHcloud is at work on a key server, so that it takes no other change to it now. */
export function isMoving(state: KeyServerState): boolean {
  return !['delivered', 'error', 'unknown'].includes(state)
}
