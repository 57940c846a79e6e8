import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import { joined, type Tally } from './tally.ts'

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
  const kept: Tally[] = []
  const others = new Map<string, Tally>()
  for (const userId of new Set(tallies.map((tally) => tally.userId))) {
    const own = tallies.filter((tally) => tally.userId === userId)
    const hasNew = own.some((tally) => !isKnown(tally))
    const counts = hasNew ? await countGroups(transaction, userId) : new Map<string, number>()
    let total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    for (const tally of own) {
      const ofProcess = counts.get(tally.process) ?? 0
      if (isKnown(tally)) {
        kept.push(tally)
      } else if (total < maxGroups && ofProcess < maxGroupsOfProcess) {
        kept.push(tally)
        counts.set(tally.process, ofProcess + 1)
        total++
      } else {
        const other = othersOf(tally)
        const before = others.get(`${userId} ${other.key}`)
        others.set(`${userId} ${other.key}`, before ? joined(before, other) : other)
      }
    }
  }
  return [...kept, ...others.values()]
}

/** Errors as those of the group that stands for the others of a process. */
function othersOf (tally: Tally): Tally {
  const key = createHash('sha256').update(`others ${tally.process}`).digest('hex').slice(0, 16)
  return { ...tally, key, text: `others of ${tally.process}` }
}

async function countGroups (transaction: Knex, userId: number): Promise<Map<string, number>> {
  const rows: Array<{ process: string, count: number | string }> = await transaction('error_groups')
    .where('user_id', userId).groupBy('process').select('process').count({ count: '*' })
  return new Map(rows.map(({ process, count }) => [process, Number(count)]))
}
