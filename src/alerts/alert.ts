// What a rule tells: the row of `alerts`, from which each channel builds its message.
import type { UtcTime } from '../model/instant.ts'
import type { Severity } from '../model/record.ts'
import type { Sample } from './tally.ts'

/**
 * `new`, `regressed`, `unmuted` and `repeated` are about a group of errors; `silent` and `back` about a rule of
 * silence; `server` is about the server itself; `test` is what a user asked for.
 */
export type AlertKind =
  | 'new' | 'regressed' | 'unmuted' | 'repeated' | 'match' | 'count' | 'silent' | 'back' | 'server' | 'test'

/** An alert, as the transaction that finds it writes it. */
export interface NewAlert {
  userId: number
  ruleId: number
  /** The key of a group, the value of the rule's key, or the empty text. */
  subject: string
  /** Counts the alerts of the rule about the subject, from 1; the same number again is left out. */
  number: number
  kind: AlertKind
  at: UtcTime
  /** Nothing is sent before: the quiet hours of the rule end then. Default: at once. */
  notBefore?: UtcTime
  detail: AlertDetail
}

/** The facts of an alert. Logs are given by id: their lines are read when it is sent, so that deleted ones are not. */
export interface AlertDetail {
  /** The text of a group, or the name of the rule; 500 characters at most. */
  title: string
  /** A further sentence, such as that logs came late; 500 characters at most. */
  note?: string
  process?: string
  level?: Severity
  /** Number of logs that it is about, and the times of the first and the last event. */
  logs: number
  firstAt?: UtcTime
  lastAt?: UtcTime
  samples: Sample[]
  /** Of a group of errors: 16 hex digits. */
  groupKey?: string
}

/** The number of an alert as people read it, its id in base 36: `#1F3`. */
export function alertNumber (id: string): string {
  return `#${BigInt(id).toString(36).toUpperCase()}`
}

/** The id of an alert from its number, with or without `#`; undefined for any other text. */
export function alertIdOf (number: string): string | undefined {
  const [, digits] = /^#?([0-9a-z]{1,12})$/i.exec(number) ?? []
  if (digits === undefined) return undefined
  return [...digits].reduce((id, digit) => id * 36n + BigInt(Number.parseInt(digit, 36)), 0n).toString()
}
