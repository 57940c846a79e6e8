import type { UtcTime } from '../model/instant.ts'

/** A place in the order of batches. */
export interface Place {
  createdAt: UtcTime
  userId: number
  /** 32 hex digits. */
  key: string
}

/** A log's place: its batch's, and its index within that. */
export interface LogPlace extends Place {
  index: number
}

/** The place before all batches that were created then. */
export function placeBefore (createdAt: UtcTime): Place {
  return { createdAt, userId: -1, key: '' }
}

/** Compares two places in that order. */
export function byPlace (one: Place, other: Place): number {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? -1 : 1
  if (one.userId !== other.userId) return one.userId - other.userId
  return one.key === other.key ? 0 : one.key < other.key ? -1 : 1
}

/** As the id of an event: `20261124093000000000-1-<key>-0`. */
export function writePlace ({ createdAt, userId, key, index }: LogPlace): string {
  return `${createdAt.replaceAll(/\D/g, '')}-${userId}-${key}-${index}`
}

const written = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{6})-(\d{1,10})-([0-9a-f]{32})-(\d{1,9})$/

/** The place that an event's id means. Undefined where it is none. */
export function readPlace (text: string): LogPlace | undefined {
  const match = written.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction, userId, key, index] = match
  return { createdAt: `${year}-${month}-${day} ${hour}:${minute}:${second}.${fraction}`, userId: Number(userId), key: key!, index: Number(index) }
}
