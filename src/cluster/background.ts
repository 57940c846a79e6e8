/** Work that is repeated, one run after the other. */
export class Background {
  readonly #work: (isAwaited: boolean) => Promise<void>
  readonly #pauseMs: number
  readonly #onFailure: (error: unknown) => void
  readonly #ending = new AbortController()
  #latest: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  /** `onFailure` gets the error of every run that failed, but for those that the end cut short. */
  constructor (work: (isAwaited: boolean) => Promise<void>, pauseMs: number, onFailure: (error: unknown) => void) {
    this.#work = work
    this.#pauseMs = pauseMs
    this.#onFailure = onFailure
  }

  /** Aborted when the work must end. */
  get signal (): AbortSignal {
    return this.#ending.signal
  }

  /** Schedules the first run; each later run follows a pause. */
  start (afterMs = this.#pauseMs): void {
    this.#timer = setTimeout(() => {
      this.#run(false).catch(() => {}).finally(() => { if (!this.signal.aborted) this.start() })
    }, afterMs).unref()
  }

  /** Runs the work now, after a run under way; rejects when it fails. The work is told that somebody awaits it. */
  runNow (): Promise<void> {
    return this.#run(true)
  }

  /** Aborts the signal; resolves when the work has ended. */
  end (): Promise<void> {
    clearTimeout(this.#timer)
    this.#ending.abort(new Error('the server closes'))
    return this.#latest
  }

  #run (isAwaited: boolean): Promise<void> {
    const run = this.#latest.then(() => this.#work(isAwaited))
    this.#latest = run.catch((error) => { if (!this.signal.aborted) this.#onFailure(error) })
    return run
  }
}
