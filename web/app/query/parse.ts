// The server's own parser, in the browser. The server alone compiles regular expressions, and decides.
import { BadRequest, parseQuery } from '../../../src/query/parser.ts'
import type { Filter } from '../../../src/query/filter.ts'
import { ApiError } from '../api/error.ts'

export type Parsed = { filter: Filter } | { problem: ApiError }

/** Parses a query; what is wrong is said as the server would say it. */
export function parse (query: string): Parsed {
  try {
    return { filter: parseQuery(query, () => {}) }
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    return { problem: new ApiError(error.statusCode, error.message, { fault: error.fault }) }
  }
}

/** Whether the server will accept a query, as far as the page can tell. */
export function isValid (query: string): boolean {
  return 'filter' in parse(query)
}
