import { Refusal } from './refusal.ts'

export interface Update {
  update_id: number
  message?: object
  callback_query?: object
  my_chat_member?: object
}

interface Asked {
  offset: number | undefined
  limit: number
  timeoutMs: number
  /** Kinds of updates; undefined: all. */
  kinds: readonly string[] | undefined
}

/** How long an update is kept. */
const keptMs = 24 * 3_600_000

/** Updates that wait for the bot, and its one poller. */
export class Updates {
  readonly #now: () => number
  #next: number
  #waiting: Array<{ update: Update, at: number }> = []
  /** Ends the poll under way: with what is there, or with an error. */
  #endPoll: ((error?: Refusal) => void) | undefined
  hasWebhook = false

  constructor (now: () => number, first: number) {
    this.#now = now
    this.#next = first
  }

  push (update: Omit<Update, 'update_id'>): number {
    const id = this.#next++
    this.#waiting.push({ update: { update_id: id, ...update }, at: this.#now() })
    this.#endPoll?.()
    return id
  }

  /** After a week without updates, none of which is kept, the ids go on anywhere. */
  restartIds (next: number): void {
    this.#waiting = []
    this.#next = next
  }

  /** Ids of the updates that the bot has not confirmed. */
  get unconfirmed (): number[] {
    return this.#waiting.map(({ update }) => update.update_id)
  }

  /** Whether a poll is under way. */
  get isAwaited (): boolean {
    return this.#endPoll !== undefined
  }

  async get ({ offset, limit, timeoutMs, kinds }: Asked): Promise<Update[]> {
    if (this.hasWebhook) {
      throw new Refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
    }
    this.#endPoll?.(new Refusal(409, 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running'))
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now() - keptMs)
    // An offset in the future, after the ids were restarted, confirms nothing.
    if (offset !== undefined && offset <= this.#next) this.#waiting = this.#waiting.filter(({ update }) => update.update_id >= offset)
    const list = () => this.#waiting.map(({ update }) => update).filter((update) => !kinds || kinds.some((kind) => kind in update)).slice(0, limit)
    if (list().length === 0 && timeoutMs > 0) await this.#wait(timeoutMs)
    return list()
  }

  /** Ends the poll under way with what is there. */
  endPoll (): void {
    this.#endPoll?.()
  }

  async #wait (timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const end = (error?: Refusal) => {
        clearTimeout(timer)
        if (this.#endPoll === end) this.#endPoll = undefined
        if (error) reject(error)
        else resolve()
      }
      const timer = setTimeout(() => end(), timeoutMs)
      this.#endPoll = end
    })
  }
}
