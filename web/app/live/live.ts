// A search that goes on: the tail's logs enter its list, unless somebody is reading.
import { signal } from '@preact/signals'
import { ApiError } from '../api/error.ts'
import type { Log } from '../api/types.ts'
import type { Search } from '../rows/search.ts'
import { serverNow } from '../time/clock.ts'
import { navigate } from '../view/location.ts'
import { Arrivals, isError } from './arrivals.ts'
import { comparePlaces, isForgotten } from './place.ts'
import { isReading, stopReading } from './reading.ts'
import { follow, type TailEvent } from './stream.ts'
import { Tabs, type Role } from './tabs.ts'

/** Milliseconds between two additions to the list, between two histograms, and between two announcements. */
const enterMs = 250
const refreshMs = 15_000
const announceMs = 5000
/** Rows that came later, and their bytes, from which on the far end of the list is let go; and what is kept then. */
const maxEntered = { rows: 2000, bytes: 16_000_000 }
const keptRows = 1000
/** A log is late if it came this long after its time; the mark stays a while. In milliseconds. */
const lateMs = 2000
const markedMs = 10_000
/** A list without an end leaves out logs that are later than this, as the API does: wrong clocks. */
const futureMs = 86_400_000

export interface LiveState {
  role: Role | 'joining'
  isReading: boolean
  waiting: number
  errors: number
  /** Logs in a second. */
  rate: number
  /** Logs that the server could not send in time, and that are fetched. */
  missed: number
  /** The place is too old: logs may be missing. */
  hasGap: boolean
  isSlow: boolean
  /** The server refused to go on. */
  error: ApiError | undefined
}

export class Live {
  readonly state = signal<LiveState>({
    role: 'joining',
    isReading: false,
    waiting: 0,
    errors: 0,
    rate: 0,
    missed: 0,
    hasGap: false,
    isSlow: false,
    error: undefined
  })

  /** The logs of the last seconds, for screen readers. */
  readonly announced = signal({ logs: 0, errors: 0 })
  readonly #search: Search
  readonly #restart: () => void
  readonly #timers: Array<ReturnType<typeof setInterval>>
  #arrivals = new Arrivals()
  #arrived = { logs: 0, errors: 0 }
  /** Place of the last event. */
  #place: string
  /** Where the tail was when the server told what it had missed. */
  #missedUpTo = ''
  /** Place up to which all logs have entered. */
  #enteredTo: string
  #tabs: Tabs | undefined
  #stream: AbortController | undefined

