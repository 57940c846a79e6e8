// The server's own parser, in the browser. The server alone compiles regular expressions, and decides.
import { BadRequest, parseQuery } from '../../../src/query/parser.ts'
import type { Filter } from '../../../src/query/filter.ts'
import type { Fault } from '../api/error.ts'

/** What is wrong with a query, as the parser or the server says it. */
export interface Problem {
  /** In English. */
  message: string
  fault: Fault | undefined
}

export type Parsed = { filter: Filter } | { problem: Problem }

export function parse (query: string): Parsed {
  try {
    return { filter: parseQuery(query, () => {}) }
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    return { problem: error }
  }
}

/** Whether the server will accept a query, as far as the page can tell. */
export function isValid (query: string): boolean {
  return 'filter' in parse(query)
}
