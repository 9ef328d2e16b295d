/** Discover Versions, the one KMIP operation we send (OASIS KMIP Specification 1.4 §4.26; tags and values §9.1.3). It needs no object and no right. */
import {
  child,
  decode,
  enumeration,
  type Item,
  integer,
  numberOf,
  optionalChild,
  structure,
  TtlvError,
  TYPE,
  textOf,
} from './ttlv.js'

const TAG = {
  batchCount: 0x42000d,
  batchItem: 0x42000f,
  operation: 0x42005c,
  protocolVersion: 0x420069,
  protocolVersionMajor: 0x42006a,
  protocolVersionMinor: 0x42006b,
  requestHeader: 0x420077,
  requestMessage: 0x420078,
  requestPayload: 0x420079,
  responseHeader: 0x42007a,
  responseMessage: 0x42007b,
  responsePayload: 0x42007c,
  resultMessage: 0x42007d,
  resultReason: 0x42007e,
  resultStatus: 0x42007f,
} as const

const DISCOVER_VERSIONS = 0x1e
const SUCCESS = 0
const OPERATION_NOT_SUPPORTED = 0x05

export const RESPONSE_MESSAGE = TAG.responseMessage

/**
 * The header says 1.1, the first version that knows the operation, so that every later 1.x server takes it (ovh/kmip-go:
 * kmipclient/client.go does the same). The payload names no version: the server answers all it has.
 */
export function encodeRequest(): Buffer {
  const version = structure(
    TAG.protocolVersion,
    integer(TAG.protocolVersionMajor, 1),
    integer(TAG.protocolVersionMinor, 1),
  )
  const header = structure(TAG.requestHeader, version, integer(TAG.batchCount, 1))
  const item = structure(
    TAG.batchItem,
    enumeration(TAG.operation, DISCOVER_VERSIONS),
    structure(TAG.requestPayload),
  )
  return structure(TAG.requestMessage, header, item)
}

export type Discovery =
  /** Highest version the server has, such as `1.4`. */
  | { kind: 'versions'; highest: string }
  /** The server understood and refused; `reason` is its own text, or the number of its reason. */
  | { kind: 'refused'; reason: string }

/** @throws TtlvError when the bytes are no KMIP response to one operation */
export function decodeResponse(bytes: Buffer): Discovery {
  const message = decode(bytes)
  if (message.tag !== TAG.responseMessage) throw new TtlvError(`it begins with 0x${message.tag.toString(16)}`)
  const header = child(message, TAG.responseHeader, TYPE.structure)
  const spoken = versionOf(child(header, TAG.protocolVersion, TYPE.structure))
  const item = child(message, TAG.batchItem, TYPE.structure)
  if (numberOf(child(item, TAG.resultStatus, TYPE.enumeration)) !== SUCCESS) return refusal(item, spoken)
  const payload = optionalChild(item, TAG.responsePayload, TYPE.structure)
  const offered = (payload?.items ?? []).filter(({ tag }) => tag === TAG.protocolVersion).map(versionOf)
  const highest = [spoken, ...offered].sort(byVersion).at(-1) ?? spoken
  return { kind: 'versions', highest: highest.join('.') }
}

/** A server of 1.0 does not know the operation; that it says so shows that it took the certificate. */
function refusal(item: Item, spoken: Version): Discovery {
  const reason = optionalChild(item, TAG.resultReason, TYPE.enumeration)
  const code = reason === null ? null : numberOf(reason)
  if (code === OPERATION_NOT_SUPPORTED) return { kind: 'versions', highest: spoken.join('.') }
  const text = optionalChild(item, TAG.resultMessage, TYPE.text)
  const said =
    text === null
      ? ''
      : textOf(text)
          .replace(/[\s\p{C}]+/gu, ' ')
          .trim()
          .slice(0, 200)
  return { kind: 'refused', reason: said || `result reason ${code ?? 'not given'}` }
}

type Version = [major: number, minor: number]

function versionOf(item: Item): Version {
  const major = numberOf(child(item, TAG.protocolVersionMajor, TYPE.integer))
  const minor = numberOf(child(item, TAG.protocolVersionMinor, TYPE.integer))
  return [major, minor]
}

const byVersion = (a: Version, b: Version) => a[0] - b[0] || a[1] - b[1]
