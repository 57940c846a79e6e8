import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'

/**
 * Creates a table with the options of its database: character set and compression.
 * A clustered table is stored in the order of its primary key.
 */
export async function createTable (
  knex: Knex, name: string, columns: (table: Knex.CreateTableBuilder) => void, { clustered = false } = {}
): Promise<void> {
  const options = await dialectOf(knex).tableOptions(knex, clustered)
  for (const [index, { sql }] of knex.schema.createTable(name, columns).toSQL().entries()) {
    const isCreate = index === 0
    await knex.raw(isCreate ? `${sql} ${options}` : sql)
  }
}
