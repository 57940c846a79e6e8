// Rows with their long texts cut, by the database or in this process, with the same result.
import type { Knex } from 'knex'
import { firstCharacters } from '../text/cut.js'
import { dialectOf } from './dialects/index.ts'
import type { LogRow } from './rows.ts'

/** The columns of logs with the first characters of their messages, and without too large attributes. */
export function cutColumns (knex: Knex, characters: number, maxAttributesBytes: number): string {
  const { cutText } = dialectOf(knex)
  const message = cutText('log_msg', characters)
  const isTooLarge = `${cutText('attributes', 0).bytes} > ${maxAttributesBytes}`
  return 'user_id, log_event_at, CAST(id AS CHAR) AS log_id, log_level, pid, p_name, p_description, ' +
    `${message.text} AS log_msg, ${message.bytes} AS message_bytes, post_time, ` +
    `CASE WHEN ${isTooLarge} THEN NULL ELSE CAST(attributes AS CHAR) END AS attributes, ` +
    `CASE WHEN ${isTooLarge} THEN 1 ELSE 0 END AS lacks_attributes`
}

/** A whole row, cut as `cutColumns` are. */
export function cutRow (row: LogRow, characters: number, maxAttributesBytes: number): LogRow {
  const isTooLarge = Buffer.byteLength(row.attributes ?? '') > maxAttributesBytes
  return {
    ...row,
    log_msg: firstCharacters(row.log_msg, characters),
    message_bytes: Buffer.byteLength(row.log_msg),
    attributes: isTooLarge ? null : row.attributes,
    lacks_attributes: isTooLarge ? 1 : 0
  }
}
