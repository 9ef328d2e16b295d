/** Instants as the API writes them: microseconds and an offset, `2024-07-02T15:54:18.390593+02:00`. */

/** Which offset the API chooses is in no source; a constant one is as good RFC 3339 as any. */
const OFFSET_MS = 2 * 60 * 60 * 1000

export interface Instant {
  ms: number
  /** 0 to 999, below the millisecond. */
  micros: number
}

export function formatInstant({ ms, micros }: Instant): string {
  const local = new Date(ms + OFFSET_MS).toISOString().slice(0, -1)
  return `${local}${String(micros).padStart(3, '0')}+02:00`
}
