// A thread that is one connection of knex to the embedded database.
//
//   sql, bindings         → { rows }                       of a statement that reads
//   sql, bindings, limit  → { page }                       of the same, as far as the limit goes
//   sql, bindings         → { changes, lastInsertRowid }   of one that does not
import { answerQuestions, openDatabase } from './answers.js'
import { RowPage } from '../row-bytes.js'
import { defineFunctions } from './functions.js'

const database = openDatabase()
defineFunctions(database)

answerQuestions(database, ({ sql, bindings, limit }) => {
  const statement = database.prepare(sql)
  if (!statement.reader) return statement.run(bindings)
  if (limit === undefined) return { rows: statement.all(bindings) }
  const page = new RowPage(limit)
  for (const row of statement.iterate(bindings)) if (!page.add(row)) break
  return { page: { rows: page.rows, bytes: page.bytes, isCut: page.isCut } }
})
