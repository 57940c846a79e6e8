import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { UtcTime } from '../../../model/instant.ts'
import type { Partition, Partitions } from '../dialect.ts'

/** So long an ALTER may wait for its turn, in milliseconds: meanwhile writers wait behind it. */
const turn = 30
const mostTries = 5

/** What says that the table can't be partitioned: a foreign key or a unique key of somebody else's, or a database that does not do it. */
const unable = new Set([1235, 1503, 1506, 8200])

/** By RANGE COLUMNS: the first partition has what is older than all others, the last one what is later. */
export const mysqlPartitions: Partitions = {
  async list (knex) {
    const [rows] = await knex.raw(`
      SELECT PARTITION_NAME AS name, PARTITION_DESCRIPTION AS edge, DATA_LENGTH AS bytes FROM information_schema.PARTITIONS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user_logs' AND SUBPARTITION_NAME IS NULL
        AND PARTITION_METHOD = 'RANGE COLUMNS' AND REPLACE(PARTITION_EXPRESSION, '\`', '') = 'log_event_at'
      ORDER BY PARTITION_ORDINAL_POSITION`) as [Array<{ name: string, edge: string, bytes: number | string }>]
    if (rows.length < 2 || rows.at(-1)!.edge !== 'MAXVALUE') return []
    const edges = rows.map(({ edge }) => edge === 'MAXVALUE' ? undefined : `${edge.slice(1, 20).padEnd(19, ' 00:00:00')}.000000`)
    return rows.map(({ name, bytes }, index): Partition => ({ name, from: edges[index - 1], until: edges[index], bytes: Number(bytes) }))
  },

  async size (knex) {
    const [[{ bytes }]] = await knex.raw("SELECT SUM(DATA_LENGTH) AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user_logs'")
    return Number(bytes)
  },

  async divide (knex, edges) {
    const [[{ method }]] = await knex.raw("SELECT MAX(PARTITION_METHOD) AS method FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user_logs'")
    if (method !== null) return
    const [first, ...others] = edges
    try {
      await knex.raw(`ALTER TABLE user_logs PARTITION BY RANGE COLUMNS (log_event_at) (${[define('older', first), ...others.map(defineBefore), define('later')].join(', ')})`)
    } catch (error) {
      if (!unable.has((error as { errno: number }).errno)) throw error
    }
  },

  async unite (knex) {
    if ((await mysqlPartitions.list(knex)).length > 0) await knex.raw('ALTER TABLE user_logs REMOVE PARTITIONING')
  },

  split: (knex, { name, until }, edge) =>
    alter(knex, `REORGANIZE PARTITION ${quote(name)} INTO (${defineBefore(edge)}, ${define(name, until)})`),

  merge: (knex, first, { name, until }) =>
    alter(knex, `REORGANIZE PARTITION ${quote(first.name)}, ${quote(name)} INTO (${define(first.name, until)})`),

  async takeOut (knex, { name }, table) {
    await knex.raw('CREATE TABLE ?? LIKE user_logs', [table])
    await knex.raw('ALTER TABLE ?? REMOVE PARTITIONING', [table])
    await alter(knex, `EXCHANGE PARTITION ${quote(name)} WITH TABLE ${quote(table)}`)
  },

  async putBack (knex, table, { sql, bindings }) {
    // What is there already was put back by a process that ended before the table was dropped.
    await knex.raw(`INSERT IGNORE INTO user_logs SELECT * FROM ${quote(table)} WHERE ${sql}`, bindings)
  }
}

function quote (name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function define (name: string, edge?: UtcTime): string {
  return `PARTITION ${quote(name)} VALUES LESS THAN (${edge === undefined ? 'MAXVALUE' : `'${edge}'`})`
}

function defineBefore (edge: UtcTime): string {
  return define(`before_${edge.slice(0, 10).replaceAll('-', '')}`, edge)
}

/** The table is altered between two transactions, or not at all: it is tried some times, and never waits long behind a reader. */
async function alter (knex: Knex, change: string): Promise<void> {
  const connection = await knex.client.acquireConnection()
  const run = (sql: string) => knex.raw(sql).connection(connection)
  try {
    await run('SET SESSION lock_wait_timeout = 1')
    for (let tries = 1; ; tries++) {
      const watch = new AbortController()
      const watching = endWaiting(knex, connection.threadId, watch.signal)
      try {
        return await run(`ALTER TABLE user_logs ${change}`)
      } catch (error) {
        const { errno } = error as { errno?: number }
        if ((errno !== 1205 && errno !== 1317) || tries === mostTries) throw error
      } finally {
        // The KILL must not hit the next statement.
        watch.abort()
        await watching
        // Before the next try, or the next change, whoever waited goes first.
        await delay(5 * turn)
      }
    }
  } finally {
    await run('SET SESSION lock_wait_timeout = DEFAULT').catch(() => {})
    knex.client.releaseConnection(connection)
  }
}

/** Ends the statement of this connection where it still waits for the table after its turn: whole seconds are all that the database itself knows. */
async function endWaiting (knex: Knex, threadId: number, signal: AbortSignal): Promise<void> {
  try {
    while (true) {
      await delay(turn, undefined, { signal })
      const [waiting] = await knex.raw("SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND STATE LIKE 'Waiting for table metadata lock%'", [threadId])
      if (waiting.length > 0 && !signal.aborted) return await knex.raw('KILL QUERY ?', [threadId])
    }
  } catch {
    // It was over before, or the database's own limit ends it.
  }
}
