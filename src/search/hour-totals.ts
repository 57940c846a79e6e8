import { areKnownSince } from '../cluster/progress.ts'
import { hoursReached, knownHours } from '../hour-counts/table.ts'
import { millisecondsOf } from '../model/instant.ts'
import type { SearchScope } from '../query/search.ts'
import type { Reader } from '../store/reader.ts'
import { usersOf } from '../store/users.ts'
import type { CountRequest } from './count-request.ts'
import type { CountTotals } from './count-totals.ts'
import { levelsOf } from './filter-sql.ts'

/** With more users, reading their hours one user after the other takes longer than counting. */
const maxUsers = 100

/**
 * Adds the logs that are counted by the hour already; resolves to the scopes that are left to count.
 *
 * Undefined, and nothing is added, where the hour counts cannot help.
 */
export async function addHourCounts (
  reader: Reader, scope: SearchScope, { by, buckets }: CountRequest, totals: CountTotals
): Promise<SearchScope[] | undefined> {
  const { knex } = reader
  const levels = levelsOf(scope.filter)
  if (levels === undefined || (by !== undefined && by !== 'level') || buckets?.areOfHours === false) return undefined
  const users = scope.userId === undefined ? (await usersOf(knex).list()).map(({ id }) => id) : [scope.userId]
  if (users.length > maxUsers) return undefined
  const counted = await hoursReached(knex)
  if (counted === undefined) return undefined
  // An hour in which something was stored since the view's time may hold logs that are not in the view.
  const asOf = scope.view?.asOf
  const reached = asOf !== undefined && asOf < counted ? asOf : counted
  if (reached !== counted && !await areKnownSince(knex, reached)) return undefined

  // All users' hours are read before any is added: a failure must leave nothing half counted.
  const all: Array<Awaited<ReturnType<typeof knownHours>> & { userId: number }> = []
  for (const userId of users) all.push({ userId, ...await knownHours(reader, userId, reached, scope) })

  for (const { hour, counts } of all.flatMap(({ hours }) => hours)) {
    const bucket = buckets?.of(millisecondsOf(hour)) ?? 0
    for (const level of levels) {
      if (counts[level] > 0) totals.add({ value: by === undefined ? null : level, bucket, count: counts[level] })
    }
  }
  return all.flatMap(({ userId, rest }) => rest.toReversed().map((span) => ({ ...scope, userId, ...span })))
}
