/**
 * Credentials of all OKMS and their lives: CREATING, READY, EXPIRED, DELETING, gone (OVHcloud API v2 schema,
 * `okms.credential.*`). Status is computed from the clock whenever somebody looks, so moving the clock is enough.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { type Clock, realClock } from '../core/ports/clock.js'
import type { Authority } from '../pki/authority.js'
import { generateKeyPair, toPkcs1, toSec1 } from '../pki/keys.js'
import { readRequest } from '../pki/requests.js'
import { copierOf } from './certificate-copies.js'
import { formatInstant, type Instant } from './instants.js'
import { once } from './once.js'
import { badRequest, notFound } from './refusal.js'
import {
  type CertificateType,
  type CredentialCreation,
  type CredentialStatus,
  DEFAULT_VALIDITY_DAYS,
} from './schemas.js'

const DAY_MS = 24 * 60 * 60 * 1000

/** How long a credential stays DELETING before it is gone. No source tells; ours. */
const DELETING_MS = 2000

export interface CredentialRecord {
  seq: number
  id: string
  okmsId: string
  name: string
  description: string | null
  identityURNs: readonly string[]
  fromCSR: boolean
  certificateType: CertificateType
  createdAt: Instant
  expiredAt: Instant
  readyAtMs: number
  deletedAtMs: number | null
  /** A status set from outside that does not pass by itself. */
  held: 'CREATING' | 'ERROR' | 'EXPIRED' | null
  /** Issued from the start and shown from READY on. Seeded ones are made when first read. */
  certificate: () => string
}

/** A credential as a test sees it: the API's words, and whose it is. */
export interface CredentialSnapshot {
  id: string
  okmsId: string
  name: string
  description: string | null
  identityURNs: string[]
  status: CredentialStatus
  fromCSR: boolean
  certificateType: CertificateType
  createdAt: string
  expiredAt: string
  /** `null` until READY, and for one that failed. */
  certificatePEM: string | null
}

export class Credentials {
  readonly #records = new Map<string, CredentialRecord>()
  readonly #clock: Clock
  readonly #authority: Authority
  #seq = 0
  /** How long CREATING lasts for those created from now on. */
  creatingMs: number

  constructor(options: { clock: Clock; authority: Authority; creatingMs: number }) {
    this.#clock = options.clock
    this.#authority = options.authority
    this.creatingMs = options.creatingMs
  }

