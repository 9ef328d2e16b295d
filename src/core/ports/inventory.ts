/** Names that were seen at OVHcloud lately, for completing what people type. May be old or empty: nothing is decided by it. */
export type InventoryKind = 'okms' | 'cloud' | 'region' | 'credential' | 'identity' | 'key'

export interface Inventory {
  /** Replaces what is known under a kind; `part` keeps, say, the credentials of each OKMS apart. */
  remember(kind: InventoryKind, part: string, names: readonly string[]): Promise<void>
  /** All names of a kind, sorted, each once. */
  names(kind: InventoryKind): Promise<string[]>
}
