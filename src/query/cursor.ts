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
export function cursorOf (position: Position): string {
  return encode(textOf(position))
}

/** Where the next page of a list begins, and the logs that the list is about. */
export interface PageStart {
  position: Position
  from: UtcTime | undefined
  to: UtcTime | undefined
  asOf: UtcTime
  /** 8 characters that tell the list from others: its query, its order and its users. */
  list: string
}

/** The same as text for a URL. */
export function pageCursorOf ({ position, from = '', to = '', asOf, list }: PageStart): string {
  return encode([textOf(position), from, to, asOf, list].join(';'))
}

/** Start of a page by a cursor that `pageCursorOf` made. Throws BadRequest for any other text. */
export function pageStartOf (cursor: string): PageStart {
  const [text = '', from = '', to = '', asOf = '', list = ''] = decode(cursor).split(';')
  const position = readPosition(text)
  const times = [asOf, ...from === '' ? [] : [from], ...to === '' ? [] : [to]]
  const isValid = times.every((time) => writtenTime.test(time) && isTime(time)) && /^[\w-]{8}$/.test(list)
  if (position === undefined || !isValid) throw invalidCursor('cursor')
  const start = { position, from: from || undefined, to: to || undefined, asOf, list }
  if (pageCursorOf(start) !== cursor) throw invalidCursor('cursor')
  return start
}

function textOf ({ at, id, userId }: Position): string {
  return id === undefined ? at : `${at},${id},${userId}`
}

function encode (text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const writtenTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/
const writtenPosition = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})(?:,(\d{1,20}),(\d{1,10}))?$/

/** Largest ids that the tables hold. */
const maxId = 2n ** 64n - 1n
const maxUserId = 2 ** 32 - 1

/** Position of a cursor that `cursorOf` made. Throws BadRequest for any other text, which names the parameter. */
export function positionOf (cursor: string, name = 'cursor'): Position {
  const position = readPosition(decode(cursor))
  if (position === undefined || cursorOf(position) !== cursor) throw invalidCursor(name)
  return position
}

/** Undefined for a text that is no position. */
function readPosition (text: string): Position | undefined {
  const [, at = '', id, userId] = writtenPosition.exec(text) ?? []
  const isValid = isTime(at) && BigInt(id ?? 0) <= maxId && Number(userId ?? 0) <= maxUserId
  if (!isValid) return undefined
  return id === undefined ? { at } : { at, id, userId: Number(userId) }
}

function invalidCursor (name: string): BadRequest {
  return new BadRequest(`invalid ${name}`, { rule: 'cursor.invalid', field: name })
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
