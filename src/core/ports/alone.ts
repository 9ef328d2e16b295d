/** What one process of the fleet does at a time, while others stand by to take over. */
export interface Work {
  /** The turn of this process begins. May take long: `end` can be called meanwhile. */
  begin(): Promise<void>
  /** Its turn is over: it leaves, or another process has it now. */
  end(): Promise<void>
}

export interface Turn {
  /** Whether this process has the turn; otherwise it stands by. */
  isOurs(): boolean
  /** Ends the work, and lets another process have the turn at once. */
  leave(): Promise<void>
}

export interface Alone {
  /**
   * Resolves when the work has begun, or when another process has the turn: then it begins once that one leaves or falls silent.
   * @throws what `begin` throws the first time
   */
  take(what: string, work: Work): Promise<Turn>
}

/** Where there is no other process. */
export const always: Alone = {
  async take(_, work) {
    await work.begin()
    return { isOurs: () => true, leave: () => work.end() }
  },
}
