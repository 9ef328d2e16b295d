/** A row of the benchmark table: ours beside what it is held against, measured in one run, compared as a ratio. */
export interface Row {
  what: string
  /** How ours and the other are called in the table. */
  ours: string
  against: string
  ratio: number
  goal: string
  reached: boolean
  /** What keeps it from the goal, as far as we know; printed where it is not reached. */
  why?: string
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** The middle of several measurements, taken in turn so that a busy moment strikes both sides. */
export async function sideBySide(
  rounds: number,
  ours: () => Promise<number>,
  other: () => Promise<number>,
): Promise<{ ours: number; other: number }> {
  const mine: number[] = []
  const theirs: number[] = []
  for (let i = 0; i < rounds; i++) {
    mine.push(await ours())
    theirs.push(await other())
  }
  return { ours: median(mine), other: median(theirs) }
}

export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

export const perSecond = (count: number, ms: number) => (count * 1000) / ms
