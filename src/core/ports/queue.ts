/** The engine as the bot sees it: runs to be taken, questions to be answered. */

export interface FlowQueue {
  /** Has a worker take the run; adding one that is queued already changes nothing. */
  add(runId: string): Promise<void>
  /** Wakes a waiting run for a new look. */
  wake(runId: string): Promise<void>
}

export interface ReadQueue {
  /**
   * Has a worker answer a question that rests in the store.
   * @throws what the read threw, or BotError `store.unavailable` when no worker answered in `timeoutMs`
   */
  ask(askId: string, timeoutMs: number): Promise<unknown>
}
