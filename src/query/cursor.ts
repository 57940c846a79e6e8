import { BadRequest } from '../errors.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'

/**
 * How far a walk along the logs has come: just after this one, or, without an id, at this instant,
 * whose logs are still ahead when walking up and left out when walking down.
 */
export interface Position {
  at: UtcTime
  id?: string
  userId?: number
}

/** As a text that goes into a URL as it is. */
export function cursorOf ({ at, id, userId }: Position): string {
  return Buffer.from(id === undefined ? at : `${at},${id},${userId}`).toString('base64url')
}

const written = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})(?:,(\d{1,20}),(\d{1,10}))?$/

/** Largest ids that the tables hold. */
const maxId = 2n ** 64n - 1n
const maxUserId = 2 ** 32 - 1

/** Throws BadRequest where the text is no cursor. */
export function positionOf (cursor: string): Position {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, at = '', id, userId] = written.exec(text) ?? []
  const isGiven = isTime(at) && BigInt(id ?? 0) <= maxId && Number(userId ?? 0) <= maxUserId && Buffer.from(text).toString('base64url') === cursor
  if (!isGiven) throw new BadRequest('cursor must be one that an answer gave')
  return id === undefined ? { at } : { at, id, userId: Number(userId) }
}

/** Whether it is an instant of the years 1000 to 9999: there is no month 13, and no 30th of February. */
function isTime (time: UtcTime): boolean {
  const milliseconds = millisecondsOf(time)
  return time >= '1000' && !Number.isNaN(milliseconds) && utcTime(milliseconds).slice(0, 19) === time.slice(0, 19)
}
