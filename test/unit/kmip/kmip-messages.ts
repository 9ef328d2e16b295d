/** KMIP messages put together by hand from the tables of the specification, apart from the encoder under test. */

/** Bytes of hex digits, blanks aside. */
export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

const lengthOf = (body: string) => (hex(body).length >>> 0).toString(16).padStart(8, '0')
const wrap = (tag: string, body: string) => `${tag} 01 ${lengthOf(body)} ${body}`
const number = (tag: string, type: string, value: number) =>
  `${tag} ${type} 00000004 ${value.toString(16).padStart(8, '0')} 00000000`

export const version = (major: number, minor: number): string =>
  wrap('420069', number('42006a', '02', major) + number('42006b', '02', minor))

export const VERSIONS_1_0_TO_1_4 = [4, 3, 2, 1, 0].map(minor => version(1, minor)).join('')
export const BOTH_VERSIONS = version(1, 4) + version(2, 1) + version(2, 0)

export interface Parts {
  /** Protocol versions of the payload; left out, there is no payload. */
  versions?: string
  spoken?: string
  status?: number
  reason?: number
  message?: string
}

/** A response to Discover Versions. */
export function response({ versions, spoken = version(1, 1), status = 0, reason, message }: Parts): Buffer {
  const timestamp = '420092 09 00000008 0000000065f0f0f0'
  const header = wrap('42007a', spoken + timestamp + number('42000d', '02', 1))
  const text = Buffer.from(message ?? '')
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8)]).toString('hex')
  const item = [
    number('42005c', '05', 0x1e),
    number('42007f', '05', status),
    reason === undefined ? '' : number('42007e', '05', reason),
    message === undefined ? '' : `42007d 07 ${text.length.toString(16).padStart(8, '0')} ${padded}`,
    versions === undefined ? '' : wrap('42007c', versions),
  ].join('')
  return hex(wrap('42007b', header + wrap('42000f', item)))
}
