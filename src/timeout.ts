/** What the work resolves to; rejects with the signal's reason once there is one. The work itself goes on. */
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

/** What the work resolves to; rejects, with `reason`, when that takes longer than so many milliseconds. The work itself goes on. */
export async function within<T> (patience: number, work: Promise<T>, reason = new Error(`no answer within ${patience} ms`)): Promise<T> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(reason), patience)
  try {
    return await unlessAborted(silence.signal, work)
  } finally {
    clearTimeout(timer)
  }
}
