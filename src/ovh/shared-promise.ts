/** One piece of work for all who ask while it is under way. */

/**
 * The work starts with the first caller and is nobody's own: a caller whose signal aborts stops waiting, the work goes on for the
 * others. When it is done, well or badly, the next caller starts it anew.
 *
 * @throws what the work throws; the signal's reason when it aborts first
 */
export function sharedUntilDone<T>(work: () => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let underWay: Promise<T> | null = null
  return signal => {
    underWay ??= work().finally(() => {
      underWay = null
    })
    return signal ? untilAborted(underWay, signal) : underWay
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
