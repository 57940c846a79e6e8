import { Refusal } from './refusal.ts'

/** Messages of a window of time. */
interface Limit {
  messages: number
  windowMs: number
}

/** A chat may have a burst of three. */
const ofChat: Limit = { messages: 3, windowMs: 3000 }
const ofGroup: Limit = { messages: 20, windowMs: 60_000 }
const ofAll: Limit = { messages: 30, windowMs: 1000 }

/** Limits on what a bot sends. An ignored `retry_after` doubles. */
export class Rates {
  readonly #now: () => number
  readonly #sent = new Map<string, number[]>()
  readonly #refused = new Map<string, { until: number, seconds: number }>()

  constructor (now: () => number) {
    this.#now = now
  }

  /** Counts a message to a chat. Throws Refusal 429 past a limit. */
  count (chat: number, isGroup: boolean): void {
    const now = this.#now()
    const limits: Array<[string, Limit]> = [[`${chat}`, ofChat], ...isGroup ? [[`${chat} of a group`, ofGroup] as [string, Limit]] : [], ['all', ofAll]]
    for (const [name, limit] of limits) this.#require(name, limit, now)
    for (const [name] of limits) this.#sent.set(name, [...this.#sent.get(name) ?? [], now])
  }

  #require (name: string, { messages, windowMs }: Limit, now: number): void {
    const recent = (this.#sent.get(name) ?? []).filter((at) => at > now - windowMs)
    this.#sent.set(name, recent)
    const before = this.#refused.get(name)
    if (before && now < before.until) throw this.#refuse(name, now, before.seconds * 2)
    this.#refused.delete(name)
    const oldest = recent[recent.length - messages]
    if (oldest !== undefined) throw this.#refuse(name, now, Math.max(1, Math.ceil((oldest + windowMs - now) / 1000)))
  }

  #refuse (name: string, now: number, seconds: number): Refusal {
    this.#refused.set(name, { until: now + seconds * 1000, seconds })
    return new Refusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds })
  }
}
