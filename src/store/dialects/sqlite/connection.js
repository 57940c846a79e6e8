// A thread that is one connection of knex to the embedded database.
import { RowPage } from '../row-bytes.js'
import { answerQuestions, openDatabase } from './answers.js'
import { defineFunctions } from './functions.js'

/** @import { ConnectionProtocol, Handlers, Statement, StatementResult } from './messages.ts' */

const database = openDatabase()
defineFunctions(database)

/** @type {Handlers<ConnectionProtocol>} */
const handlers = { run: runStatement }
answerQuestions(database, handlers)

/**
 * @param {Statement} statement
 * @returns {StatementResult}
 */
function runStatement ({ sql, bindings, limit }) {
  /** @type {import('better-sqlite3').Statement<unknown[], Record<string, unknown>>} */
  const statement = database.prepare(sql)
  if (!statement.reader) return { kind: 'change', ...statement.run(bindings) }
  if (limit === undefined) return { kind: 'rows', rows: statement.all(bindings) }
  /** @type {RowPage<Record<string, unknown>>} */
  const page = new RowPage(limit)
  for (const row of statement.iterate(bindings)) if (!page.add(row)) break
  return { kind: 'page', page: { rows: page.rows, bytes: page.bytes, isCut: page.isCut, isLate: page.isLate } }
}
