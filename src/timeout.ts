/** Resolves as the work does, or rejects with the signal's reason once it is aborted. The work itself goes on. */
export async function unlessAborted<T> (signal: AbortSignal, work: Promise<T>): Promise<T> {
  let abort = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Resolves as the work does, or rejects with the error of `reasonOf` after `timeoutMs`. The work itself goes on. */
export async function within<T> (
  timeoutMs: number, work: Promise<T>, reasonOf = () => new Error(`no answer within ${timeoutMs} ms`)
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(reasonOf()), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
