// Ways to read logs page by page: each answer says how to read on, in both directions where there are two.
import { request } from '../api/client.ts'
import type { Log, Page } from '../api/types.ts'
import type { Order, View } from '../view/view.ts'
import { compare, merge, type Key } from './order.ts'

/** Characters of a message in the list; the whole one is read when it is opened. */
export const cutCharacters = 2048

export type Wanted = Pick<View, 'query' | 'from' | 'to' | 'user' | 'order' | 'asOf'>

export interface Slice {
  /** In the order of the list. */
  logs: readonly Log[]
  /** Reads the same logs again. */
  again: Read
  /** Reads on after the last of them; undefined: none follow, or they were read before. */
  after?: Read
  /** Reads on before the first of them. */
  before?: Read
  /** What else the answer of a list says. */
  page?: Page
}

export type Read = (limit: number, signal: AbortSignal) => Promise<Slice>

/** Reads a list from its beginning, or on from a cursor. */
export function readList (wanted: Wanted, cursor?: string): Read {
  return async (limit, signal) => {
    const page = await askList(wanted, limit, signal, cursor)
    const frozen = { ...wanted, from: page.from ?? '', to: page.to ?? '', asOf: page.asOf }
    return {
      logs: page.logs,
      page,
      again: readList(frozen, cursor),
      ...page.cursor !== undefined && { after: readList(frozen, page.cursor) }
    }
  }
}

/** Reads a list from a time in its middle, in both directions. Its times must be absolute. */
export function readListAt (wanted: Wanted, at: string): Read {
  const isDown = wanted.order === 'newest'
  // The log of this very time is the first of the first page.
  const edge = isDown ? afterTime(at) : at
  const rest: Wanted = { ...wanted, ...isDown ? { to: edge } : { from: edge } }
  const others: Wanted = { ...reversed(wanted), ...isDown ? { from: edge } : { to: edge } }
  return async (limit, signal) => {
    const { logs, after, again } = await readList(rest)(limit, signal)
    return { logs, again, before: readBack(readList(others)), ...after && { after } }
  }
}

/** Reads a list from its end, backwards. */
export function readListEnd (wanted: Wanted): Read {
  return readBack(readList(reversed(wanted)))
}

function reversed (wanted: Wanted): Wanted {
  return { ...wanted, order: wanted.order === 'newest' ? 'oldest' : 'newest' }
}

/** Reads what a list in the opposite order has, so that it stands before the first row. */
export function readBack (read: Read): Read {
  return async (limit, signal) => {
    const { logs, after, again } = await read(limit, signal)
    return { logs: [...logs].reverse(), again: readBack(again), ...after && { before: readBack(after) } }
  }
}

/** Reads logs, and one that is not among them because it arrived later. */
export function readAlso (read: Read, log: Log, order: Order): Read {
  return async (limit, signal) => {
    const { again, logs, ...slice } = await read(Math.max(1, limit - 1), signal)
    return { ...slice, again: readAlso(again, log, order), logs: merge(logs, [log], order) }
  }
}

/** Reads what stands below a log; the first page may begin with it, and with others of its time. */
export function readBelow (read: Read, known: Key, order: Order, skipped = 0): Read {
  return async (limit, signal) => {
    const { again, ...slice } = await read(limit + skipped, signal)
    const logs = slice.logs.filter((log) => compare(log, known, order) > 0)
    return { ...slice, logs, again: readBelow(again, known, order, slice.logs.length - logs.length) }
  }
}

async function askList (wanted: Wanted, limit: number, signal: AbortSignal, cursor?: string): Promise<Page> {
  const { from, to, asOf, ...list } = wanted
  return request<Page>('api/logs', {
    // A cursor carries the times of its list.
    params: { ...list, limit, cut: cutCharacters, ...cursor === undefined ? { from, to, asOf } : { cursor } },
    signal,
    priority: 'high'
  })
}

/** The next microsecond. */
export function afterTime (at: string): string {
  const next = Number(at.slice(20, 26)) + 1
  if (next < 1_000_000) return `${at.slice(0, 20)}${String(next).padStart(6, '0')}Z`
  return `${new Date(Date.parse(`${at.slice(0, 19)}Z`) + 1000).toISOString().slice(0, 19)}.000000Z`
}
