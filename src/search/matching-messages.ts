import type { LogRecord } from '../model/record.ts'
import type { Filter } from '../query/filter.ts'

/** Sent to a matching thread: logs to test, and the names of their users. */
export interface MatchingQuestion {
  filter: Filter
  logs: readonly LogRecord[]
  names: readonly string[]
}

export interface MatchingAnswer {
  kind: 'answer'
  /** One for each log. */
  matches: readonly boolean[]
  tookMs: number
}

/** Sent by a matching thread: `ready` once, then an answer to each question. */
export type MatchingMessage = { kind: 'ready' } | MatchingAnswer
