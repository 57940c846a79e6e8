/** The five severities that are stored, least severe first. */
export const severities = ['debug', 'info', 'warning', 'error', 'critical'] as const

export type Severity = typeof severities[number]

/** An instant in UTC as both databases take and sort it: `YYYY-MM-DD HH:MM:SS.ffffff`. */
export type UtcTime = string

/** An instant of our own clock, in milliseconds since 1970; by default the present. */
export function utcTime (milliseconds = Date.now()): UtcTime {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace('Z', '000')
}

/** The same in milliseconds since 1970. */
export function millisecondsOf (time: UtcTime): number {
  return Date.parse(`${time.replace(' ', 'T')}Z`)
}

/** One log, whatever protocol it came in by: the one currency between the rooms. */
export interface LogRecord {
  /** When it happened, by the sender's clock. */
  eventAt: UtcTime
  /** When the sender posted it, by the sender's clock. */
  postTime: UtcTime
  severity: Severity
  /** Whole, of any length. */
  message: string
  pid: number
  processName: string
  description: string
  /** Everything else that the sender gave; null when there is nothing else. */
  attributes: Record<string, unknown> | null
}

/** About how many bytes a value of JSON takes. */
export function sizeOfValue (value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 2
  for (const name of Object.keys(value)) size += name.length + 4 + sizeOfValue((value as Record<string, unknown>)[name])
  return size
}

/** A log of this process that happens now, but for what is given: of severity info, with an empty description and no attributes. */
export function newRecord (record: Partial<LogRecord> & Pick<LogRecord, 'message' | 'processName'>): LogRecord {
  const now = utcTime()
  return { eventAt: now, postTime: now, severity: 'info', pid: process.pid, description: '', attributes: null, ...record }
}

/** One word of 1 to 100 characters, as a regular expression with the flag u: what the published contract takes for a name. */
export const wordPattern = '^[^\\s\\p{Cc}\\p{Cs}]{1,100}$'

const wordExpression = new RegExp(wordPattern, 'u')

/** Whether the text can be somebody's name. */
export function isWord (text: string): boolean {
  return wordExpression.test(text)
}

/**
 * The same without what is not seen or turns the direction of writing: what a new user's name may be. Joiners belong to words of some languages,
 * and to emoji: within those they may stand.
 */
const newNameExpression = /^(?:[^\s\p{Cc}\p{Cf}\p{Cs}]|(?<=[^\p{ASCII}\p{Cf}])[\u200c\u200d](?!$)){1,100}$/u

export function isNewName (text: string): boolean {
  return newNameExpression.test(text)
}

/** What somebody calls a thing of theirs, as a regular expression with the flag u, and the rule in words. */
export const titlePattern = '^[^\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]{1,100}$'
export const titleRule = 'a text of 1 to 100 characters, without control and format characters'

/** Whom the logs belong to. */
export interface LogUser {
  id: number
  name: string
}

/** What a credential is good for: sending logs, reading them, or all that its user may, letting go of logs and making tokens included. */
export const scopes = ['write', 'read', 'account'] as const

export type Scope = typeof scopes[number]

/** Whoever a request comes from. */
export interface Caller {
  /** Null for the API key, which is nobody's. */
  id: number | null
  name: string
  scopes: ReadonlySet<Scope>
  /** Sees everybody's logs. */
  admin: boolean
  /** Of the random token that it came with, if it did. */
  tokenId?: number
  /** Milliseconds within which each log that is sent with this token is stored once. Default: however often it comes. */
  onceMs?: number
}

/** A piece of a request that can't become a log: kept as a dead letter beside the logs that its neighbours became. */
export interface Rejected {
  /** The decoder that refused it, by its protocol's name: what a replay asks again. At most 32 characters. */
  source: string
  /** Which piece of the request it is, from 0. */
  index: number
  /** What it should have been, in a sentence that quotes nothing of it. */
  reason: string
  /** As it came. */
  raw: string
}

/** How logs are known that were sent before, in whatever batch. */
export interface Once {
  /** 16 bytes for each of the batch's first records, all different. Further records are stored however often they come. */
  hashes: Buffer
  /** Milliseconds for which they are remembered. */
  windowMs: number
}

/** What one request brings: stored as a whole or not at all. */
export interface LogBatch {
  userId: number
  records: readonly LogRecord[]
  /** Kept in the same transaction. Default: none. */
  rejected?: readonly Rejected[]
  /** 16 bytes that name the batch among the user's of the last seven days: stored once, however often it comes. Default: a name of its own. */
  key?: Buffer
  /** Its records of which the user sent the same bytes lately are left out. Default: none is. Not inside of a transaction of the host app's. */
  once?: Once
}

/** How a batch was made durable. */
export interface Receipt {
  /** Where it is: in the database, or, while that is away, in the spool on our own disk. */
  stored: 'database' | 'spool'
  /** Its key was stored before; nothing was stored this time. */
  replayed: boolean
}
