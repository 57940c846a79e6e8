// A thread that is one connection of knex to the embedded database.
//
//   sql, bindings → { rows }                              of a statement that reads
//                 → { changes, lastInsertRowid }          of one that does not
import { answerQuestions, openDatabase } from './sqlite-answers.js'
import { defineFunctions } from './sqlite-functions.js'

const database = openDatabase()
defineFunctions(database)

answerQuestions(database, ({ sql, bindings }) => {
  const statement = database.prepare(sql)
  return statement.reader ? { rows: statement.all(bindings) } : statement.run(bindings)
})
