import type { LogRecord } from './record.ts'

/** A message as it was received by syslog. */
export interface SyslogMessage {
  bytes: Buffer
  /** By our clock, in milliseconds since 1970. */
  arrivedAt: number
  /** IP address of the sender. */
  address: string
}

/** A log of a message, with the token by which the message names its owner. */
export interface DecodedSyslog {
  record: LogRecord
  token?: string
}
