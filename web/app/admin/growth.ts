// How fast the database grows, from what has arrived.
import type { Storage } from './api.ts'

export interface Growth {
  bytesPerDay: number
  /** Seconds until the disk is full at this pace; undefined where the free space is not known, or nothing arrives. */
  fullInSeconds: number | undefined
}

const daySeconds = 86_400
/** The table of the logs. */
const logTable = 'user_logs'

type Sizes = Pick<Storage, 'tables' | 'logs' | 'database'>

/** Growth by the mean size of a log and the whole days of the last week; undefined where the server knows neither. */
export function growthOf (storage: Sizes, today: string): Growth | undefined {
  const { tables, logs: { arrived }, database: { freeBytes } } = storage
  const table = tables?.find(({ name }) => name === logTable)
  const days = arrived?.filter(({ day }) => day !== today)
  if (!table || table.rows === 0 || !days || days.length === 0) return undefined
  const logsPerDay = days.reduce((sum, { logs }) => sum + logs, 0) / days.length
  const bytesPerDay = logsPerDay * table.bytes / table.rows
  const isKnown = freeBytes !== null && bytesPerDay > 0
  return { bytesPerDay, fullInSeconds: isKnown ? freeBytes / bytesPerDay * daySeconds : undefined }
}
