/**
 * JSURL: JSON that goes into an address without escapes, as OVHcloud's express order links have it (github.com/Sage/jsurl). Objects are
 * `~(key~value~key~value)`, arrays `~(~a~b)`, texts begin with `'`.
 */

export type JsurlValue =
  | string
  | number
  | boolean
  | null
  | readonly JsurlValue[]
  | { readonly [key: string]: JsurlValue }

export function encodeJsurl(value: JsurlValue): string {
  if (typeof value === 'string') return `~'${escapeText(value)}`
  if (typeof value !== 'object' || value === null) return `~${value}`
  if (isList(value)) return `~(${value.length === 0 ? '~' : value.map(encodeJsurl).join('')})`
  const fields = Object.entries(value).map(([key, inner]) => `${escapeText(key)}${encodeJsurl(inner)}`)
  return `~(${fields.join('~')})`
}

const isList = (value: JsurlValue): value is readonly JsurlValue[] => Array.isArray(value)

/** `$` has a short form; other characters become `*` and two hexadecimal digits, or `**` and four. */
function escapeText(text: string): string {
  return text.replaceAll(/[^\w.-]/g, character => {
    if (character === '$') return '!'
    const hex = character.charCodeAt(0).toString(16)
    return hex.length > 2 ? `**${hex.padStart(4, '0')}` : `*${hex.padStart(2, '0')}`
  })
}
