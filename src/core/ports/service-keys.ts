/**
 * What the flows need of service keys, the keys of an OKMS that are used over its REST API. Source: OVHcloud API v2 schema,
 * `okms.serviceKey.*` and `okms.reference.serviceKey.*`. Fields stand as they are called there. Everything may throw BotError `ovh.*`.
 */
import type { Secret } from '../secret.js'

export const KEY_TYPES = ['oct', 'RSA', 'EC'] as const
/** `oct` is symmetric. */
export type KeyType = (typeof KEY_TYPES)[number]

/** `UNKNOWN` stands for states younger than this bot. */
export type KeyState =
  | 'PRE_ACTIVE'
  | 'ACTIVE'
  | 'DEACTIVATED'
  | 'COMPROMISED'
  | 'DESTROYED'
  | 'DESTROYED_COMPROMISED'
  | 'UNKNOWN'

export const DEACTIVATION_REASONS = [
  'UNSPECIFIED',
  'SUPERSEDED',
  'CESSATION_OF_OPERATION',
  'AFFILIATION_CHANGED',
  'PRIVILEGE_WITHDRAWN',
  'KEY_COMPROMISE',
  'CA_COMPROMISE',
] as const
export type DeactivationReason = (typeof DEACTIVATION_REASONS)[number]

/** What a key is made like. `size` in bits, for `oct` and `RSA`; `curve` for `EC`. */
export interface KeyShape {
  type: string
  size: number | null
  curve: string | null
  operations: string[]
}

export interface ServiceKey extends KeyShape {
  id: string
  okmsId: string
  name: string
  state: KeyState
  /** ISO instant. */
  createdAt: string
}

/** What may be created in a region, one type. */
export interface KeyKind {
  type: string
  sizes: number[]
  defaultSize: number | null
  curves: string[]
  defaultCurve: string | null
  /** Pairs such as `encrypt`, `decrypt`; a key has one of them. */
  operations: string[][]
  defaultOperations: string[] | null
}

export interface ServiceKeyPort {
  /** @param region as the API spells it today: `eu-west-rbx` */
  kinds(region: string, signal?: AbortSignal): Promise<KeyKind[]>
  pages(okmsId: string, signal?: AbortSignal): AsyncIterable<ServiceKey[]>
  /** `null`: there is none, or none any more. */
  key(okmsId: string, keyId: string, signal?: AbortSignal): Promise<ServiceKey | null>
  /** The public part as a file's text; `null` for a symmetric key as PEM, or when there is no such key. */
  publicKey(
    okmsId: string,
    keyId: string,
    format: 'PEM' | 'JWK',
    signal?: AbortSignal,
  ): Promise<string | null>
  create(okmsId: string, name: string, shape: KeyShape): Promise<ServiceKey>
  /** @param jwk a private or symmetric JSON Web Key (RFC 7517) with `kid` and `key_ops`, as JSON */
  import(okmsId: string, name: string, jwk: Secret): Promise<ServiceKey>
  rename(okmsId: string, keyId: string, name: string): Promise<void>
  activate(okmsId: string, keyId: string): Promise<void>
  deactivate(okmsId: string, keyId: string, reason: DeactivationReason): Promise<void>
  /** `gone`: it was not there any more. @throws BotError `ovh.*`, for an active key too */
  remove(okmsId: string, keyId: string): Promise<'removed' | 'gone'>
}
