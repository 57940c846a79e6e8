import { dialectOf } from '../../store/dialects/index.ts'
import type { Reader } from '../../store/reader.ts'
import type { LineMode } from '../channels/stored.ts'
import { fingerprintOf } from '../fingerprint.js'
import type { Sample } from '../tally.ts'

/** Characters of a message that are read, and those of its first line that are told. */
const maxReadCharacters = 1000
const maxLineCharacters = 300

/** The first lines of some logs of a user that are still stored, the oldest first. */
export async function linesOf (
  { knex, signal }: Reader, userId: number, samples: readonly Sample[], mode: LineMode
): Promise<string[]> {
  if (mode === 'none' || samples.length === 0) return []
  const { text } = dialectOf(knex).cutText('log_msg', maxReadCharacters)
  const query = knex('user_logs')
    .select(knex.raw(`${text} AS line`))
    .where((where) => {
      for (const { id, at } of samples) where.orWhere({ user_id: userId, log_event_at: at, id })
    })
    .orderBy(['log_event_at', 'id'])
  const rows = await dialectOf(knex).query<{ line: string }>(knex, query, signal)
  return rows.map(({ line }) => firstLine(mode === 'masked' ? maskedLine(line) : line))
}

function maskedLine (line: string): string {
  return fingerprintOf({ message: line, attributes: null }).text
}

function firstLine (text: string): string {
  const [line = ''] = text.trimStart().split('\n', 1)
  return line.slice(0, maxLineCharacters).toWellFormed().trimEnd()
}
