/** Forms in a terminal: shown as lines, completed with `fill name:value …`. */
import { BotError } from '../../core/errors.js'
import type { Form } from '../../core/form.js'

export function formLines({ title, fields }: Form): string[] {
  const shown = fields.map(({ name, label, required }) => `${name}  ${label}${required ? '' : ' (optional)'}`)
  const example = fields.map(({ name }) => `${name}:"…"`).join(' ')
  return [title, ...shown, `fill ${example}`]
}

/**
 * `reason:"not this week" until:3d` as fields; a form of one field takes bare words.
 * @throws BotError `input.invalid` for a field that is missing or none
 */
export function readFields({ fields }: Form, words: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [, name, quoted, bare] of words.matchAll(/([a-z]\w*):(?:"([^"]*)"|(\S+))/gi)) {
    found[name!.toLowerCase()] = quoted ?? bare!
  }
  const [only] = fields
  if (fields.length === 1 && only && Object.keys(found).length === 0 && words.trim() !== '') {
    found[only.name] = words.trim()
  }
  const unknown = Object.keys(found).find(name => !fields.some(field => field.name === name))
  const missing = fields.find(({ name, required }) => required && !found[name]?.trim())
  const names = fields.map(({ name }) => name).join(', ')
  if (unknown !== undefined)
    throw new BotError('input.invalid', `The form has no field ${unknown}; it has ${names}.`)
  if (missing) throw new BotError('input.invalid', `The form needs ${missing.name}: fill ${missing.name}:"…"`)
  return found
}
