import type { BatchPosition } from '../model/batch.ts'
import type { UtcTime } from '../model/instant.ts'

/** A log's position: its batch's, and its index within that. */
export interface LogPosition extends BatchPosition {
  index: number
}

/** The position before all batches that were created then. */
export function positionBefore (createdAt: UtcTime): BatchPosition {
  return { createdAt, userId: -1, key: '' }
}

/** Compares two positions in that order. */
export function byPosition (one: BatchPosition, other: BatchPosition): number {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? -1 : 1
  if (one.userId !== other.userId) return one.userId - other.userId
  return one.key === other.key ? 0 : one.key < other.key ? -1 : 1
}

/** As the id of an event: `20261124093000000000-1-<key>-0`. */
export function writePosition ({ createdAt, userId, key, index }: LogPosition): string {
  return `${createdAt.replaceAll(/\D/g, '')}-${userId}-${key}-${index}`
}

const written = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{6})-(\d{1,10})-([0-9a-f]{32})-(\d{1,9})$/

/** The place that an event's id means. Undefined where it is none. */
export function readPosition (text: string): LogPosition | undefined {
  const match = written.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction, userId, key, index] = match
  return { createdAt: `${year}-${month}-${day} ${hour}:${minute}:${second}.${fraction}`, userId: Number(userId), key: key!, index: Number(index) }
}
