// The number of logs of a search, counted by the server, the newest first, as far as its time allows; then on.
import { request } from '../api/client.ts'
import type { Total } from './search-state.ts'
import type { Search } from './search.ts'

interface Facets {
  facets: Array<{ values: Array<{ count: number }>, rest: number, missing: number }>
  complete: boolean
  /** All logs since then are counted. */
  reached?: string
}

/** Counts all, or on from where the last count ended. Rejects with ApiError. */
export async function countOn (search: Search): Promise<void> {
  const { query, user } = search.wanted
  const { times } = search.state.value
  if (!times) return
  const params = { query, user, from: times.from ?? '', to: times.to ?? '', asOf: times.asOf }
  const before = search.total.value
  if (before?.reached === undefined) {
    const { count, complete } = await request<{ count: number, complete: boolean }>('api/logs/count', { params })
    if (complete) {
      search.total.value = { logs: count, isExact: true }
      return
    }
  }
  const { logs, reached } = before?.reached === undefined ? { logs: 0, reached: params.to } : before
  search.total.value = await countValues({ ...params, to: reached ?? params.to }, logs)
}

/** Counts the logs of a field that all have: unlike the count itself, it says how far it came. */
async function countValues (params: Record<string, string>, before: number): Promise<Total> {
  const { facets, complete, reached } = await request<Facets>('api/logs/facets', {
    params: { ...params, field: 'process', top: 1 }
  })
  const logs = facets.flatMap(({ values, rest, missing }) => [...values.map(({ count }) => count), rest, missing])
    .reduce((sum, count) => sum + count, before)
  return { logs, isExact: complete, ...reached !== undefined && { reached } }
}
