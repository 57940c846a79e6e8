import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import { groupBy } from '../model/group-by.ts'
import { withErrors, type Tally } from './tally.ts'

/** Bounds of the groups of a user, and of one process of a user. */
const maxGroups = 20_000
const maxGroupsOfProcess = 2000

/**
 * Replaces errors of new groups that would be too many by those of one group a process, which stands for the others.
 * `isKnown` tells whether an error's group exists.
 */
export async function capped (
  transaction: Knex, tallies: readonly Tally[], isKnown: (tally: Tally) => boolean
): Promise<Tally[]> {
  const ofUsers: Tally[][] = []
  for (const [userId, own] of groupBy(tallies, (tally) => tally.userId)) {
    ofUsers.push(own.every(isKnown) ? own : cappedOfUser(own, isKnown, await countGroups(transaction, userId)))
  }
  return ofUsers.flat()
}

/** The errors of one user; `groups` is the number of that user's groups by process. */
export function cappedOfUser (
  tallies: readonly Tally[], isKnown: (tally: Tally) => boolean, groups: ReadonlyMap<string, number>
): Tally[] {
  const kept: Tally[] = []
  const others = new Map<string, Tally>()
  const counts = new Map(groups)
  let total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  for (const tally of tallies) {
    const { process } = tally
    const ofProcess = counts.get(process) ?? 0
    if (isKnown(tally)) {
      kept.push(tally)
    } else if (total < maxGroups && ofProcess < maxGroupsOfProcess) {
      kept.push(tally)
      counts.set(process, ofProcess + 1)
      total++
    } else {
      others.set(process, withOther(others.get(process), tally))
    }
  }
  return [...kept, ...others.values()]
}

/** The errors of the group that stands for the others of a process, with further ones. */
function withOther (others: Tally | undefined, tally: Tally): Tally {
  if (others === undefined) {
    const key = createHash('sha256').update(`others ${tally.process}`).digest('hex').slice(0, 16)
    return { ...tally, key, text: `others of ${tally.process}`, hours: new Map(tally.hours) }
  }
  for (const [hour, logs] of tally.hours) others.hours.set(hour, (others.hours.get(hour) ?? 0) + logs)
  return withErrors(others, tally)
}

async function countGroups (transaction: Knex, userId: number): Promise<Map<string, number>> {
  const rows: Array<{ process: string, count: number | string }> = await transaction('error_groups')
    .where('user_id', userId).groupBy('process').select('process').count({ count: '*' })
  return new Map(rows.map(({ process, count }) => [process, Number(count)]))
}
