import { BadRequest } from '../model/bad-request.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'

/**
 * Position of a walk along the logs: just after the log of this id; or, without an id, at this instant, whose logs are
 * still to come when walking up, and left out when walking down.
 */
export interface Position {
  at: UtcTime
  id?: string
  userId?: number
}

/** Position as text for a URL, in base64url. Without Buffer, which browsers lack: the text is ASCII. */
export function cursorOf ({ at, id, userId }: Position): string {
  return encode(id === undefined ? at : `${at},${id},${userId}`)
}

function encode (text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const written = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})(?:,(\d{1,20}),(\d{1,10}))?$/

/** Largest ids that the tables hold. */
const maxId = 2n ** 64n - 1n
const maxUserId = 2 ** 32 - 1

/** Position of a cursor that `cursorOf` made. Throws BadRequest for any other text. */
export function positionOf (cursor: string): Position {
  const text = decode(cursor)
  const [, at = '', id, userId] = written.exec(text) ?? []
  const isValid = isTime(at) && BigInt(id ?? 0) <= maxId && Number(userId ?? 0) <= maxUserId && encode(text) === cursor
  if (!isValid) throw new BadRequest('invalid cursor', { rule: 'cursor.invalid', field: 'cursor' })
  return id === undefined ? { at } : { at, id, userId: Number(userId) }
}

/** Empty for a text that is not base64url. */
function decode (cursor: string): string {
  const isBase64Url = /^[\w-]+$/.test(cursor) && cursor.length % 4 !== 1
  return isBase64Url ? atob(cursor.replaceAll('-', '+').replaceAll('_', '/')) : ''
}

/** Whether it is an instant of the years 1000 to 9999: no month 13, no 30th of February. */
function isTime (time: UtcTime): boolean {
  const milliseconds = millisecondsOf(time)
  return time >= '1000' && !Number.isNaN(milliseconds) && utcTime(milliseconds).slice(0, 19) === time.slice(0, 19)
}
