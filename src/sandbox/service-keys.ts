/**
 * Service keys and their states (OVHcloud API v2 schema, `okms.serviceKey.*`). Only public parts exist here: the data plane
 * that would use the private ones is left out.
 */
import { generateKeyPair, type KeyObject, randomInt, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '../core/ports/clock.js'
import { formatInstant, type Instant } from './instants.js'
import { once } from './once.js'
import { badRequest, notFound } from './refusal.js'
import type { KeyState, ServiceKeyCreation, ServiceKeyUpdate } from './schemas.js'
import { readImportedKey } from './service-key-import.js'
import { type KeyShape, refuse, shapeOfNewKey } from './service-key-rules.js'

const generate = promisify(generateKeyPair)

export interface ServiceKeyRecord {
  seq: number
  id: string
  okmsId: string
  name: string
  state: KeyState
  createdAt: Instant
  shape: KeyShape
  /** Made at the first look: RSA takes a while. `null` for symmetric keys. */
  publicKey: () => Promise<KeyObject | null>
}

/** Reasons that go with COMPROMISED; the schema has a word for one that does not, and no table. Ours. */
const COMPROMISES = ['KEY_COMPROMISE', 'CA_COMPROMISE']

/** Who may go where. Going where one is already is accepted: a published client always deactivates before deleting. */
const TRANSITIONS: Readonly<Record<KeyState, readonly KeyState[]>> = {
  PRE_ACTIVE: ['ACTIVE'],
  ACTIVE: ['DEACTIVATED', 'COMPROMISED'],
  DEACTIVATED: ['ACTIVE', 'COMPROMISED'],
  COMPROMISED: [],
}

export class ServiceKeys {
  readonly #records = new Map<string, ServiceKeyRecord>()
  readonly #clock: Clock
  #seq = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws Refusal 400 with the schema's word for what does not fit */
  create(okmsId: string, wish: ServiceKeyCreation): ServiceKeyRecord {
    if (wish.keys == null) {
      const shape = shapeOfNewKey(wish)
      return this.#add(
        okmsId,
        wish.name,
        shape,
        once(() => newPublicKey(shape)),
      )
    }
    const { shape, publicKey } = readImportedKey(wish)
    return this.#add(okmsId, wish.name, shape, async () => publicKey)
  }

  list(okmsId: string): ServiceKeyRecord[] {
    return [...this.#records.values()].filter(record => record.okmsId === okmsId)
  }

  /** @throws Refusal 404 */
  get(okmsId: string, id: string): ServiceKeyRecord {
    const record = this.#records.get(id)
    if (record?.okmsId !== okmsId) throw notFound('The service key does not exist')
    return record
  }

  /** @throws Refusal 400 */
  update(record: ServiceKeyRecord, change: ServiceKeyUpdate): void {
    const { state, deactivationReason } = change
    const ends = state === 'DEACTIVATED' || state === 'COMPROMISED'
    if (ends && deactivationReason == null) {
      throw refuse('DeactivationReasonRequired', `[deactivationReason] Needed for state ${state}`)
    }
    if (!ends && deactivationReason != null) {
      throw refuse(
        'DeactivationReasonIncompatible',
        '[deactivationReason] Only with DEACTIVATED or COMPROMISED',
      )
    }
    if (state === 'COMPROMISED' && !COMPROMISES.includes(deactivationReason!)) {
      throw refuse(
        'DeactivationReasonIncompatibleReason',
        `[deactivationReason] COMPROMISED goes with ${COMPROMISES.join(' or ')}`,
      )
    }
    if (state != null && state !== record.state && !TRANSITIONS[record.state].includes(state)) {
      throw badRequest(`[state] A service key in state ${record.state} cannot become ${state}`)
    }
    record.state = state ?? record.state
    record.name = change.name ?? record.name
  }

  /** @throws Refusal 400 for an active key, which must be deactivated first (ovh/manager pull request 12788) */
  delete(record: ServiceKeyRecord): void {
    if (record.state === 'ACTIVE')
      throw badRequest('An active service key cannot be deleted: deactivate it first')
    this.#records.delete(record.id)
  }

  #add(
    okmsId: string,
    name: string,
    shape: KeyShape,
    publicKey: ServiceKeyRecord['publicKey'],
  ): ServiceKeyRecord {
    const record: ServiceKeyRecord = {
      seq: ++this.#seq,
      id: randomUUID(),
      okmsId,
      name,
      state: 'ACTIVE',
      createdAt: { ms: this.#clock.now(), micros: randomInt(1000) },
      shape,
      publicKey,
    }
    this.#records.set(record.id, record)
    return record
  }
}

/** `okms.serviceKey.Response`, with the public part in the format asked for. */
export async function encodeServiceKey(
  record: ServiceKeyRecord,
  format: 'JWK' | 'PEM' | null = null,
): Promise<Record<string, unknown>> {
  const publicKey = format === null ? null : await record.publicKey()
  const { type, size, curve, operations } = record.shape
  return {
    id: record.id,
    name: record.name,
    type,
    state: record.state,
    createdAt: formatInstant(record.createdAt),
    size,
    curve,
    operations,
    // A symmetric key has no public part: its JWK is all but `k`.
    keys:
      format === 'JWK'
        ? [{ kid: record.id, kty: type, key_ops: operations, ...publicKey?.export({ format: 'jwk' }) }]
        : null,
    keysPEM:
      format === 'PEM' && publicKey !== null
        ? [{ pem: publicKey.export({ format: 'pem', type: 'spki' }) }]
        : null,
  }
}

async function newPublicKey({ type, size, curve }: KeyShape): Promise<KeyObject | null> {
  if (type === 'oct') return null
  const pair =
    type === 'RSA'
      ? await generate('rsa', { modulusLength: size ?? 2048 })
      : await generate('ec', { namedCurve: curve ?? 'P-256' })
  return pair.publicKey
}
