import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'

/**
 * Creates a table with the options of its database: character set, compression, and for a
 * clustered one the storage in the order of its primary key.
 */
export async function createTable (knex: Knex, name: string, columns: (table: Knex.CreateTableBuilder) => void, { clustered = false } = {}): Promise<void> {
  const [create, ...indexes] = knex.schema.createTable(name, columns).toSQL()
  await knex.raw(`${create!.sql} ${await dialectOf(knex).tableOptions(knex, clustered)}`)
  for (const { sql } of indexes) await knex.raw(sql)
}
