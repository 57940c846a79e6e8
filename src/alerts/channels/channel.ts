// What each kind of channel does: it sends one message, and says what became of it.
import type { AlertKind } from '../alert.ts'
import type { FailureReason } from './failures.ts'
import type { Severity } from '../../model/record.ts'

/** The content of one message. A digest is a message about several alerts. */
export interface AlertMessage {
  /** Of the alert; for a receiver the same message again has the same id: 26 characters at most. */
  id: string
  /** Equal in all messages of a rule about the same group or value: 64 characters at most. */
  thread: string
  /** As people read it: `#1F3`. */
  number: string
  /** An earlier try may have arrived. */
  mayRepeat: boolean
  kind: AlertKind | 'digest'
  title: string
  note: string | null
  user: string
  rule: string
  process: string | null
  level: Severity | null
  /** Number of logs that it is about. */
  logs: number
  /** Times of the first and the last event: ISO 8601. */
  first: string | null
  last: string | null
  /** State of the group of errors, and what changed it. */
  state: string | null
  /** First lines of logs, the oldest first; text of strangers. */
  lines: string[]
  /** Of a digest: what it shows, and the number of alerts that it does not show. */
  alerts: DigestEntry[]
  heldBack: number
  /** Address of the page at the group of errors, else at the logs; null where the server does not know its address. */
  url: string | null
  /** Address of the page at what happened around the last log; null where there is no log, or no address. */
  logsUrl: string | null
  /** Whether buttons may be shown that change the group of errors. */
  hasActions: boolean
}

/** A line of a digest: an alert, or errors that differ in one word, under the number of the first. */
export interface DigestEntry {
  number: string
  title: string
  logs: number
  /** Number of alerts that it stands for. */
  alerts: number
}

/** `wait`: try again later; `pause`: the channel rests; `broken`: its owner must change it; `giveUp`: this message. */
export type NotDelivered = 'wait' | 'pause' | 'broken' | 'giveUp'

/** What became of a message. */
export type SendOutcome =
  | { kind: 'delivered', messageId: string | null }
  | { kind: 'notDelivered', then: NotDelivered, retryAfterMs?: number, movedTo?: string } & FailureReason
  /** It may have arrived. */
  | { kind: 'unknown' } & FailureReason

/** A place that takes messages. */
export interface Channel {
  send (message: AlertMessage, signal: AbortSignal): Promise<SendOutcome>
  /** Changes a message that was sent; missing where messages cannot be changed. */
  edit?: (messageId: string, message: AlertMessage, signal: AbortSignal) => Promise<SendOutcome>
}
