import { regexTest } from '../text/regex.js'
import type { Filter } from './filter.ts'
import { parseQuery } from './parser.ts'

/** Parses a query; an empty one matches everything. Throws BadRequest, which says what was expected, and where. */
export function parseFilter (query: string): Filter {
  return parseQuery(query, regexTest)
}
