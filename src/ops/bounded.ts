/** Limits for whatever is asked from outside: how long it may take, and how many may ask at once. */

/** @throws Error with that text when the answer takes longer; what comes later is dropped */
export async function within<T>(limitMs: number, what: string, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${limitMs / 1000} s.`)), limitMs)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Whoever asks while an answer is under way gets that one, so that asking often, or of something that hangs, piles nothing up. */
export function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null
  return () => {
    underWay ??= ask().finally(() => {
      underWay = null
    })
    return underWay
  }
}
