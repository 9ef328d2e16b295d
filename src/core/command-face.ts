/** What can be known of a command without running it: what platforms publish, the grammar reads and help shows. */
import type { OptionsShape } from './option.js'
import type { Permission } from './permission.js'

export interface CommandFace<S extends OptionsShape = OptionsShape> {
  /** What people type: `list`, or `key create` for a command in a group. */
  readonly name: string
  readonly summary: string
  /** In the order in which they may be typed without a name. */
  readonly options: S
  /** `null`: everyone. */
  readonly requires: Permission | null
  /** Who sees the answer. Acknowledged privately in any case. */
  readonly answers: 'privately' | 'publicly'
  /** One line each, as people type it, for help. */
  readonly examples: readonly string[]
}

/** `/okms credential <name> <validity> [okms] …`: as people type it; what stands in brackets may be left out. */
export function usageOf({ name, options }: CommandFace): string {
  const words = Object.entries(options).map(([option, { required }]) =>
    required ? `<${option}>` : `[${option}]`,
  )
  return ['/okms', name, ...words].join(' ')
}
