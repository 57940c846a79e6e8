import { UsageError } from '../errors.ts'
import type { PresentedLog } from '../query/api-log.ts'
import { ask, clientDetails, clientFlags, jsonOf, whatOptions, writeLog } from './client.ts'
import type { Command } from './command.ts'

/** A page holds so many. */
const pageSize = 1000
const most = 100_000

/** Finds logs, and prints the last of them in the order in which they happened. */
export const search: Command = {
  summary: 'find logs: loggerbot search level:error payment --from -1h',
  details: `Prints the newest, in the order in which they happened. ${clientDetails}`,
  rest: 'QUERY',
  flags: clientFlags,
  options: {
    ...whatOptions,
    lines: { type: 'string', short: 'n', description: `how many, 1 to ${most} (default 100)` },
    json: { type: 'boolean', description: 'a JSON object a line' }
  },

  async run (settings, { rest: query, options: { from, to, owner: user, lines = '100', json }, home, sourceOf, streams, warn }) {
    const limit = countOf('--lines', lines)
    const logs: PresentedLog[] = []
    let cursor: string | undefined
    do {
      const parameters = { query, from, to, user, cursor, limit: String(Math.min(limit - logs.length, pageSize)) } as Record<string, string | undefined>
      const page = await jsonOf<{ logs: PresentedLog[], cursor?: string, hint?: string, outside?: { after: number } }>(await ask({ settings, home, sourceOf }, '/api/logs', parameters))
      logs.push(...page.logs)
      if (page.outside) warn(`logs with times later than tomorrow are left out (${page.outside.after}); with --to 9999-12-31 they are found`)
      if (page.hint !== undefined) warn(page.hint)
      cursor = page.cursor
    } while (cursor !== undefined && logs.length < limit)
    for (const log of logs.reverse()) writeLog(log, json === true, streams.stdout)
  }
}

/** Throws UsageError. */
export function countOf (flag: string, text: unknown, least = 1): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < least || count > most) throw new UsageError(`${flag} must be a whole number, ${least} to ${most}`)
  return count
}
