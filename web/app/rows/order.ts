import type { Log } from '../api/types.ts'
import type { Order } from '../view/view.ts'

/** Where a log stands in a list. */
export type Key = Pick<Log, 'at' | 'id'>

/** Compares the places of two logs in a list: negative where the first one stands above; 0 where they are one log. */
export function compare (one: Key, other: Key, order: Order): number {
  const sign = order === 'newest' ? -1 : 1
  if (one.at !== other.at) return one.at < other.at ? -sign : sign
  // Numbers of 64 bits, as texts.
  if (one.id.length !== other.id.length) return (one.id.length - other.id.length) * sign
  return one.id === other.id ? 0 : one.id < other.id ? -sign : sign
}

/** The rows of a list with further logs, each one once. */
export function merge (rows: readonly Log[], logs: readonly Log[], order: Order): Log[] {
  return [...rows, ...logs]
    .sort((one, other) => compare(one, other, order))
    .filter((log, index, all) => log.id !== all[index - 1]?.id)
}
