/** Run ids: 8 characters of Crockford base32 (https://www.crockford.com/base32.html), without I, L, O and U, so that people can read them aloud. */

export const RUN_ID_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** What somebody typed or read aloud, as a run id: upper case, O and I and L read as digits. `null` when it is none. */
export function normalizeRunId(text: string): string | null {
  const id = text.trim().toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]{8}$/.test(id) ? id : null
}
