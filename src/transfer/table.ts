import type { Knex } from 'knex'
import type { Cell } from '../store/dialects/row-sink.ts'
import { dialectOf } from '../store/dialects/index.ts'

/** Bounds of a batch, which is one transaction. */
const maxBatchRows = 2000
const maxBatchBytes = 4 * 1024 * 1024

/** Types that are read as text: 64-bit numbers would lose digits, and a driver would parse JSON. */
const readAsText = /^(bigint|json|longtext)/
/** Databases sort texts in different orders. */
const isText = /char|text/

/** A table, as both databases have it. */
interface Table {
  name: string
  columns: readonly string[]
  asText: ReadonlySet<string>
  /** The columns of the primary key, in order. */
  key: readonly string[]
  hasTextKey: boolean
}

/** Values of a primary key. */
type Position = readonly Cell[]

const never = new AbortController().signal

export interface TableCopy {
  source: Knex
  target: Knex
  table: string
  /** Called with the number of rows that a transaction has stored, or that an earlier copy had stored before. */
  onRows: (rows: number) => void
}

/**
 * Copies the rows of a table that the target lacks, in the order of the primary key.
 * An earlier copy that was interrupted is continued after the last row that it stored.
 */
export async function copyTable ({ source, target, table: name, onRows }: TableCopy): Promise<void> {
  const table = await describe(source, name)
  const insert = (rows: ReadonlyArray<readonly Cell[]>) =>
    dialectOf(target).copying.insert(target, { table: name, columns: table.columns }, rows)
  // The last key of the target says nothing where the source has another order. Such tables are small.
  if (table.hasTextKey) await target(name).delete()
  let after = table.hasTextKey ? undefined : await lastPosition(target, table)
  if (after) onRows(await countRows(target, name))
  // First the rows that share all parts of the key but the last, then those that share fewer: each is one range.
  for (let parts = table.key.length; parts > 0;) {
    const rows = await readBatch(source, table, after && { after, parts })
    const last = rows.at(-1)
    if (last === undefined) {
      parts = after ? parts - 1 : 0
      continue
    }
    await insert(rows.map((row) => table.columns.map((column) => row[column] ?? null)))
    onRows(rows.length)
    after = positionOf(table, last)
    parts = table.key.length
  }
}

/** Counts the rows of a table. */
export async function countRows (knex: Knex, table: string): Promise<number> {
  const row = await knex(table).count({ count: '*' }).first()
  return Number(row?.count)
}

async function describe (knex: Knex, name: string): Promise<Table> {
  const { copying, query } = dialectOf(knex)
  const rows = await query<{ name: string, type: string, part: number }>(
    knex, { sql: copying.columns, bindings: [name] }, never)
  const key = rows.filter(({ part }) => Number(part) > 0).sort((one, other) => Number(one.part) - Number(other.part))
  return {
    name,
    columns: rows.map((column) => column.name),
    asText: new Set(rows.filter(({ type }) => readAsText.test(type)).map((column) => column.name)),
    key: key.map((column) => column.name),
    hasTextKey: key.some(({ type }) => isText.test(type))
  }
}

type Row = Record<string, Cell>

async function readBatch (
  knex: Knex, table: Table, from: { after: Position, parts: number } | undefined
): Promise<Row[]> {
  const query = knex(table.name).select(selected(knex, table, table.columns)).limit(maxBatchRows)
    .orderBy(table.key.map((column) => `${table.name}.${column}`))
  if (from) {
    for (const [index, column] of table.key.slice(0, from.parts).entries()) {
      const comparison = index + 1 === from.parts ? '>' : '='
      query.whereRaw(`?? ${comparison} ?`, [column, from.after[index] ?? null])
    }
  }
  const { rows } = await dialectOf(knex).queryUpTo<Row>(knex, query, { bytes: maxBatchBytes, leastRows: 1 }, never)
  return rows
}

async function lastPosition (knex: Knex, table: Table): Promise<Position | undefined> {
  const order = table.key.map((column) => ({ column: `${table.name}.${column}`, order: 'desc' }))
  const row: Row | undefined = await knex(table.name).orderBy(order).first(selected(knex, table, table.key))
  return row && positionOf(table, row)
}

function positionOf ({ key }: Table, row: Row): Position {
  return key.map((column) => row[column] ?? null)
}

function selected (knex: Knex, { asText }: Table, columns: readonly string[]): Array<string | Knex.Raw> {
  return columns.map((column) => asText.has(column) ? knex.raw('CAST(?? AS CHAR) AS ??', [column, column]) : column)
}
