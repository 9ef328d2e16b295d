/**
 * TTLV, the encoding of KMIP (OASIS KMIP Specification 1.4 §9.1): tag, type, length, value, padded to 8 bytes. Only what Discover
 * Versions needs is written; everything may be read, but no length is believed before it is checked.
 */

export const TYPE = { structure: 0x01, integer: 0x02, enumeration: 0x05, text: 0x07 } as const

/** Bytes of the values whose length the type fixes (§9.1.1.3, Table 251). */
const FIXED_LENGTHS: Readonly<Record<number, number>> = {
  2: 4, // integer
  3: 8, // long integer
  5: 4, // enumeration
  6: 8, // boolean
  9: 8, // date-time
  10: 4, // interval
}
const BIG_INTEGER = 0x04
const LAST_TYPE = 0x0a
/** A response to Discover Versions is four deep. */
const DEEPEST = 8

export const HEADER_BYTES = 8

export interface Item {
  tag: number
  type: number
  /** Without padding; empty for a structure. */
  value: Buffer
  /** What a structure holds, in order. */
  items: Item[]
}

/** Bytes that are no TTLV; the message says why. */
export class TtlvError extends Error {}

export const structure = (tag: number, ...items: Buffer[]): Buffer =>
  encode(tag, TYPE.structure, Buffer.concat(items))
export const integer = (tag: number, value: number): Buffer => encode(tag, TYPE.integer, int32(value))
export const enumeration = (tag: number, value: number): Buffer => encode(tag, TYPE.enumeration, int32(value))

function encode(tag: number, type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUIntBE(tag, 0, 3)
  header.writeUInt8(type, 3)
  header.writeUInt32BE(value.length, 4)
  return Buffer.concat([header, value, Buffer.alloc(paddingOf(value.length))])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

const paddingOf = (length: number) => (8 - (length % 8)) % 8

/** Tag and type of an item, and how many bytes it takes in all, header and padding included. `bytes` holds at least a header. */
export function readHeader(bytes: Buffer): { tag: number; type: number; totalBytes: number } {
  const length = bytes.readUInt32BE(4)
  return {
    tag: bytes.readUIntBE(0, 3),
    type: bytes.readUInt8(3),
    totalBytes: HEADER_BYTES + length + paddingOf(length),
  }
}

/**
 * Exactly one item.
 *
 * @throws TtlvError when the bytes are fewer, more, or not what their lengths say
 */
export function decode(bytes: Buffer): Item {
  const { item, end } = decodeAt(bytes, 0, 0)
  if (end !== bytes.length) throw new TtlvError(`${bytes.length - end} bytes follow its end`)
  return item
}

function decodeAt(bytes: Buffer, start: number, depth: number): { item: Item; end: number } {
  if (depth > DEEPEST) throw new TtlvError('it is nested too deeply')
  if (bytes.length - start < HEADER_BYTES) throw new TtlvError('it ends inside a header')
  const { tag, type, totalBytes } = readHeader(bytes.subarray(start))
  const length = bytes.readUInt32BE(start + 4)
  const end = start + totalBytes
  if (end > bytes.length) throw new TtlvError('a length reaches beyond its end')
  if (type < TYPE.structure || type > LAST_TYPE) throw new TtlvError(`it has the unknown type ${type}`)
  if (length !== (FIXED_LENGTHS[type] ?? length))
    throw new TtlvError(`a value of type ${type} has ${length} bytes`)
  if (type === BIG_INTEGER && length % 8 !== 0) throw new TtlvError(`a big integer has ${length} bytes`)
  const value = bytes.subarray(start + HEADER_BYTES, start + HEADER_BYTES + length)
  if (type !== TYPE.structure) return { item: { tag, type, value, items: [] }, end }
  const items: Item[] = []
  for (let at = 0; at < value.length; ) {
    const inner = decodeAt(value, at, depth + 1)
    items.push(inner.item)
    at = inner.end
  }
  return { item: { tag, type, value: Buffer.alloc(0), items }, end }
}

/** The first item with this tag inside a structure. @throws TtlvError when there is none, or it is of another type */
export function child(parent: Item, tag: number, type: number): Item {
  const found = optionalChild(parent, tag, type)
  if (found === null) throw new TtlvError(`0x${parent.tag.toString(16)} lacks 0x${tag.toString(16)}`)
  return found
}

export function optionalChild(parent: Item, tag: number, type: number): Item | null {
  const found = parent.items.find(item => item.tag === tag)
  if (found === undefined) return null
  if (found.type !== type) throw new TtlvError(`0x${tag.toString(16)} has the type ${found.type}`)
  return found
}

/** Of an integer or an enumeration. */
export const numberOf = (item: Item): number => item.value.readInt32BE(0)
export const textOf = (item: Item): string => item.value.toString('utf8')
