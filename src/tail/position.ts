import type { BatchPosition } from '../model/batch.ts'
import type { UtcTime } from '../model/instant.ts'

/** Position of a log: its batch's, and its index in the batch. */
export interface LogPosition extends BatchPosition {
  index: number
  /** The list that the tail goes on from has the logs that arrived before; in milliseconds since 1970. */
  listedBefore?: number
}

/** The position before all batches of a creation time. */
export function positionBefore (createdAt: UtcTime): BatchPosition {
  return { createdAt, userId: -1, key: '' }
}

/** Compares two positions in the order of the feed. */
export function byPosition (one: BatchPosition, other: BatchPosition): number {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? -1 : 1
  if (one.userId !== other.userId) return one.userId - other.userId
  return one.key === other.key ? 0 : one.key < other.key ? -1 : 1
}

/** The place before all batches of a creation time, after a list of the logs that arrived before `listedBefore`. */
export function placeBefore (createdAt: UtcTime, listedBefore?: number): string {
  // No batch with logs has this user or this key.
  return writePosition({ createdAt, userId: 0, key: '0'.repeat(32), index: 0, listedBefore })
}

/** Writes a position as the id of an event: `20261124093000000000-1-<key>-0`, and `listedBefore`. */
export function writePosition ({ createdAt, userId, key, index, listedBefore }: LogPosition): string {
  const position = `${createdAt.replaceAll(/\D/g, '')}-${userId}-${key}-${index}`
  return listedBefore === undefined ? position : `${position}-${listedBefore}`
}

const eventId = new RegExp([
  /^(?<date>\d{8})(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)(?<fraction>\d{6})/,
  /(?<userId>\d{1,10})/, /(?<key>[0-9a-f]{32})/, /(?<index>\d{1,9})(?:-(?<listed>\d{1,15}))?$/
].map(({ source }) => source).join('-'))

/** Reads the id of an event; undefined where it is none. */
export function readPosition (text: string): LogPosition | undefined {
  const groups = eventId.exec(text)?.groups
  if (groups === undefined) return undefined
  const { date = '', hour, minute, second, fraction, userId, key = '', index, listed } = groups
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
  const createdAt = `${day} ${hour}:${minute}:${second}.${fraction}`
  const position = { createdAt, userId: Number(userId), key, index: Number(index) }
  return listed === undefined ? position : { ...position, listedBefore: Number(listed) }
}
