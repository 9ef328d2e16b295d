/**
 * What service keys there may be, and whether a wish fits: `reference/serviceKey` as published
 * (ovh/ovhcloud-docs: docs/en/guides/manage-and-operate/kms/kms-usage.mdx), error words of the OVHcloud API v2 schema.
 */
import { badRequest, type Refusal } from './refusal.js'
import type { KeyCurve, KeyOperation, KeyType, ServiceKeyCreation } from './schemas.js'

interface KeyKind {
  sizes: readonly number[]
  defaultSize: number | null
  curves: readonly KeyCurve[]
  /** Pairs; the first is the default. */
  operations: readonly (readonly KeyOperation[])[]
}

const ENCRYPT: readonly KeyOperation[] = ['encrypt', 'decrypt']
const SIGN: readonly KeyOperation[] = ['sign', 'verify']
const WRAP: readonly KeyOperation[] = ['wrapKey', 'unwrapKey']

export const KEY_KINDS: Readonly<Record<KeyType, KeyKind>> = {
  oct: { sizes: [128, 192, 256], defaultSize: 256, curves: [], operations: [ENCRYPT, WRAP] },
  RSA: { sizes: [2048, 3072, 4096], defaultSize: 2048, curves: [], operations: [SIGN, WRAP] },
  EC: { sizes: [], defaultSize: null, curves: ['P-256', 'P-384', 'P-521'], operations: [SIGN] },
}

/** `okms.reference.serviceKey.Response[]` */
export function referenceOfKeys(): unknown[] {
  return Object.entries(KEY_KINDS).map(([type, kind]) => ({
    type,
    default: type === 'oct',
    sizes: kind.sizes.map(value => ({ value, default: value === kind.defaultSize })),
    curves: kind.curves.map((value, i) => ({ value, default: i === 0 })),
    operations: kind.operations.map((value, i) => ({ value, default: i === 0 })),
  }))
}

export interface KeyShape {
  type: KeyType
  size: number | null
  curve: KeyCurve | null
  operations: readonly KeyOperation[]
}

/** The shape of a key to be generated. @throws Refusal 400 with the word for the first field that does not fit */
export function shapeOfNewKey(wish: ServiceKeyCreation): KeyShape {
  if (wish.type == null) throw refuse('TypeRequired', '[type] Missing required parameter')
  const kind = KEY_KINDS[wish.type]
  if (wish.type === 'EC') {
    if (wish.size != null) throw refuse('SizeIncompatible', '[size] Not with type EC, whose curve decides')
    if (wish.curve == null) throw refuse('CurveRequired', '[curve] Missing required parameter')
  } else {
    if (wish.curve != null) throw refuse('CurveIncompatible', `[curve] Not with type ${wish.type}`)
    if (wish.size == null) throw refuse('SizeRequired', '[size] Missing required parameter')
    if (!kind.sizes.includes(wish.size)) {
      throw refuse('SizeInvalid', `[size] Accepted values for ${wish.type}: ${kind.sizes.join(', ')}`)
    }
  }
  if (wish.operations == null) throw refuse('OperationsRequired', '[operations] Missing required parameter')
  if (!Object.values(KEY_KINDS).some(any => isPair(any, wish.operations!))) {
    throw refuse('OperationsInvalid', '[operations] Not a pair of operations')
  }
  if (!isPair(kind, wish.operations)) {
    throw refuse('OperationsIncompatible', `[operations] Not operations of type ${wish.type}`)
  }
  return { type: wish.type, size: wish.size ?? null, curve: wish.curve ?? null, operations: wish.operations }
}

/** Whether these operations, in any order, are one of the pairs of this kind. */
export function isPair(kind: KeyKind, operations: readonly KeyOperation[]): boolean {
  return kind.operations.some(
    pair => pair.length === operations.length && pair.every(operation => operations.includes(operation)),
  )
}

/** @param word the part after `ServiceKey` */
export function refuse(word: string, message: string): Refusal {
  return badRequest(message, `ServiceKey${word}`)
}
