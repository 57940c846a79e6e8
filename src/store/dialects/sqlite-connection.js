// A thread that is one connection of knex to the embedded database.
//
//   sql, bindings → { rows }                              of a statement that reads
//                 → { changes, lastInsertRowid }          of one that does not
import { answerQuestions, openDatabase } from './sqlite-answers.js'

const database = openDatabase()

answerQuestions(database, ({ sql, bindings }) => {
  const statement = database.prepare(sql)
  return statement.reader ? { rows: statement.all(bindings) } : statement.run(bindings)
})
