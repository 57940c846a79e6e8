/** Work that is done again and again, one time after the other. It sees to its own errors. */
export class Background {
  readonly #work: (now: boolean) => Promise<void>
  readonly #pause: number
  readonly #ending = new AbortController()
  #latest: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  /** Between one time and the next there is a pause of so many milliseconds. */
  constructor (work: (now: boolean) => Promise<void>, pause: number) {
    this.#work = work
    this.#pause = pause
  }

  /** Given when the work must end. */
  get signal (): AbortSignal {
    return this.#ending.signal
  }

  /** Begins after so many milliseconds, by default after a pause. */
  start (after = this.#pause): void {
    this.#timer = setTimeout(() => {
      this.#again(false).finally(() => { if (!this.signal.aborted) this.start() })
    }, after).unref()
  }

  /** Does it now, after what is under way: the work is told that somebody waits for it. */
  run (): Promise<void> {
    return this.#again(true)
  }

  /** Gives the signal; resolves when the work has ended. */
  end (): Promise<void> {
    clearTimeout(this.#timer)
    this.#ending.abort(new Error('the server closes'))
    return this.#latest
  }

  #again (now: boolean): Promise<void> {
    this.#latest = this.#latest.then(() => this.#work(now))
    return this.#latest
  }
}
