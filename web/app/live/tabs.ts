// One stream for all tabs of a browser that follow the same search, and few streams in all: over HTTP/1.1 a browser has
// six connections to a server. The tabs tell each other what they follow; each one finds by itself who has the stream:
// for a search the tab that follows it longest, and of the searches those that were looked at last. Web Locks would
// do, too, but exist only in secure contexts, and without TLS there is only HTTP/1.1.
import type { TailEvent } from './stream.ts'

/** Searches that have a stream at the same time; the other connections are for everything else. */
const maxStreams = 3
const beatMs = 2000
/** Milliseconds after which a tab that says nothing is gone; timers of hidden tabs are slow. */
const goneMs = 7000
/** Milliseconds in which the other tabs answer one that is new. */
const answerMs = 150

/** `holder`: has the stream. `follower`: another tab has it. `elsewhere`: there are too many streams. */
export type Role = 'holder' | 'follower' | 'elsewhere'

interface Presence {
  id: string
  /** What it follows. */
  key: string
  joinedAt: number
  focusedAt: number
  place: string
}

type Message =
  | { kind: 'here', tab: Presence, isNew: boolean }
  | { kind: 'gone', id: string }
  | { kind: 'events', key: string, events: readonly TailEvent[] }

export interface TabOptions {
  key: string
  place (): string
  onRole (role: Role): void
  onEvents (events: readonly TailEvent[]): void
  /** A tab that is new needs the events after an earlier place than this one's. */
  onEarlier (place: string): void
}

export class Tabs {
  readonly #options: TabOptions
  readonly #channel = new BroadcastChannel(`loggerbot.live ${location.pathname}`)
  readonly #others = new Map<string, Presence & { heardAt: number }>()
  readonly #joinedAt = Date.now()
  readonly #id = `${this.#joinedAt} ${crypto.getRandomValues(new Uint32Array(2)).join('')}`
  readonly #ended = new AbortController()
  readonly #timers: Array<ReturnType<typeof setTimeout>> = []
  #focusedAt = Date.now()
  #role: Role | undefined
  #hasJoined = false

  constructor (options: TabOptions) {
    this.#options = options
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#heard(data)
    const { signal } = this.#ended
    addEventListener('focus', () => this.#focused(), { signal })
    addEventListener('pagehide', () => this.leave(), { signal })
    this.#say(true)
    this.#timers.push(
      setTimeout(() => { this.#hasJoined = true; this.#decide() }, answerMs),
      setInterval(() => { this.#say(false); this.#decide() }, beatMs)
    )
  }

  /** The earliest place of the tabs that follow the same. */
  earliest (compare: (one: string, other: string) => number): string {
    const places = [...this.#others.values()].filter(({ key }) => key === this.#options.key).map(({ place }) => place)
    return places.reduce((one, other) => compare(one, other) <= 0 ? one : other, this.#options.place())
  }

  /** Gives the tabs that follow the same what the stream brought. */
  share (events: readonly TailEvent[]): void {
    this.#post({ kind: 'events', key: this.#options.key, events })
  }

  leave (): void {
    if (this.#ended.signal.aborted) return
    this.#post({ kind: 'gone', id: this.#id })
    this.#ended.abort()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#channel.close()
  }

  #focused (): void {
    this.#focusedAt = Date.now()
    this.#say(false)
    this.#decide()
  }

  #heard (message: Message): void {
    const { key } = this.#options
    if (message.kind === 'events') {
      if (message.key === key) this.#options.onEvents(message.events)
      return
    }
    if (message.kind === 'gone') {
      this.#others.delete(message.id)
    } else {
      const { tab, isNew } = message
      this.#others.set(tab.id, { ...tab, heardAt: Date.now() })
      if (isNew) this.#say(false)
      if (isNew && tab.key === key && this.#role === 'holder') this.#options.onEarlier(tab.place)
    }
    this.#decide()
  }

  get #self (): Presence {
    const { key, place } = this.#options
    return { id: this.#id, key, joinedAt: this.#joinedAt, focusedAt: this.#focusedAt, place: place() }
  }

  #say (isNew: boolean): void {
    this.#post({ kind: 'here', tab: this.#self, isNew })
  }

  #post (message: Message): void {
    this.#channel.postMessage(message)
  }

  #decide (): void {
    if (!this.#hasJoined || this.#ended.signal.aborted) return
    const now = Date.now()
    for (const [id, { heardAt }] of this.#others) if (now - heardAt > goneMs) this.#others.delete(id)
    const role = roleOf(this.#self, [...this.#others.values()])
    if (role === this.#role) return
    this.#role = role
    this.#options.onRole(role)
  }
}

/** What a tab is among the others; all of them find the same. */
function roleOf (self: Presence, others: readonly Presence[]): Role {
  const tabs = [...others, self].sort((one, other) => other.focusedAt - one.focusedAt || (one.id < other.id ? -1 : 1))
  const streams = [...new Set(tabs.map(({ key }) => key))].slice(0, maxStreams)
  if (!streams.includes(self.key)) return 'elsewhere'
  const [holder] = tabs.filter(({ key }) => key === self.key)
    .sort((one, other) => one.joinedAt - other.joinedAt || (one.id < other.id ? -1 : 1))
  return holder === self ? 'holder' : 'follower'
}