  /**
   * Makes the key (unless a CSR came) and the certificate. The private key is in the return value and nowhere else.
   * @throws Refusal 400 when the CSR does not hold
   */
  async create(
    okmsId: string,
    wish: CredentialCreation,
  ): Promise<[CredentialRecord, privateKeyPEM: string | null]> {
    const subject =
      wish.csr == null ? await newKey(wish.certificateType ?? 'ECDSA') : await keyOfCsr(wish.csr)
    const createdAt = this.#instant(this.#clock.now())
    const expiredAt = expiryOf(createdAt, wish.validity ?? DEFAULT_VALIDITY_DAYS)
    const id = randomUUID()
    const { publicKeySpki, certificateType, privateKeyPEM } = subject
    const certificate = await this.#authority.issueClient({
      ...datesOf(createdAt, expiredAt),
      okmsId,
      serialUuid: id,
      publicKeySpki,
    })
    const record: CredentialRecord = {
      seq: ++this.#seq,
      id,
      okmsId,
      name: wish.name,
      description: wish.description ?? null,
      identityURNs: wish.identityURNs,
      fromCSR: wish.csr != null,
      certificateType,
      createdAt,
      expiredAt,
      readyAtMs: createdAt.ms + this.creatingMs,
      deletedAtMs: null,
      held: null,
      certificate: () => certificate,
    }
    this.#records.set(record.id, record)
    return [record, privateKeyPEM]
  }

  /** Those that are not gone, oldest first. */
  list(okmsId?: string): CredentialRecord[] {
    const living: CredentialRecord[] = []
    for (const record of this.#records.values()) {
      if (this.#isGone(record)) this.#records.delete(record.id)
      else if (okmsId === undefined || record.okmsId === okmsId) living.push(record)
    }
    return living
  }

  find(id: string): CredentialRecord | null {
    const record = this.#records.get(id)
    return record === undefined || this.#isGone(record) ? null : record
  }

  /** @throws Refusal 404 */
  get(okmsId: string, id: string): CredentialRecord {
    const record = this.find(id)
    if (record === null || record.okmsId !== okmsId) throw notFound('The credential does not exist')
    return record
  }

  /**
   * Revokes and deletes. Which states forbid it is in no source; the error word exists, and nothing can be revoked
   * that is not there yet or is already going.
   * @throws Refusal 400 `CredentialStatusInvalid`
   */
  delete(record: CredentialRecord): void {
    const status = this.statusOf(record)
    if (status === 'CREATING' || status === 'DELETING') {
      throw badRequest(`A credential in status ${status} cannot be deleted`, 'CredentialStatusInvalid')
    }
    this.override(record, 'DELETING')
  }

  /** Sets a status by hand. READY and DELETING go on from there; the others hold until the next change. */
  override(record: CredentialRecord, status: CredentialStatus): void {
    const now = this.#clock.now()
    record.held = status === 'READY' || status === 'DELETING' ? null : status
    record.deletedAtMs = status === 'DELETING' ? now : null
    if (status === 'READY') record.readyAtMs = Math.min(record.readyAtMs, now)
  }

  statusOf(record: CredentialRecord): CredentialStatus {
    const now = this.#clock.now()
    if (record.deletedAtMs !== null) return 'DELETING'
    if (record.held !== null) return record.held
    if (now < record.readyAtMs) return 'CREATING'
    return now >= record.expiredAt.ms ? 'EXPIRED' : 'READY'
  }

  /** `okms.credential.GetResponse` */
  encode(record: CredentialRecord): Omit<CredentialSnapshot, 'okmsId'> {
    const status = this.statusOf(record)
    return {
      id: record.id,
      name: record.name,
      description: record.description,
      identityURNs: [...record.identityURNs],
      status,
      fromCSR: record.fromCSR,
      certificateType: record.certificateType,
      createdAt: formatInstant(record.createdAt),
      expiredAt: formatInstant(record.expiredAt),
      certificatePEM: status === 'CREATING' || status === 'ERROR' ? null : record.certificate(),
    }
  }

  /** Many READY ones of different ages and ends, all with one key that nobody holds. */
  async seed(okmsId: string, count: number, identityURN: string): Promise<void> {
    const { publicKeySpki } = await generateKeyPair('ec-p256')
    const now = this.#clock.now()
    const dates = { notBefore: new Date(now), notAfter: new Date(now) }
    const model = await this.#authority.issueClient({
      ...dates,
      okmsId,
      serialUuid: randomUUID(),
      publicKeySpki,
    })
    const copy = copierOf(this.#authority, model)
    for (let i = 0; i < count; i++) {
      const validityDays = [365, 183, 90, 30][i % 4]!
      const daysLeft = 1 + ((i * 37) % (validityDays - 1))
      const createdAt = this.#instant(now - (validityDays - daysLeft) * DAY_MS)
      const expiredAt = expiryOf(createdAt, validityDays)
      const seq = ++this.#seq
      const id = randomUUID()
      this.#records.set(id, {
        seq,
        id,
        okmsId,
        name: `seeded-${String(seq).padStart(5, '0')}`,
        description: 'Seeded',
        identityURNs: [identityURN],
        fromCSR: false,
        certificateType: 'ECDSA',
        createdAt,
        expiredAt,
        readyAtMs: createdAt.ms,
        deletedAtMs: null,
        held: null,
        certificate: once(() => copy({ serialUuid: id, ...datesOf(createdAt, expiredAt) })),
      })
    }
  }

  #isGone(record: CredentialRecord): boolean {
    return record.deletedAtMs !== null && this.#clock.now() >= record.deletedAtMs + DELETING_MS
  }

  #instant(ms: number): Instant {
    return { ms, micros: randomInt(1000) }
  }
}

/** Creation plus the validity almost to the microsecond, as in OVHcloud's published samples. */
function expiryOf(createdAt: Instant, validityDays: number): Instant {
  return { ms: createdAt.ms + validityDays * DAY_MS, micros: Math.max(0, createdAt.micros - 2) }
}

/** TLS libraries judge by the real clock, so a certificate never begins in its future. */
function datesOf(createdAt: Instant, expiredAt: Instant): { notBefore: Date; notAfter: Date } {
  const wholeSeconds = (ms: number) => new Date(Math.floor(ms / 1000) * 1000)
  return {
    notBefore: wholeSeconds(Math.min(createdAt.ms, realClock.now())),
    notAfter: wholeSeconds(expiredAt.ms),
  }
}

interface Subject {
  publicKeySpki: Uint8Array
  certificateType: CertificateType
  privateKeyPEM: string | null
}

/** SEC 1 for ECDSA is in OVHcloud's samples; the form and size of RSA keys are in none: PKCS#1, 2048 bits. */
async function newKey(certificateType: CertificateType): Promise<Subject> {
  const isRsa = certificateType === 'RSA'
  const { privateKey, publicKeySpki } = await generateKeyPair(isRsa ? 'rsa-2048' : 'ec-p256')
  const pem = (isRsa ? toPkcs1(privateKey) : toSec1(privateKey)).reveal()
  return { publicKeySpki, certificateType, privateKeyPEM: pem }
}

/** Self-signature and key are checked; the schema lists no other word for a CSR that does not hold. */
async function keyOfCsr(csr: string): Promise<Subject> {
  try {
    const { publicKeySpki, algorithm } = await readRequest(csr)
    return {
      publicKeySpki,
      certificateType: algorithm.startsWith('rsa') ? 'RSA' : 'ECDSA',
      privateKeyPEM: null,
    }
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : 'Not a certification request'
    throw badRequest(`[csr] ${why}`, 'CredentialCSRInvalidCharacter')
  }
}
