/** Textual encoding of keys and certificates, RFC 7468. Strict in what it writes; reading what people paste is requests.ts. */

/** DER as PEM: lines of 64 characters, LF, ends in a newline. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

export interface PemBlock {
  label: string
  /** `null` when the body is not base64. */
  der: Uint8Array | null
}

/** Five hyphens on each side, neither fewer nor more. */
const BLOCK = /(?<!-)-----BEGIN ([A-Z0-9 ]+)-----(?!-)([^-]*)(?<!-)-----END \1-----(?!-)/g

/** Every well-formed block of a text, in its order; whatever stands between them is ignored (RFC 7468 §5.2). */
export function readPem(text: string): PemBlock[] {
  return [...text.matchAll(BLOCK)].map(([, label, body]) => ({ label: label!, der: decodeBase64(body!) }))
}

/** Base64 with any white space in it (RFC 4648 §4, padding required). `null` when it is none or empty. */
export function decodeBase64(text: string): Uint8Array | null {
  const packed = text.replaceAll(/\s+/g, '')
  if (packed.length === 0 || packed.length % 4 !== 0) return null
  return /^[A-Za-z0-9+/]+={0,2}$/.test(packed) ? Buffer.from(packed, 'base64') : null
}
