/** What people said to a run that waits for a word of theirs: the first answer to a question holds. */
export interface Answer {
  answer: string
  /** As people call whoever said it. */
  by: string
  /** ISO instant. */
  at: string
}

export interface Answers {
  /** `false`: it has been answered before. */
  give(runId: string, question: string, answer: Answer): Promise<boolean>
  to(runId: string, question: string): Promise<Answer | null>
}
