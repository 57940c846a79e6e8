// Requests that count logs read many of them: one is under way at a time, and none while nobody looks at the page.

let last: Promise<unknown> = Promise.resolve()

/** Runs a request after those that were asked for before. Rejects with the signal's reason. */
export function inTurn<Answer> (signal: AbortSignal, run: () => Promise<Answer>): Promise<Answer> {
  const turn = last.then(async () => {
    await visible(signal)
    signal.throwIfAborted()
    return await run()
  })
  last = turn.catch(() => {})
  return turn
}

/** Resolves once the page is visible, or the signal is aborted. */
export async function visible (signal: AbortSignal): Promise<void> {
  while (document.hidden && !signal.aborted) {
    await new Promise<void>((resolve) => {
      const ended = new AbortController()
      const end = () => {
        ended.abort()
        resolve()
      }
      document.addEventListener('visibilitychange', end, { signal: ended.signal })
      signal.addEventListener('abort', end, { signal: ended.signal })
    })
  }
}
