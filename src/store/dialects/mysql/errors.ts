// The meaning of MySQL's and MariaDB's errors for what was to be stored.
//
// An error is about data only if it is listed here as such: its SQLSTATE is of class 22, 23 or 45, or its number is
// known. A number alone says little, since a trigger may SIGNAL any. So an error that is not listed is `unavailable`;
// the committer then finds out by a probe, and by storing less at once, whether the data is the cause after all.
import { codeOf, RowTooLarge } from '../../../errors.ts'
import type { ErrorClass } from '../../../model/batch-store.ts'

/** Classes of SQLSTATE. 22: a value is wrong for its column; 23: a constraint; 45: SIGNAL of a trigger. */
const dataStates = /^(22|23|45)/

/** Errors about data that have another SQLSTATE. */
const dataErrors = new Set([
  1265, // 01000: a value is not in an enumeration, and would be cut
  1366, // HY000: a text is not valid in the character set of the column
  1411, // HY000: a value is wrong for a function of a generated column or a trigger
  1526, // HY000: no partition for the value
  1748, // HY000: the row does not belong to the partition that was named
  3140, // invalid JSON, as are 3141 and the following
  3141, 3143, 3144, 3146, 3147, 3148, 3149, 3150, 3151, 3152, 3153, 3154, 3155, 3156, 3157, 3158,
  3819, // HY000 on MySQL: a CHECK constraint
  3903, // a value is invalid for a functional index
  3907, // the same
  4025 // MariaDB's number of a CHECK constraint
])

/**
 * Deadlocks, lock waits, statements and sessions that were ended, lost connections, and clusters that refuse for now
 * (Galera, Group Replication, TiDB).
 */
const passingErrors = new Set([
  1020, 1047, 1053, 1180, 1205, 1213, 1317, 1412, 1615, 1927, 1969, 2006, 2013, 3024, 3100, 3101, 3169, 4031, 8002,
  ...Array.from({ length: 12 }, (_, index) => 9001 + index)
])

/** Codes of drivers and the system for a connection that was lost. */
const lostConnection = new Set([
  'PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 'ER_SOCKET_UNEXPECTED_CLOSE', 'ER_CMD_CONNECTION_CLOSED',
  'LOGGER_DATABASE_HOST_LEFT'
])

/** Codes for a connection that was never made. */
const noConnection = new Set([
  'ECONNREFUSED', 'ETIMEDOUT', 'PROTOCOL_SEQUENCE_TIMEOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH',
  'ER_CON_COUNT_ERROR', 'ER_SERVER_OFFLINE_MODE', 'LOGGER_NO_DATABASE_HOST'
])

export function isUnreachable (error: unknown): boolean {
  const code = codeOf(error) ?? ''
  return lostConnection.has(code) || noConnection.has(code)
}

const duplicateEntry = 1062
/**
 * Ends the message about a duplicate in the primary key of one of our tables. MySQL names the table, MariaDB does not;
 * the text before it may be in any language.
 */
const ownKey = /'(?:(?:user_logs|dead_letters)\.)?PRIMARY'\s*$/

export function isDuplicateEntry (error: unknown): boolean {
  return errnoOf(error) === duplicateEntry
}

export function classifyMysqlError (error: unknown): ErrorClass {
  if (error instanceof RowTooLarge) return 'refused'
  const errno = errnoOf(error) ?? 0
  if (errno === duplicateEntry) {
    // Data can break a UNIQUE key that a user added to our tables. If it breaks the primary key of another table, by a
    // trigger, that is taken for a collision too, although fresh ids do not help.
    const message = sqlMessageOf(error)
    return message === '' || ownKey.test(message) ? 'collision' : 'refused'
  }
  if (dataStates.test(sqlStateOf(error)) || dataErrors.has(errno)) return 'refused'
  return passingErrors.has(errno) || lostConnection.has(codeOf(error) ?? '') ? 'passing' : 'unavailable'
}

/** Classes of SQLSTATE that do not pass. 28: the login is refused; 42: no such object, or no privilege for it. */
const lastingStates = /^(28|42)/

/** Errors of these classes that pass: too many connections of the server, or of the user. */
const tooManyConnections = new Set([1203, 1226])

/** Errors of other classes that do not pass: host, authentication, expired password, locked account, TLS required. */
const loginErrors = new Set([1130, 1251, 1524, 1820, 1862, 3118, 3159, 4151])

/**
 * Whether an error of the server may pass: read-only, shutting down, no cluster, too many connections.
 * Errors of a driver do not count.
 */
export function mysqlMayPass (error: unknown): boolean {
  const errno = errnoOf(error) ?? 0
  if (errno <= 0 || loginErrors.has(errno)) return false
  return tooManyConnections.has(errno) || !lastingStates.test(sqlStateOf(error))
}

/** The reason that a person may read: the server's text, never a driver's, which may quote the statement. */
export function mysqlReason (error: unknown): string {
  if (error instanceof RowTooLarge) return error.message
  return sqlMessageOf(error) || (codeOf(error) ?? 'the database refused the log')
}

function sqlMessageOf (error: unknown): string {
  return error instanceof Error && 'sqlMessage' in error && typeof error.sqlMessage === 'string' ? error.sqlMessage : ''
}

function sqlStateOf (error: unknown): string {
  return error instanceof Error && 'sqlState' in error && typeof error.sqlState === 'string' ? error.sqlState : ''
}

function errnoOf (error: unknown): number | undefined {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined
}
