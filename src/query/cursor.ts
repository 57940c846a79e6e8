import { BadRequest } from '../errors.ts'
import type { UtcTime } from '../record.ts'

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

/** Throws BadRequest where the text is no cursor. */
export function positionOf (cursor: string): Position {
  const [, at, id, userId] = written.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (at === undefined) throw new BadRequest('cursor must be one that an answer gave')
  return id === undefined ? { at } : { at, id, userId: Number(userId) }
}
