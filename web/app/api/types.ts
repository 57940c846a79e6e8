// Answers of the API, as far as the page reads them.
import type { PresentedLog } from '../../../src/query/api-log.ts'

export type Log = PresentedLog
export type Level = Log['level']

export const levels = ['debug', 'info', 'warning', 'error', 'critical'] as const satisfies readonly Level[]

/** Absolute times of a frozen view. */
export interface Times {
  from: string | null
  to: string | null
  asOf: string
}

export interface Page extends Times {
  logs: Log[]
  /** False: the time was over before the page was full. */
  complete: boolean
  cursor?: string
  /** The time looked back to. */
  reached?: string
  place?: string
  outside?: { before: number, after: number }
  /** Seconds by which the replica that was read is behind. */
  lag?: number
}

export interface Identity {
  user: string
  admin: boolean
  scopes: string[]
}
