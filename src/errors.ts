import createError from '@fastify/error'

export { BadRequest } from './model/bad-request.ts'

/** The user does not exist, or the credential is wrong; the caller never learns which. */
export const Forbidden = createError('LOGGER_FORBIDDEN', 'Forbidden', 403)

/** The credential is missing, or unknown; the caller never learns which. */
export const Unauthorized = createError(
  'LOGGER_UNAUTHORIZED',
  'this needs a valid credential: Authorization: Bearer TOKEN, or Basic with user and password',
  401
)

/** The credential is valid, but does not allow this. */
export const NotAllowed = createError<[detail: string]>('LOGGER_NOT_ALLOWED', '%s', 403)

/** There is nothing at this path, or nothing that the caller may see. */
export const NotFound = createError('LOGGER_NOT_FOUND', 'there is nothing at this path', 404)

/** The path does not support this method. */
export const MethodNotAllowed = createError('LOGGER_METHOD_NOT_ALLOWED', 'only POST is allowed here', 405)

/** The request is larger than its limit. */
export const TooLarge = createError<[detail: string]>('LOGGER_TOO_LARGE', '%s', 413)

/** A search could not read any logs within its time. */
export const TooSlow = createError('LOGGER_TOO_SLOW', 'query takes too long: ask for less', 422)

/** The request contradicts stored data. */
export const Conflict = createError<[detail: string]>('LOGGER_CONFLICT', '%s', 409)

/** A header such as If-Match asks for another version of what is stored. */
export const PreconditionFailed = createError<[detail: string]>('LOGGER_PRECONDITION_FAILED', '%s', 412)

const TooManyAttemptsError = createError<[seconds: number]>(
  'LOGGER_TOO_MANY_ATTEMPTS', 'too many failed attempts, try again in %d seconds', 429)

/** Too many credentials were wrong. `retryAfter` is in whole seconds. */
export class TooManyAttempts extends TooManyAttemptsError {
  readonly retryAfter: number

  constructor (retryAfter: number) {
    super(retryAfter)
    this.retryAfter = retryAfter
  }
}

const TooManyLogsError = createError<[]>('LOGGER_TOO_MANY_LOGS', 'more logs than the user may send', 429)

/** A user sends more logs than their rate limit allows. `retryAfter` is in whole seconds. */
export class TooManyLogs extends TooManyLogsError {
  readonly retryAfter: number

  constructor (retryAfter: number) {
    super()
    this.retryAfter = retryAfter
  }
}

const TooManyReadsError = createError<[]>(
  'LOGGER_TOO_MANY_READS', 'too many requests of this user are under way: wait until some have ended', 429)

/** A user reads too much at the same time. `retryAfter` is in whole seconds. */
export class TooManyReads extends TooManyReadsError {
  readonly retryAfter = 5
}

/** Nothing was stored. The same request may be sent again after `retryAfter` seconds. */
export class Unavailable extends createError<[detail: string]>('LOGGER_UNAVAILABLE', '%s', 503) {
  readonly retryAfter = 5
}

/** The database is unavailable for now, and no spool can help. */
export class DatabaseAway extends Unavailable {
  constructor () {
    super('the database is unavailable')
  }
}

/** No server of the database can be used; the message says why for each. */
export class NoDatabaseHost extends Error {
  readonly code = 'LOGGER_NO_DATABASE_HOST'
}

/** The connection was closed: another server of the database is used now. */
export class DatabaseHostLeft extends Error {
  readonly code = 'LOGGER_DATABASE_HOST_LEFT'
  override message = 'another server of the database is used now'
}

/** Logs arrive faster than they can be stored. */
export class Overloaded extends Unavailable {
  constructor () {
    super('the server is overloaded')
  }
}

/** The database is unavailable, and the spool has reached its limit. */
export class SpoolFull extends Unavailable {
  constructor () {
    super('the database is unavailable and the spool is full')
  }
}

/** The folder of the spool cannot be used; the message says why. */
export class SpoolUnavailable extends Error {}

/** Another process uses the folder of the spool. */
export class SpoolInUse extends SpoolUnavailable {}

/** The database did not store a batch in time. */
export class DatabaseSlow extends Error {
  readonly code = 'LOGGER_DATABASE_SLOW'

  constructor (milliseconds: number) {
    super(`the database did not store within ${milliseconds} ms`)
  }
}

/** A row is larger than any statement that the database accepts. It is refused before it is sent. */
export class RowTooLarge extends Error {
  constructor (bytes: number, maxBytes: number) {
    super(`the log takes ${bytes} bytes; the database accepts statements of ${maxBytes} bytes (max_allowed_packet)`)
  }
}

/** The database failed at one piece of a batch; `as` tells whether at its log or at its dead letter. */
export class PieceFailed extends Error {
  readonly index: number
  readonly as: 'log' | 'letter'

  constructor (index: number, as: 'log' | 'letter', cause: unknown) {
    super('a piece of the batch could not be stored', { cause })
    this.index = index
    this.as = as
  }
}

/** Logs can only be stored inside an open transaction. */
export const NotATransaction = createError(
  'LOGGER_NOT_A_TRANSACTION',
  'writeLogs: knex must be an open transaction of knex, as knex.transaction() gives it, on the database of the logs',
  500
)

/** The database lacks tables, or has newer ones than this version; the message says what to do. */
export const SchemaMismatch = createError<[what: string]>('LOGGER_SCHEMA_MISMATCH', '%s', 500)

/** A session of the database would change logs, or store none; the message says why and what to do. */
export const UnfitSession = createError<[what: string]>('LOGGER_UNFIT_SESSION', '%s', 500)

/** Another process has the embedded database open. */
export class DatabaseInUse extends Error {
  override message = 'a server or another program has it open: stop that first'
}

/** The command was called wrongly. The terminal shows one line; the exit code is 2. */
export class UsageError extends Error {}

/** The command cannot be carried out. The terminal shows one line; the exit code is 1. */
export class CommandError extends Error {}

/** The user ended the command. The terminal shows nothing; the exit code is 130. */
export class Interrupted extends Error {}

/**
 * Describes an unexpected error for the terminal.
 * Of the database's errors it only gives the code, because their messages quote statements and values.
 */
export function explainFailure (error: unknown): string {
  if (!(error instanceof Error)) return `failed with ${String(error)}`
  const code = codeOf(error)
  const isOfDatabase = 'sqlMessage' in error || 'sql' in error || /^(ER|SQLITE)_/.test(code ?? '')
  if (isOfDatabase) return `the database failed (${code ?? error.name})`
  const [sentence] = error.message.split('\n')
  return code === undefined || error.message.includes(code) ? `${sentence}` : `${sentence} (${code})`
}

/**
 * Describes an unexpected error for the server's log: its name, its code and where it was thrown.
 * Never its message: database drivers quote statements, with the logs in them.
 */
export function describeFailure (error: unknown): { name: string, code?: string, frames?: string } {
  if (!(error instanceof Error)) return { name: typeof error }
  return {
    name: error.name,
    code: codeOf(error),
    frames: error.stack?.match(/\n {4}at .*/g)?.join('').trimStart()
  }
}

/** The code of an error, from a driver or the system: `ER_DUP_ENTRY`, `ECONNREFUSED`, `SQLITE_FULL`. */
export function codeOf (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
