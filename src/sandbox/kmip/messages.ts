/**
 * KMIP messages as far as a stand-in needs them: Discover Versions is answered, every other operation is refused in KMIP's own
 * words (OASIS KMIP 1.4 §4.26 Discover Versions, §7 message contents, §9.1.3 tags and enumerations).
 */
import {
  byteString,
  dateTime,
  decodeItem,
  enumeration,
  type Item,
  integer,
  MalformedTtlv,
  structure,
  TYPE,
  textString,
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
  timeStamp: 0x420092,
  uniqueBatchItemId: 0x420093,
} as const

const DISCOVER_VERSIONS = 0x1e
const STATUS_SUCCESS = 0
const STATUS_FAILED = 1
const REASON_INVALID_MESSAGE = 4
const REASON_OPERATION_NOT_SUPPORTED = 5

interface Version {
  major: number
  minor: number
}

/** OVHcloud speaks 1.0 to 1.4 (ovh/ovhcloud-docs: …/kms/kms-kmip.mdx); the preferred one first. */
const VERSIONS: readonly Version[] = [4, 3, 2, 1, 0].map(minor => ({ major: 1, minor }))

/**
 * The answer to one request message.
 * @param nowMs by the sandbox's clock, for the time stamp
 * @throws MalformedTtlv when the bytes are no KMIP request
 */
export function answerRequest(bytes: Buffer, nowMs: number): Buffer {
  const message = decodeItem(bytes)
  if (message.tag !== TAG.requestMessage) throw new MalformedTtlv('not a request message')
  const [header, ...batch] = message.items
  if (header?.tag !== TAG.requestHeader) throw new MalformedTtlv('no request header')
  const version = readVersion(only(header, TAG.protocolVersion))
  const count = readNumber(only(header, TAG.batchCount), TYPE.integer)
  if (batch.length !== count || batch.some(item => item.tag !== TAG.batchItem)) {
    throw new MalformedTtlv('batch count is not the number of batch items')
  }
  const spoken = VERSIONS.find(known => isSame(known, version))
  const answers = batch.map(item => answerItem(item, spoken))
  return structure(
    TAG.responseMessage,
    structure(
      TAG.responseHeader,
      encodeVersion(spoken ?? VERSIONS[0]!),
      dateTime(TAG.timeStamp, nowMs),
      integer(TAG.batchCount, answers.length),
    ),
    ...answers,
  )
}

function answerItem(item: Item, spoken: Version | undefined): Buffer {
  const operation = readNumber(only(item, TAG.operation), TYPE.enumeration)
  const id = item.items.find(({ tag }) => tag === TAG.uniqueBatchItemId)
  const head = [
    enumeration(TAG.operation, operation),
    ...(id === undefined ? [] : [byteString(TAG.uniqueBatchItemId, id.value)]),
  ]
  if (spoken === undefined) return refuse(head, REASON_INVALID_MESSAGE, 'Protocol version not supported')
  // Discover Versions came with 1.1.
  if (operation !== DISCOVER_VERSIONS || spoken.minor < 1) {
    return refuse(head, REASON_OPERATION_NOT_SUPPORTED, 'Operation not supported')
  }
  const asked = only(item, TAG.requestPayload).items.map(readVersion)
  const shared = VERSIONS.filter(known => asked.length === 0 || asked.some(version => isSame(known, version)))
  return structure(
    TAG.batchItem,
    ...head,
    enumeration(TAG.resultStatus, STATUS_SUCCESS),
    structure(TAG.responsePayload, ...shared.map(encodeVersion)),
  )
}

function refuse(head: readonly Buffer[], reason: number, message: string): Buffer {
  return structure(
    TAG.batchItem,
    ...head,
    enumeration(TAG.resultStatus, STATUS_FAILED),
    enumeration(TAG.resultReason, reason),
    textString(TAG.resultMessage, message),
  )
}

function encodeVersion({ major, minor }: Version): Buffer {
  return structure(
    TAG.protocolVersion,
    integer(TAG.protocolVersionMajor, major),
    integer(TAG.protocolVersionMinor, minor),
  )
}

function readVersion(item: Item): Version {
  if (item.tag !== TAG.protocolVersion) throw new MalformedTtlv('not a protocol version')
  return {
    major: readNumber(only(item, TAG.protocolVersionMajor), TYPE.integer),
    minor: readNumber(only(item, TAG.protocolVersionMinor), TYPE.integer),
  }
}

function only(parent: Item, tag: number): Item {
  const found = parent.items.filter(item => item.tag === tag)
  if (found.length !== 1) throw new MalformedTtlv(`one ${tag.toString(16)} expected, ${found.length} found`)
  return found[0]!
}

function readNumber(item: Item, type: number): number {
  if (item.type !== type) throw new MalformedTtlv('wrong type')
  return item.value.readInt32BE()
}

function isSame(a: Version, b: Version): boolean {
  return a.major === b.major && a.minor === b.minor
}
