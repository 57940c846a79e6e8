/** Runs a task repeatedly, one run after the other. */
export class Background {
  readonly #task: (isAwaited: boolean) => Promise<void>
  readonly #pauseMs: number
  readonly #onFailure: (error: unknown) => void
  readonly #stopping = new AbortController()
  #latest: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  /** `onFailure` gets the error of every failed run, except those that `stop` cut short. */
  constructor (task: (isAwaited: boolean) => Promise<void>, pauseMs: number, onFailure: (error: unknown) => void) {
    this.#task = task
    this.#pauseMs = pauseMs
    this.#onFailure = onFailure
  }

  /** Aborted when the task must stop. */
  get signal (): AbortSignal {
    return this.#stopping.signal
  }

  /** Schedules the first run; each later run follows a pause. */
  start (afterMs = this.#pauseMs): void {
    this.#timer = setTimeout(() => {
      this.#run(false).catch(() => {}).finally(() => { if (!this.signal.aborted) this.start() })
    }, afterMs).unref()
  }

  /** Runs the task as soon as the current run ends, with `isAwaited` set; rejects when the run fails. */
  runNow (): Promise<void> {
    return this.#run(true)
  }

  /** Aborts the signal, and schedules no more runs. */
  stop (): void {
    clearTimeout(this.#timer)
    this.#stopping.abort(new Error('the server closes'))
  }

  /** Stops; resolves when the current run has ended. */
  end (): Promise<void> {
    this.stop()
    return this.#latest
  }

  #run (isAwaited: boolean): Promise<void> {
    const run = this.#latest.then(() => this.#task(isAwaited))
    this.#latest = run.catch((error) => { if (!this.signal.aborted) this.#onFailure(error) })
    return run
  }
}