  /** `restart` begins the search anew. */
  constructor (search: Search, place: string, restart: () => void) {
    this.#search = search
    this.#place = this.#enteredTo = place
    this.#restart = restart
    this.#timers = [
      setInterval(() => this.#tick(), enterMs),
      setInterval(() => { if (!document.hidden) search.refresh() }, refreshMs),
      setInterval(() => this.#announce(), announceMs)
    ]
    this.resume()
  }

  get place (): string {
    return this.#place
  }

  /** Goes on after the last event. */
  resume (): void {
    if (isForgotten(this.#place, serverNow())) return this.#change({ hasGap: true })
    const { query, user } = this.#search.wanted
    this.#tabs ??= new Tabs({
      key: JSON.stringify([query, user]),
      place: () => this.#place,
      onRole: (role) => this.#become(role),
      onEvents: (events) => this.#receive(events),
      onEarlier: (place) => { if (comparePlaces(place, this.#place) < 0) this.#open(place) }
    })
  }

  /** Closes the stream; what comes meanwhile is delivered later. */
  suspend (): void {
    this.#stream?.abort()
    this.#tabs?.leave()
    this.#tabs = undefined
    this.#change({ role: 'joining' })
  }

  stop (): void {
    this.suspend()
    for (const timer of this.#timers) clearInterval(timer)
    this.#search.isFollowing = false
    this.#search.followedTo(this.#enteredTo)
  }

  /** Shows the logs that wait, and goes on at the newest one. */
  async show (): Promise<void> {
    navigate({ opened: '', around: '' }, { replace: true })
    if (this.#arrivals.isOver) return this.searchAgain()
    const isDown = this.#search.wanted.order === 'newest'
    await (isDown ? this.#search.toStart() : this.#search.toEnd())
    stopReading(this.#search)
    this.#search.isFollowing = true
    this.#enter()
  }

  /** Reads the list anew, where not all logs are in memory. */
  searchAgain (): void {
    this.stop()
    this.#restart()
  }

  #become (role: Role): void {
    this.#change({ role })
    if (role === 'holder') this.#open(this.#tabs?.earliest(comparePlaces) ?? this.#place)
    else this.#stream?.abort()
  }

  /** Opens the stream after a place, in place of the one before. */
  #open (place: string): void {
    this.#stream?.abort()
    const stream = new AbortController()
    this.#stream = stream
    let after = place
    const { query, user } = this.#search.wanted
    follow({
      query,
      user,
      signal: stream.signal,
      after: () => after,
      onEvents: (events) => {
        for (const event of events) {
          if (event.kind === 'log') after = event.place
        }
        if (stream.signal.aborted) return
        this.#tabs?.share(events)
        this.#receive(events)
        const missed = events.find((event) => event.kind === 'missed')
        if (missed) this.#open(missed.after)
      }
    }).catch((error: unknown) => {
      if (stream.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.#change({ error })
    })
  }

  #receive (events: readonly TailEvent[]): void {
    const logs: Log[] = []
    for (const event of events) {
      if (event.kind === 'missed') this.#miss(event.logs, event.after)
      if (event.kind === 'slow') this.#change({ isSlow: true })
      if (event.kind !== 'log' || comparePlaces(event.place, this.#place) <= 0) continue
      this.#place = event.place
      if (this.#belongs(event.log) && !this.#isRepeated(event.log)) logs.push(event.log)
    }
    const { missed, isSlow } = this.state.peek()
    if (missed > 0 && comparePlaces(this.#place, this.#missedUpTo) >= 0) this.#change({ missed: 0 })
    if (isSlow && events.every(({ kind }) => kind !== 'slow')) this.#change({ isSlow: false })
    this.#arrivals.add(logs, performance.now())
    this.#arrived.logs += logs.length
    this.#arrived.errors += logs.filter(isError).length
  }

  /** Whether a log that comes again, with those that were missed, is in the list. */
  #isRepeated ({ id }: Log): boolean {
    return this.state.peek().missed > 0 && this.#search.indexOf(id) !== undefined
  }

  /** Goes back to a place; what is here already comes again, and is dropped. */
  #miss (logs: number, after: string): void {
    if (comparePlaces(this.#place, this.#missedUpTo) > 0) this.#missedUpTo = this.#place
    this.#place = after
    this.#change({ missed: this.state.peek().missed + logs })
  }

  /** Whether a log is within the times of the list. */
  #belongs ({ at }: Log): boolean {
    const from = this.#search.state.peek().times?.from ?? ''
    return at >= from && Date.parse(at) < serverNow() + futureMs
  }

  #tick (): void {
    const isBusy = isReading(this.#search)
    this.#search.isFollowing = !isBusy
    if (!isBusy && this.#arrivals.isOver) return this.searchAgain()
    if (!isBusy) this.#enter()
    const { count, errors } = this.#arrivals
    const next = { isReading: isBusy, waiting: count, errors, rate: this.#arrivals.rate(performance.now()) }
    const state = this.state.peek()
    const names = ['isReading', 'waiting', 'errors', 'rate'] as const
    if (names.some((name) => state[name] !== next[name])) this.#change(next)
  }

  #enter (): void {
    const search = this.#search
    const entered = search.enter(this.#arrivals.take())
    this.#enteredTo = this.#place
    this.#mark(entered)
    const { rows, bytes } = search.segments.entered
    if (rows > maxEntered.rows || bytes > maxEntered.bytes) search.trim(keptRows)
  }

  /** Marks those that are late, for a while. */
  #mark (logs: readonly Log[]): void {
    const late = logs.filter(({ at, arrived }) => Date.parse(arrived) - Date.parse(at) > lateMs).map(({ id }) => id)
    if (late.length === 0) return
    const marks = this.#search.late
    marks.value = new Set([...marks.peek(), ...late])
    setTimeout(() => {
      const gone = new Set(late)
      marks.value = new Set([...marks.peek()].filter((id) => !gone.has(id)))
    }, markedMs)
  }

  #announce (): void {
    if (this.#arrived.logs === 0) return
    this.announced.value = this.#arrived
    this.#arrived = { logs: 0, errors: 0 }
  }

  #change (change: Partial<LiveState>): void {
    this.state.value = { ...this.state.peek(), ...change }
  }
}
