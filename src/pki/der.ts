/**
 * Whether bytes are DER (X.690 §10), as far as lengths go: definite, minimal, each element filling its parent exactly. The libraries that
 * decode are more lenient than OVHcloud may be. Leaves out what is inside primitive values, and tags above 30.
 */

interface Element {
  contentAt: number
  endAt: number
  isConstructed: boolean
}

const SEQUENCE = 0x30
const LONGEST_LENGTH_BYTES = 4
const DEEPEST = 32

/** Whether the outermost element is a SEQUENCE that ends where the bytes end. Does not look inside. */
export function isOneSequence(der: Uint8Array): boolean {
  return der[0] === SEQUENCE && elementAt(der, 0)?.endAt === der.length
}

/** The elements of the outermost SEQUENCE, each with its header; `null` unless every element in it, however deep, is well formed. */
export function elementsOf(der: Uint8Array): Uint8Array[] | null {
  if (!isOneSequence(der) || !fillsExactly(der, 0, der.length, 0)) return null
  const elements: Uint8Array[] = []
  for (let at = elementAt(der, 0)!.contentAt; at < der.length; ) {
    const { endAt } = elementAt(der, at)!
    elements.push(der.subarray(at, endAt))
    at = endAt
  }
  return elements
}

function fillsExactly(der: Uint8Array, startAt: number, endAt: number, depth: number): boolean {
  if (depth > DEEPEST) return false
  for (let at = startAt; at < endAt; ) {
    const element = elementAt(der, at)
    if (!element || element.endAt > endAt) return false
    if (element.isConstructed && !fillsExactly(der, element.contentAt, element.endAt, depth + 1)) return false
    at = element.endAt
  }
  return true
}

function elementAt(der: Uint8Array, at: number): Element | null {
  const [tag, first] = der.subarray(at, at + 2)
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return null
  const isConstructed = (tag & 0x20) !== 0
  if (first < 0x80) return { contentAt: at + 2, endAt: at + 2 + first, isConstructed }
  const lengthBytes = first & 0x7f
  const contentAt = at + 2 + lengthBytes
  if (lengthBytes < 1 || lengthBytes > LONGEST_LENGTH_BYTES || contentAt > der.length) return null
  const length = Buffer.from(der.subarray(at + 2, contentAt)).readUIntBE(0, lengthBytes)
  // The long form is for what the short one cannot say, and without zeros in front.
  const isMinimal = length >= 0x80 && length >= 2 ** (8 * (lengthBytes - 1))
  return isMinimal ? { contentAt, endAt: contentAt + length, isConstructed } : null
}
