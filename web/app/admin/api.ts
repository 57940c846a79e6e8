// Answers of the administrators' calls, as far as the page reads them.

export interface User {
  name: string
  created: string
  disabled: boolean
  admin: boolean
  /** Null: as the server's setting says; 0: for ever. */
  retentionDays: number | null
}

export interface Usage {
  user: string
  logs: number
  newest: string | null
  complete: boolean
  retention: { days: number }
}

export interface Storage {
  database: { kind: string, version: string, bytes: number, freeBytes: number | null }
  tables: Array<{ name: string, rows: number, bytes: number }> | null
  logs: { oldest: string | null, newest: string | null, arrived: Array<{ day: string, logs: number }> | null }
  partitions: Array<{ name: string, from: string | null, until: string | null, bytes: number }>
  retention: { days: number, rows: number }
  wordIndex: { lagSeconds: number | null }
  hourCounts: { lagSeconds: number | null }
  deadLetters: number
  spool: { bytes: number, segments: number, oldest: string | null, limitBytes: number } | null
  keptFiles: number
  instances: Array<{ id: string, seenSecondsAgo: number }>
  warnings: string[]
}

export interface DeadLetter {
  id: string
  user: string | null
  created: string
  source: string
  reason: string
  record: string
  bytes: number
  replayable: boolean
}

export interface DeadLetters {
  letters: DeadLetter[]
  count: number
  after?: string
}

export interface Entry {
  id: number
  at: string
  caller: string
  action: string
  address: string | null
  detail: Record<string, unknown>
  logs: number
}

export interface AuditPage {
  entries: Entry[]
  after?: number
}
