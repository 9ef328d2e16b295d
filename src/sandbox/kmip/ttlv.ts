/**
 * TTLV, the encoding of KMIP 1.x messages (OASIS KMIP 1.4 §9.1): tag, type, length, value, padded to 8 bytes. Strict: what is
 * not exactly one well-formed item is refused. The sandbox's own reader; the bot's is another, so that they check each other.
 */

export const TYPE = {
  structure: 0x01,
  integer: 0x02,
  longInteger: 0x03,
  bigInteger: 0x04,
  enumeration: 0x05,
  boolean: 0x06,
  textString: 0x07,
  byteString: 0x08,
  dateTime: 0x09,
  interval: 0x0a,
} as const

const HEADER_BYTES = 8
/** Deeper than any message of ours. */
const MAX_DEPTH = 16

/** Bytes of the types whose length is fixed. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  [TYPE.integer]: 4,
  [TYPE.longInteger]: 8,
  [TYPE.enumeration]: 4,
  [TYPE.boolean]: 8,
  [TYPE.dateTime]: 8,
  [TYPE.interval]: 4,
}

export interface Item {
  tag: number
  type: number
  /** Without padding; empty for structures. */
  value: Buffer
  /** Of structures; empty for others. */
  items: readonly Item[]
}

export class MalformedTtlv extends Error {
  override readonly name = 'MalformedTtlv'
}

/** Bytes of the whole item that begins here; `null` while its header is incomplete. */
export function itemBytes(buffer: Buffer): number | null {
  if (buffer.length < HEADER_BYTES) return null
  return HEADER_BYTES + padded(buffer.readUInt32BE(4))
}

/** @throws MalformedTtlv when the bytes are not exactly one item */
export function decodeItem(buffer: Buffer): Item {
  const { item, end } = readItem(buffer, 0, 0)
  if (end !== buffer.length) throw new MalformedTtlv('bytes after the item')
  return item
}

function readItem(buffer: Buffer, at: number, depth: number): { item: Item; end: number } {
  if (depth > MAX_DEPTH) throw new MalformedTtlv('nested too deep')
  if (buffer.length - at < HEADER_BYTES) throw new MalformedTtlv('header cut off')
  const tag = buffer.readUIntBE(at, 3)
  const type = buffer.readUInt8(at + 3)
  const length = buffer.readUInt32BE(at + 4)
  const begin = at + HEADER_BYTES
  const end = begin + padded(length)
  if (tag >> 16 !== 0x42 && tag >> 16 !== 0x54) throw new MalformedTtlv('tag outside the ranges')
  if (type < TYPE.structure || type > TYPE.interval) throw new MalformedTtlv('unknown type')
  if (end > buffer.length) throw new MalformedTtlv('value cut off')
  const fixed = FIXED_BYTES[type]
  if (fixed !== undefined && fixed !== length) throw new MalformedTtlv('length does not fit the type')
  if (type === TYPE.bigInteger && length % 8 !== 0) throw new MalformedTtlv('length does not fit the type')
  const value = buffer.subarray(begin, begin + length)
  if (type !== TYPE.structure) {
    if (buffer.subarray(begin + length, end).some(byte => byte !== 0))
      throw new MalformedTtlv('padding is not zero')
    return { item: { tag, type, value, items: [] }, end }
  }
  if (length % 8 !== 0) throw new MalformedTtlv('length does not fit the type')
  const items: Item[] = []
  for (let next = begin; next < end; ) {
    const inner = readItem(buffer.subarray(0, end), next, depth + 1)
    items.push(inner.item)
    next = inner.end
  }
  return { item: { tag, type, value: Buffer.alloc(0), items }, end }
}

export function structure(tag: number, ...items: Buffer[]): Buffer {
  return encode(tag, TYPE.structure, Buffer.concat(items))
}

export function integer(tag: number, value: number): Buffer {
  return encode(tag, TYPE.integer, int32(value))
}

export function enumeration(tag: number, value: number): Buffer {
  return encode(tag, TYPE.enumeration, int32(value))
}

export function textString(tag: number, value: string): Buffer {
  return encode(tag, TYPE.textString, Buffer.from(value))
}

export function byteString(tag: number, value: Buffer): Buffer {
  return encode(tag, TYPE.byteString, value)
}

/** @param ms since 1970; KMIP counts seconds */
export function dateTime(tag: number, ms: number): Buffer {
  const value = Buffer.alloc(8)
  value.writeBigInt64BE(BigInt(Math.floor(ms / 1000)))
  return encode(tag, TYPE.dateTime, value)
}

function encode(tag: number, type: number, value: Buffer): Buffer {
  const whole = Buffer.alloc(HEADER_BYTES + padded(value.length))
  whole.writeUIntBE(tag, 0, 3)
  whole.writeUInt8(type, 3)
  whole.writeUInt32BE(value.length, 4)
  value.copy(whole, HEADER_BYTES)
  return whole
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8
}
