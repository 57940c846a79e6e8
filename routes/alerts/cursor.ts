import type { GroupPosition } from '../../src/alerts/read.ts'
import { BadRequest } from '../../src/errors.ts'

/** The cursor of the page after a group. */
export function cursorOf ({ lastSeen, userId, key }: GroupPosition): string {
  return Buffer.from(`${lastSeen};${userId};${key}`).toString('base64url')
}

/** The position that a cursor stands for. Throws BadRequest for any other text. */
export function positionOf (cursor: string): GroupPosition {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, lastSeen = '', userId = '', key = ''] =
    /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6});(\d{1,10});([0-9a-f]{16})$/.exec(text) ?? []
  if (key === '') throw new BadRequest('invalid cursor', { rule: 'cursor.invalid', field: 'cursor' })
  return { lastSeen, userId: Number(userId), key }
}
