/** Looking whether the bot has what it needs. Every part that depends on something outside can be examined; `doctor` asks all of them. */

export interface Finding {
  /** `warning`: something will be missed, and the rest works. */
  state: 'good' | 'bad' | 'warning'
  /** One sentence: what was looked at and how it is. Holds no secret. */
  what: string
  /** The line that mends it. */
  mend?: string
  /** Something to copy that does not fit into a line. */
  file?: { name: string; text: string }
}

export interface Checkup {
  /** What is examined, as it stands in "Redis could not be examined". */
  name: string
  /** Never changes anything. May throw: then that is the finding. */
  examine(signal?: AbortSignal): Promise<Finding[]>
}
