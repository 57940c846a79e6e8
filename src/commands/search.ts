import { UsageError } from '../errors.ts'
import type { PresentedLog } from '../query/api-log.ts'
import { ask, jsonOf, printLog, type PrintOptions } from './client.ts'
import type { Context } from './context.ts'

/** Bound on a page of the API. */
const maxPageLogs = 1000
/** Bound on --lines: the logs are held in memory, because the newest are printed last. */
const maxLines = 100_000

export interface SearchOptions extends PrintOptions {
  from?: string
  to?: string
  owner?: string
  lines?: string
}

interface Page {
  logs: PresentedLog[]
  cursor?: string
  hint?: string
  outside?: { after: number }
}

/** Prints the newest logs that match, in the order in which they happened. */
export async function searchLogs (context: Context, query: string, options: SearchOptions): Promise<void> {
  const { warn } = context
  const { from, to, owner: user, lines = '100' } = options
  const limit = countOf('--lines', lines)
  const logs: PresentedLog[] = []
  let cursor: string | undefined
  do {
    const pageLimit = String(Math.min(limit - logs.length, maxPageLogs))
    const answer = await ask(context, '/api/logs', { query, from, to, user, cursor, limit: pageLimit })
    const { outside, hint, ...page } = await jsonOf<Page>(answer)
    logs.push(...page.logs)
    if (outside) warn(`logs with times later than tomorrow are left out (${outside.after}); --to 9999-12-31 finds them`)
    if (hint !== undefined) warn(hint)
    cursor = page.cursor
  } while (cursor !== undefined && logs.length < limit)
  for (const log of logs.reverse()) printLog(log, options, context)
}

/** Reads a number of logs. Throws UsageError. */
export function countOf (flag: string, text: string, min = 1): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < min || count > maxLines) {
    throw new UsageError(`${flag} must be a whole number, ${min} to ${maxLines}`)
  }
  return count
}
