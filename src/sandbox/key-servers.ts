/**
 * Key servers of the Private Clouds and their states (OVHcloud API v1 schema, `dedicatedCloud.VMEncryptionAccessNetwork`). Every change
 * is a task; that of a new one waits half way for the customer, as the console tells (ovh/manager: packages/manager/apps/dedicated,
 * dedicatedCloud-security.constants.js). The order of the states is read from their names.
 */
import type { EncryptionState, KeyServerChange, KeyServerCreation, KeyServerState } from './cloud-schemas.js'
import type { CloudTasks, Phase, TaskPlan, TaskRecord } from './cloud-tasks.js'
import { conflict, notFound } from './refusal.js'

export interface KeyServerRecord {
  kmsId: number
  serviceName: string
  ip: string
  kmsTcpPort: number
  sslThumbprint: string
  description: string
  state: KeyServerState
  /** The latest about it. */
  task: TaskRecord | null
}

/** A key server as a test sees it: the API's words, and whose it is. */
export type KeyServerSnapshot = Omit<KeyServerRecord, 'task'>

export const CUSTOMER_WAIT = 'Waiting for customer to configure the KMS Server...'

/** How long each phase before and after takes. No source tells; ours. */
const PHASE_MS = 500

/** The port with an RSA certificate of OVHcloud's regions, in the sample of OVHcloud's guide (okms-vm-encrypt). */
const USUAL_PORT = 5697

const FIRST_KMS_ID = 350

export class KeyServers {
  readonly #records = new Map<number, KeyServerRecord>()
  readonly #tasks: CloudTasks
  readonly #portOf: (ip: string) => number | null
  #nextId = FIRST_KMS_ID
  /** How long tasks begun from now on wait for the customer. */
  customerWaitMs: number

  /** @param options.portOf the KMIP port with an RSA certificate at an address; `null` where none is known */
  constructor(options: {
    tasks: CloudTasks
    customerWaitMs: number
    portOf: (ip: string) => number | null
  }) {
    this.#tasks = options.tasks
    this.#portOf = options.portOf
    this.customerWaitMs = options.customerWaitMs
  }

  /** In the order they came. */
  list(serviceName: string): KeyServerRecord[] {
    this.#tasks.settle(serviceName)
    return [...this.#records.values()].filter(record => record.serviceName === serviceName)
  }

  find(serviceName: string, kmsId: number): KeyServerRecord | null {
    return this.list(serviceName).find(record => record.kmsId === kmsId) ?? null
  }

  /** @throws Refusal 404 */
  get(serviceName: string, kmsId: number): KeyServerRecord {
    const record = this.find(serviceName, kmsId)
    if (record === null) throw notFound('The requested object (kmsId) does not exist')
    return record
  }

  /** @throws Refusal 409 for an address the Private Cloud has already: what OVHcloud answers there is in no source; ours */
  add(serviceName: string, { ip, sslThumbprint, description = '' }: KeyServerCreation): TaskRecord {
    if (this.list(serviceName).some(other => other.ip === ip)) {
      throw conflict(`The KMS ${ip} is already configured`)
    }
    const record: KeyServerRecord = {
      kmsId: this.#nextId++,
      serviceName,
      ip,
      kmsTcpPort: this.#portOf(ip) ?? USUAL_PORT,
      sslThumbprint,
      description,
      state: 'toCreate',
      task: null,
    }
    this.#records.set(record.kmsId, record)
    const becomes = becoming(record)
    const creating = { ...WORKING, begin: becomes('creating') }
    return this.#start(record, {
      name: 'createVmEncryptionKms',
      phases: [
        { ...QUEUED, begin: becomes('toCreate') },
        creating,
        { ...creating, progress: 50, description: CUSTOMER_WAIT, lastsMs: this.customerWaitMs },
        { ...creating, progress: 90 },
        { ...DONE, begin: becomes('delivered') },
      ],
      failed: becomes('error'),
      // Nothing was opened, so nothing is left. Our choice.
      canceled: () => this.#records.delete(record.kmsId),
    })
  }

  /** @throws Refusal 409 */
  change(record: KeyServerRecord, { sslThumbprint, description }: KeyServerChange): TaskRecord {
    demandStill(record)
    const before = { sslThumbprint: record.sslThumbprint, description: record.description }
    record.sslThumbprint = sslThumbprint
    record.description = description ?? record.description
    const becomes = becoming(record)
    return this.#start(record, {
      name: 'updateVmEncryptionKms',
      phases: [
        { ...QUEUED, begin: becomes('toUpdate') },
        { ...WORKING, begin: becomes('updating') },
        { ...DONE, begin: becomes('delivered') },
      ],
      failed: becomes('error'),
      canceled: () => Object.assign(record, before, { state: 'delivered' }),
    })
  }

  /** @throws Refusal 409 */
  remove(record: KeyServerRecord): TaskRecord {
    demandStill(record)
    const becomes = becoming(record)
    return this.#start(record, {
      name: 'deleteVmEncryptionKms',
      phases: [
        { ...QUEUED, begin: becomes('toDelete') },
        { ...WORKING, begin: becomes('deleting') },
        { ...DONE, begin: () => this.#records.delete(record.kmsId) },
      ],
      failed: becomes('error'),
      canceled: becomes('delivered'),
    })
  }

  /** That it follows the key servers is a guess: the API has no route that switches it. */
  encryptionOf(serviceName: string): EncryptionState {
    const states = this.list(serviceName).map(({ state }) => state)
    const has = (...wanted: KeyServerState[]) => states.some(state => wanted.includes(state))
    if (has('delivered', 'toUpdate', 'updating')) return 'enabled'
    if (has('creating')) return 'enabling'
    if (has('toDelete', 'deleting')) return 'disabling'
    return has('error') ? 'error' : 'disabled'
  }

  #start(record: KeyServerRecord, plan: TaskPlan): TaskRecord {
    if (record.task !== null) this.#tasks.supersede(record.task)
    record.task = this.#tasks.start(record.serviceName, plan)
    return record.task
  }
}

const QUEUED: Phase = { state: 'todo', progress: 0, description: null, lastsMs: PHASE_MS }
const WORKING: Phase = { state: 'doing', progress: 20, description: null, lastsMs: PHASE_MS }
const DONE: Phase = { state: 'done', progress: 100, description: null, lastsMs: 0 }

const becoming = (record: KeyServerRecord) => (state: KeyServerState) => () => {
  record.state = state
}

/** @throws Refusal 409 while another task is at work on it; that OVHcloud refuses then is our choice */
function demandStill({ ip, state }: KeyServerRecord): void {
  if (state !== 'delivered' && state !== 'error' && state !== 'unknown') {
    throw conflict(`The KMS ${ip} is in state ${state}: another task is at work on it`)
  }
}

/** `dedicatedCloud.VMEncryptionAccessNetwork` */
export function encodeKeyServer({ task, serviceName, ...shown }: KeyServerRecord): Record<string, unknown> {
  return shown
}
