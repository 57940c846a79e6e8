// Answers of the API, as far as the page reads them; `test/page/api.test.ts` holds them against OpenAPI.

/** A log; `cut` tells what is not whole, by its length in characters. */
export interface Log {
  id: string
  user: string
  /** ISO 8601 in UTC, to the microsecond. */
  at: string
  level: Level
  process: string
  pid: number
  description: string
  message: string
  posted: string
  arrived: string
  attributes: Record<string, unknown> | null
  cut?: { message?: number, attributes?: true }
}

export const levels = ['debug', 'info', 'warning', 'error', 'critical'] as const
export type Level = typeof levels[number]

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
  hint?: string
  outside?: { before: number, after: number }
}

export interface Identity {
  user: string
  admin: boolean
  scopes: string[]
}
