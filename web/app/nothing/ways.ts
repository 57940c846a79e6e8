// Ways out of a search without logs: what would find some. The server counts two of them.
import { request } from '../api/client.ts'
import { inTurn } from '../api/turns.ts'
import { clausesOf } from '../query/clauses.ts'
import { isValid } from '../query/parse.ts'
import type { Wanted } from '../rows/search.ts'
import type { View } from '../view/view.ts'
import { correctionOf, namesIn, type Correction } from './spelling.ts'

const maxCounts = 2
/** Clauses of which the search can be freed; those that are not counted may find nothing, either. */
const maxClauses = 4

export type Way =
  /** The same query at any time. */
  | { kind: 'anytime' }
  /** The query without a clause. */
  | { kind: 'without', clause: string }
  | Correction

export interface WayOut {
  way: Way
  /** What a click changes. */
  change: Partial<View>
  /** Undefined: not counted. */
  found?: { count: number, complete: boolean }
}

interface FieldName {
  name: string
}

/** All that could find logs, the most likely first. */
export function waysOf ({ query, from, to, asOf }: Wanted): WayOut[] {
  const isBounded = from !== '' || to !== '' || asOf !== ''
  const anytime: WayOut = { way: { kind: 'anytime' }, change: { from: '', to: '', asOf: '' } }
  return [...isBounded ? [anytime] : [], ...withoutClauses(query)]
}

/** A query without one of its clauses: those that exclude logs first, and of them the one written last. */
export function withoutClauses (query: string): WayOut[] {
  const clauses = isValid(query) ? clausesOf(query) ?? [] : []
  return [...clauses]
    .reverse()
    .sort((one, other) => Number(other.isNegated) - Number(one.isNegated))
    .slice(0, maxClauses)
    .map(({ start, end }): WayOut => ({
      way: { kind: 'without', clause: query.slice(start, end) },
      change: {
        query: clauses
          .filter((other) => other.start !== start)
          .map((other) => query.slice(other.start, other.end))
          .join(' ')
      }
    }))
    .filter(({ change }) => isValid(change.query ?? ''))
}

/** Counts what the first ways would find, one after the other; says so after each of them. */
export async function count (
  wanted: Wanted, ways: readonly WayOut[], signal: AbortSignal, onCounted: (ways: readonly WayOut[]) => void
): Promise<void> {
  let counted = ways
  for (const wayOut of ways.slice(0, maxCounts)) {
    const { query, user, from, to, asOf } = { ...wanted, ...wayOut.change }
    const params = { query, user, from, to, asOf }
    const found = await inTurn(signal, () => (
      request<{ count: number, complete: boolean }>('api/logs/count', { params, signal, givesWay: true })))
    counted = counted.map((other) => other === wayOut ? { ...other, found } : other)
    onCounted(counted)
  }
}

/** What the query could mean, where it asks for an attribute that no log has. */
export async function correct ({ query, user }: Wanted, signal: AbortSignal): Promise<WayOut | undefined> {
  if (!isValid(query) || namesIn(query).length === 0) return undefined
  const { fields } = await inTurn(signal, () => (
    request<{ fields: FieldName[] }>('api/logs/fields', { params: { user }, signal, givesWay: true })))
  const correction = correctionOf(query, fields.map(({ name }) => name))
  return correction && { way: correction, change: { query: correction.query } }
}
