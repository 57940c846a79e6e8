// Groups of errors from the API, and changes of them.
import { signal, type ReadonlySignal } from '@preact/signals'
import { request } from '../api/client.ts'
import { ApiError } from '../api/error.ts'
import type { Level } from '../api/types.ts'
import { isAdmin } from '../frame/screen-names.ts'
import { identity } from '../frame/session.ts'

export type GroupState = 'new' | 'ongoing' | 'acknowledged' | 'muted' | 'resolved' | 'regressed'

/** The states that are listed; empty: all. */
export type Shown = 'open' | 'acknowledged' | 'muted' | 'resolved' | ''

export interface ErrorGroup {
  id: string
  user: string
  process: string
  text: string
  level: Level
  state: GroupState
  stateSince: string
  until?: { time?: string, logs?: number }
  logs: number
  first: string
  last: string
  /** Logs in each of the last 24 hours, the oldest first. */
  hours: number[]
  merged: string[]
}

export interface GroupDetail extends ErrorGroup {
  changes: Array<{ number: number, state: GroupState, at: string, by: string, source: string, note: string }>
}

export interface GroupLogs {
  logs: Array<{ id: string, at: string, level: Level, process: string, message: string, rule: string }>
  complete: boolean
  cursor?: string
}

/** What a user does about a group. */
export type GroupChange =
  | { state: 'acknowledged' | 'resolved' | 'ongoing' }
  | { state: 'muted', until: { time?: string, logs?: number } }

/** A group, which has an owner beside its id. */
type Named = Pick<ErrorGroup, 'id' | 'user'>

interface Listed {
  errors: ErrorGroup[]
  states: Record<GroupState, number>
  cursor?: string
}

export interface GroupReading {
  groups: readonly ErrorGroup[]
  /** Undefined until the first answer. */
  counts: Record<Shown, number> | undefined
  isBusy: boolean
  hasMore: boolean
  error: ApiError | undefined
  /** Undoes the last merge or split. */
  undo: (() => Promise<void>) | undefined
}

/** The owner of a group, which administrators have to name. */
function ownerOf (user: string): { user: string } | undefined {
  return isAdmin(identity.peek()) ? { user } : undefined
}

/** A group as the address names it: its id, and its owner where that is another user. */
export function groupName ({ id, user }: Named): string {
  return user === identity.value?.user ? id : `${id}@${user}`
}

function groupNamed (name: string): Named {
  const [id = '', ...user] = name.split('@')
  return { id, user: user.length > 0 ? user.join('@') : identity.peek()?.user ?? '' }
}

const pageGroups = 50

/** Lists groups of errors, those with the latest error first. */
export class GroupReader {
  readonly #wanted: { user: string, shown: Shown }
  readonly #ended = new AbortController()
  readonly #state = signal<GroupReading>({
    groups: [], counts: undefined, isBusy: false, hasMore: false, error: undefined, undo: undefined
  })

  #cursor: string | undefined

  constructor (wanted: { user: string, shown: Shown }) {
    this.#wanted = wanted
  }

  get state (): ReadonlySignal<GroupReading> {
    return this.#state
  }

  stop (): void {
    this.#ended.abort()
  }

  /** Reads the next page. */
  async more (): Promise<void> {
    await this.#read(this.#state.peek().groups)
  }

  /** Reads a group of the address that the list does not have, such as a resolved one; it stands first. */
  async find (name: string): Promise<void> {
    if (name === '' || this.#state.peek().groups.some((group) => groupName(group) === name)) return
    try {
      const found = await readDetail(groupNamed(name), this.#ended.signal)
      const others = this.#state.peek().groups.filter((group) => groupName(group) !== name)
      this.#change({ groups: [found, ...others] })
    } catch (error) {
      // It is no longer there: the list is.
      if (!this.#ended.signal.aborted && !(error instanceof ApiError)) throw error
    }
  }

  /** Reads the list anew. */
  async reload (): Promise<void> {
    this.#cursor = undefined
    await this.#read([])
  }

  async #read (before: readonly ErrorGroup[]): Promise<void> {
    this.#change({ isBusy: true, error: undefined })
    const { user, shown: state } = this.#wanted
    try {
      const params = { state, user, limit: pageGroups, cursor: this.#cursor }
      const page = await request<Listed>('api/errors', { params, signal: this.#ended.signal })
      this.#cursor = page.cursor
      const counts = countsOf(page.states)
      this.#change({ groups: [...before, ...page.errors], counts, hasMore: page.cursor !== undefined, isBusy: false })
    } catch (error) {
      if (this.#ended.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.#change({ error, isBusy: false })
    }
  }

  /** Changes a group. It stays in the list, also where the list is of other states. Rejects with ApiError. */
  async change ({ id, user }: Named, change: GroupChange): Promise<void> {
    const changed = await sendChange({ id, user }, change)
    const groups = this.#state.peek().groups
    this.#change({ groups: groups.map((group) => group.id === id && group.user === user ? changed : group) })
  }

  /** Counts a group with another one, or, with null, by itself. Rejects with ApiError. */
  async merge (group: Named, into: string | null, before: string | null): Promise<void> {
    await sendChange(group, { mergedInto: into })
    this.#change({ undo: () => this.merge(group, before, into) })
    await this.reload()
  }

  #change (change: Partial<GroupReading>): void {
    this.#state.value = { ...this.#state.peek(), ...change }
  }
}

function sendChange ({ id, user }: Named, body: GroupChange | { mergedInto: string | null }): Promise<GroupDetail> {
  return request(`api/errors/${id}`, { method: 'PATCH', params: ownerOf(user), body })
}

function countsOf ({ new: fresh, ongoing, regressed, acknowledged, muted, resolved }: Listed['states']) {
  const open = fresh + ongoing + regressed
  return { open, acknowledged, muted, resolved, '': open + acknowledged + muted + resolved }
}

export function readDetail ({ id, user }: Named, signal: AbortSignal): Promise<GroupDetail> {
  return request(`api/errors/${id}`, { params: ownerOf(user), signal })
}

export function readLogs (
  { id, user }: ErrorGroup, cursor: string | undefined, signal: AbortSignal
): Promise<GroupLogs> {
  return request(`api/errors/${id}/logs`, { params: { ...ownerOf(user), cursor, limit: 10 }, signal })
}
