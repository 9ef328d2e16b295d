/**
 * When each tick succeeded last. Counted in the store's own time: it is about living processes, whatever clock the bot is told to
 * go by.
 */
export interface Beats {
  note(tick: string): Promise<void>
  /** Milliseconds since the last success of each tick, and the store's present in milliseconds. */
  read(): Promise<{ nowMs: number; lastAtMs: Map<string, number> }>
}

/** OVHcloud being away ends no reminder, so both together say that the bot itself stands still. */
const WATCHED = ['sync', 'remind']
/** How long neither may succeed before operators hear of it. */
export const SILENT_AFTER_MS = 15 * 60_000

export interface Pulse {
  /** Since the last sync or reminder, or since this process began where that is later; in milliseconds. */
  silentMs: number
  /** Instant of the last one in the store's time; 0: never yet. */
  lastAtMs: number
  /** The store's present. */
  nowMs: number
}

/** @param beganAtMs when this process began, by `performance.now()`: what was missed before is not its business */
export async function pulseOf(beats: Pick<Beats, 'read'>, beganAtMs: number): Promise<Pulse> {
  const { nowMs, lastAtMs } = await beats.read()
  const last = Math.max(0, ...WATCHED.map(tick => lastAtMs.get(tick) ?? 0))
  return { silentMs: Math.min(nowMs - last, performance.now() - beganAtMs), lastAtMs: last, nowMs }
}

export const noBeats: Pick<Beats, 'note'> = { async note() {} }
