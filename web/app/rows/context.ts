// What happened around a log: its neighbours that have something in common with it, in both directions.
import { request } from '../api/client.ts'
import type { Log } from '../api/types.ts'
import type { Order } from '../view/view.ts'
import { cutCharacters, type Read, type Slice } from './read.ts'

/** Neighbours that are read at first, on each side. */
const firstNeighbours = 100

interface Context {
  /** In the order of time. */
  logs: Log[]
  complete: boolean
  older?: string
  newer?: string
}

/** Reads the context of a log; the log itself is on the first page. */
export function readContext (id: string, same: string, order: Order): Read {
  const ask = async (sides: Record<string, string | number>, signal: AbortSignal) => {
    const params = { same, cut: cutCharacters, ...sides }
    const context = await request<Context>(`api/logs/${id}/context`, { params, signal, priority: 'high' })
    return { ...context, logs: order === 'newest' ? context.logs.reverse() : context.logs }
  }
  const [afterName, beforeName] = order === 'newest' ? ['older', 'newer'] as const : ['newer', 'older'] as const
  const readSide = (name: 'older' | 'newer', cursor: string): Read => async (limit, signal) => {
    // The parameter that counts older neighbours is `before`.
    const { logs, [name]: next } = await ask({ [name]: cursor, [name === 'older' ? 'before' : 'after']: limit }, signal)
    const read = next === undefined ? undefined : readSide(name, next)
    const slice: Slice = { logs, again: readSide(name, cursor) }
    return { ...slice, ...read && (name === afterName ? { after: read } : { before: read }) }
  }
  return async (_limit, signal) => {
    const { logs, ...next } = await ask({ before: firstNeighbours, after: firstNeighbours }, signal)
    const [after, before] = [next[afterName], next[beforeName]]
    return {
      logs,
      again: readContext(id, same, order),
      ...after !== undefined && { after: readSide(afterName, after) },
      ...before !== undefined && { before: readSide(beforeName, before) }
    }
  }
}
