import createError from '@fastify/error'

/** A rule is broken; the detail names the field and the rule, and quotes nothing of the request. */
export const BadRequest = createError<[detail: string]>('LOGGER_BAD_REQUEST', '%s', 400)

/** No such user, or the credential is not theirs; a caller is never told which. */
export const Forbidden = createError('LOGGER_FORBIDDEN', 'Forbidden', 403)

/** No credential, or one that is nobody's; a caller is never told which. */
export const Unauthorized = createError('LOGGER_UNAUTHORIZED', 'this needs a valid credential: Authorization: Bearer TOKEN, or Basic with user and password', 401)

/** The credential is good, but not for this. */
export const NotAllowed = createError<[detail: string]>('LOGGER_NOT_ALLOWED', '%s', 403)

/** There is nothing at this path, or nothing that the caller may see. */
export const NotFound = createError('LOGGER_NOT_FOUND', 'there is nothing at this path', 404)

/** The path exists, but not with this method. */
export const MethodNotAllowed = createError('LOGGER_METHOD_NOT_ALLOWED', 'only POST is allowed here', 405)

/** More than may be sent at once. */
export const TooLarge = createError<[detail: string]>('LOGGER_TOO_LARGE', '%s', 413)

/** Not even a second's logs could be looked at in the time that a search has. */
export const TooSlow = createError('LOGGER_TOO_SLOW', 'query takes too long: ask for less', 422)

/** What is asked for contradicts what is stored. */
export const Conflict = createError<[detail: string]>('LOGGER_CONFLICT', '%s', 409)

/** Too many failed credentials; `retryAfter` is in whole seconds. */
export class TooManyAttempts extends createError<[seconds: number]>('LOGGER_TOO_MANY_ATTEMPTS', 'too many failed attempts, try again in %d seconds', 429) {
  readonly retryAfter: number

  constructor (retryAfter: number) {
    super(retryAfter)
    this.retryAfter = retryAfter
  }
}

/** One user sends more logs than they may; `retryAfter` is in whole seconds. */
export class TooManyLogs extends createError<[]>('LOGGER_TOO_MANY_LOGS', 'more logs than the user may send', 429) {
  readonly retryAfter: number

  constructor (retryAfter: number) {
    super()
    this.retryAfter = retryAfter
  }
}

/** One user reads more at once than they may. */
export class TooManyReads extends createError<[]>('LOGGER_TOO_MANY_READS', 'too many requests of this user are under way: wait until some have ended', 429) {
  readonly retryAfter = 5
}

/** Nothing was stored, and the same may be sent again after `retryAfter` seconds. */
export class Unavailable extends createError<[detail: string]>('LOGGER_UNAVAILABLE', '%s', 503) {
  readonly retryAfter = 5
}

/** The database can't say who it is or store anything for now, and there is no spool. */
export class DatabaseAway extends Unavailable {
  constructor () {
    super('the database is away')
  }
}

/** More comes in than goes out. */
export class Overloaded extends Unavailable {
  constructor () {
    super('the server is overloaded')
  }
}

/** The database is away, and the disk has no room left to keep logs until it is back. */
export class SpoolFull extends Unavailable {
  constructor () {
    super('the database is away and the spool is full')
  }
}

/** The folder of the spool can't be used; the message says why. */
export class SpoolUnavailable extends Error {}

/** The database took longer than it may. */
export class DatabaseSlow extends Error {
  readonly code = 'LOGGER_DATABASE_SLOW'

  constructor (milliseconds: number) {
    super(`the database did not store within ${milliseconds} ms`)
  }
}

/** No statement that the database accepts could hold the row: it is refused before it is sent. */
export class RowTooLarge extends Error {
  constructor (bytes: number, maxBytes: number) {
    super(`the log takes ${bytes} bytes, and the database accepts statements of ${maxBytes} bytes (max_allowed_packet)`)
  }
}

/** The database failed at one piece of a batch; `as` says whether at the log or at the dead letter in its place. */
export class PieceFailed extends Error {
  readonly index: number
  readonly as: 'log' | 'letter'

  constructor (index: number, as: 'log' | 'letter', cause: unknown) {
    super('a piece of the batch could not be stored', { cause })
    this.index = index
    this.as = as
  }
}

/** Logs can be stored inside of an open transaction alone. */
export const NotATransaction = createError('LOGGER_NOT_A_TRANSACTION', 'writeLogs: knex must be an open transaction of knex, as knex.transaction() gives it, on the database of the logs', 500)

/** The database lacks tables, or has newer ones than this version knows; the message says what to do. */
export const SchemaMismatch = createError<[what: string]>('LOGGER_SCHEMA_MISMATCH', '%s', 500)

/** A session of the database would change logs, or take none; the message says why and what to do. */
export const UnfitSession = createError<[what: string]>('LOGGER_UNFIT_SESSION', '%s', 500)

/** The command was called wrongly: one line for the terminal, exit code 2. */
export class UsageError extends Error {}

/** The command was right but cannot be carried out: one line for the terminal, exit code 1. */
export class CommandError extends Error {}

/** The user ended the command: nothing is to be told, exit code 130. */
export class Interrupted extends Error {}

/** What a terminal may be told of an unexpected error: of the database's no more than the code, because their messages quote statements and values. */
export function explainFailure (error: unknown): string {
  if (!(error instanceof Error)) return `failed with ${String(error)}`
  const code = codeOf(error)
  if ('sqlMessage' in error || 'sql' in error || /^(ER|SQLITE)_/.test(code ?? '')) return `the database failed (${code ?? error.name})`
  const [sentence] = error.message.split('\n')
  return code === undefined || error.message.includes(code) ? `${sentence}` : `${sentence} (${code})`
}

/**
 * What may be logged of an unexpected error: its name, its code and where it was thrown.
 * Never the message: database drivers quote statements, with the logs in them.
 */
export function describeFailure (error: unknown): { name: string, code?: string, frames?: string } {
  if (!(error instanceof Error)) return { name: typeof error }
  return {
    name: error.name,
    code: codeOf(error),
    frames: error.stack?.match(/\n {4}at .*/g)?.join('').trimStart()
  }
}

/** The code that a driver or the system gave an error: `ER_DUP_ENTRY`, `ECONNREFUSED`, `SQLITE_FULL`. */
export function codeOf (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
