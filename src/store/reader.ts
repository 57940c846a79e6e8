import type { Knex } from 'knex'

/** A database to read from, and the signal that ends the reading. */
export interface Reader {
  knex: Knex
  /** Once it is aborted, a statement under way ends in the database, too, and rejects with the signal's reason. */
  signal: AbortSignal
}
