// The table `word_progress`: how much of the logs the word index holds. It has a row for the feed of new batches, of
// all users, and one for each user with logs from before the index (the user's history), until that is indexed, too.
//
// Blocks are stored first, then the progress, which is a compare-and-set. So neither a crash nor a holder that lost its
// lease does harm: storing a block twice is harmless.
import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import { startOfTime } from '../model/span.ts'
import { wordRules } from '../text/words.js'
import type { Follower } from '../cluster/followed.ts'
import { areKnownSince, Overtaken } from '../cluster/progress.ts'
import { transact } from '../store/retry.ts'

/** `user_id` of the row for the feed, in `word_progress`. */
export const feedId = 0

/** The word index as a follower of the batches. */
export const wordsFollower: Follower = { name: 'words', takes: 'records > 0' }

const rowsPerInsert = 500

/** A step of progress of a user's history or of the feed; `to` undefined: the history is indexed. */
export interface Progress {
  userId: number
  from: UtcTime
  to: UtcTime | undefined
}

/** Position in the feed; undefined where there is no index, or it has other word rules, or is too far behind. */
export async function feedReached (knex: Knex): Promise<UtcTime | undefined> {
  const row = await knex('word_progress').where('user_id', feedId).first()
  return row?.rules === wordRules && await areKnownSince(knex, row.reached_at) ? row.reached_at : undefined
}

/** Starts the index over: with the batches created from then on, and the history of all users. */
export async function beginIndex (knex: Knex, from: UtcTime): Promise<void> {
  await transact(knex, async (transaction) => {
    await transaction('word_progress').delete()
    const ids: number[] = await transaction('users').pluck('id')
    const rows = [
      { user_id: feedId, reached_at: from, rules: wordRules },
      ...ids.map((id) => ({ user_id: id, reached_at: startOfTime, rules: wordRules }))
    ]
    for (let at = 0; at < rows.length; at += rowsPerInsert) {
      await transaction('word_progress').insert(rows.slice(at, at + rowsPerInsert))
    }
  })
}

/** A user whose history is not indexed yet, and its position; undefined where there is none but `except`. */
export async function findHistory (
  knex: Knex, except: readonly number[]
): Promise<{ userId: number, reached: UtcTime } | undefined> {
  const row = await knex('word_progress').whereNotIn('user_id', [feedId, ...except]).orderBy('user_id').first()
  return row && { userId: row.user_id, reached: row.reached_at }
}

/** Turns a user's logs from a time on into history, which is not in the index. */
export async function makeHistory (knex: Knex, userId: number, from: UtcTime): Promise<void> {
  await knex('word_progress').insert({ user_id: userId, reached_at: from }).onConflict('user_id').ignore()
  await knex('word_progress').where('user_id', userId).where('reached_at', '>', from).update({ reached_at: from })
}

/** Saves progress whose blocks are stored. Throws Overtaken where the position is no longer `from`. */
export async function saveProgress (knex: Knex, { userId, from, to }: Progress): Promise<void> {
  const row = knex('word_progress').where({ user_id: userId, reached_at: from })
  if (await (to === undefined ? row.delete() : row.update({ reached_at: to })) === 0) throw new Overtaken()
}
