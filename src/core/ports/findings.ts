/** What the watch has found and not yet seen healed: one card each, so each is kept until it is closed. */
import type { Target } from './chat.js'

export interface Finding {
  /** What it is about and what is wrong there: `pcc-192-0-2-10/350/changed`. */
  id: string
  /** When it was seen first, in milliseconds of the clock port: a relapse gets a card of its own. */
  sinceMs: number
  /** Where its card stands. */
  target: Target
}

export interface Findings {
  all(): Promise<Map<string, Finding>>
  /** Notes one that is new; answers the one that holds, where another process was faster. */
  open(finding: Finding): Promise<Finding>
  close(id: string): Promise<void>
}
