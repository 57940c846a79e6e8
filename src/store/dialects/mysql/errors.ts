// What the errors of MySQL and MariaDB mean for what was to be stored.
//
// An error is about data only if it is listed here as such: its SQLSTATE is of class 22, 23 or 45, or its number is known.
// A number says little by itself, since a trigger may SIGNAL any. So whatever is not listed is `away`, and the committer
// finds out by a probe, and by storing less at once, whether it comes of the data after all.
import { codeOf, RowTooLarge } from '../../../errors.ts'
import type { ErrorClass } from '../../../model/batch-store.ts'

/** 22: a value is wrong for its column; 23: a constraint; 45: a trigger's SIGNAL. */
const dataStates = /^(22|23|45)/

/** Errors about data that have another SQLSTATE. */
const aboutData = new Set([
  1265, // 01000: a value is none of an enumeration's, and would be cut
  1366, // HY000: a text is not valid in the column's character set
  1411, // HY000: a value is wrong for a function of a generated column or a trigger
  1526, // HY000: no partition for the value
  1748, // HY000: the row is not of the partition that was named
  3140, // JSON that is invalid, as 3141 and the following
  3141, 3143, 3144, 3146, 3147, 3148, 3149, 3150, 3151, 3152, 3153, 3154, 3155, 3156, 3157, 3158,
  3819, // HY000 on MySQL: a check
  3903, // a value that is invalid for a functional index
  3907, // the same
  4025 // MariaDB's number of a check
])

/** Deadlocks, lock waits, statements and sessions that were ended, lost connections, and a cluster that refuses for now (Galera, group replication, TiDB). */
const passing = new Set([
  1020, 1205, 1213, 1180, 1317, 1412, 1615, 1927, 1969, 3024, 3169, 4031, 1053, 2006, 2013, 1047, 3100, 3101, 8002, ...Array.from({ length: 12 }, (_, i) => 9001 + i)
])
export const lostConnection = new Set(['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 'ER_SOCKET_UNEXPECTED_CLOSE', 'ER_CMD_CONNECTION_CLOSED'])

const duplicateEntry = 1062
/** How the message of a duplicate ends where it is the key of a table of ours: MySQL names the table, MariaDB does not. The text before is in any language. */
const ownKey = /'(?:(?:user_logs|dead_letters)\.)?PRIMARY'\s*$/

export function isDuplicateEntry (error: unknown): boolean {
  return errnoOf(error) === duplicateEntry
}

export function classifyMysqlError (error: unknown): ErrorClass {
  if (error instanceof RowTooLarge) return 'refused'
  const errno = errnoOf(error) ?? 0
  // A UNIQUE key of the user's own is broken by the data; so may be the key of a table of theirs that is called PRIMARY, too, but then fresh ids do not help.
  if (errno === duplicateEntry) return sqlMessageOf(error) === '' || ownKey.test(sqlMessageOf(error)) ? 'collision' : 'refused'
  if (dataStates.test(sqlStateOf(error)) || aboutData.has(errno)) return 'refused'
  return passing.has(errno) || lostConnection.has(codeOf(error) ?? '') ? 'passing' : 'away'
}

/** 28: the login is refused; 42: there is no such thing, or no right to it. */
const settledStates = /^(28|42)/

/** Of these states, and about how many connections there are. */
const tooManyConnections = new Set([1203, 1226])

/** Of other states, and about the login: its host, its way to prove itself, a password that has expired, an account that is locked, TLS that is required. */
const aboutLogin = new Set([1130, 1251, 1524, 1820, 1862, 3118, 3159, 4151])

/** Whether an error of the server's, not of a driver's, may be over by itself: read-only, shutting down, without its cluster, too many connections. */
export function mysqlMayPass (error: unknown): boolean {
  const errno = errnoOf(error) ?? 0
  if (errno <= 0 || aboutLogin.has(errno)) return false
  return tooManyConnections.has(errno) || !settledStates.test(sqlStateOf(error))
}

/** What may be told of an error: the server's own text; never a driver's, which may quote the statement. */
export function mysqlReason (error: unknown): string {
  if (error instanceof RowTooLarge) return error.message
  return sqlMessageOf(error) || (codeOf(error) ?? 'the database did not take it')
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
