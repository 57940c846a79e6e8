// A server and its replica, of one kind: asynchronous replication of rows.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startMariadb, startMysql, temporaryFolder } from './databases.ts'
import type { DatabaseServer, ServerKind } from './servers.ts'

export interface Replication {
  source: DatabaseServer
  replica: DatabaseServer
  /** Lets the replica fall behind: it receives what is committed, and does not apply it. */
  pause: () => Promise<void>
  resume: () => Promise<void>
}

const flags = ['--log-bin=binlog', '--binlog-format=ROW']

/** Starts both; they end with the test. */
export function startReplication (t: Test, kind: ServerKind['name']): Promise<Replication> {
  return kind === 'MariaDB' ? replicateMariadb(t) : replicateMysql(t)
}

async function replicateMariadb (t: Test): Promise<Replication> {
  const [source, replica] = await Promise.all([1, 2].map((id) => startMariadb(t, { flags: [...flags, `--server-id=${id}`] })))
  await replica!.query(`CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${source!.access.port}, MASTER_USER = 'root', MASTER_USE_GTID = slave_pos`)
  await replica!.query('START SLAVE')
  return {
    source: source!,
    replica: replica!,
    pause: () => replica!.query('STOP SLAVE SQL_THREAD'),
    resume: () => replica!.query('START SLAVE SQL_THREAD')
  }
}

async function replicateMysql (t: Test): Promise<Replication> {
  const gtids = ['--gtid-mode=ON', '--enforce-gtid-consistency=ON']
  const [source, replica] = await Promise.all([1, 2].map(async (id) => {
    const folder = temporaryFolder(t)
    const server = await startMysql(t, { folder, flags: [...flags, ...gtids, `--server-id=${id}`] })
    if (id === 1) return server
    // Both were made from one template: another identity.
    await server.kill()
    rmSync(join(folder, 'mysql/data/auto.cnf'))
    await server.start()
    return server
  }))
  await replica!.query(`CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${source!.access.port}, SOURCE_USER = 'root', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`)
  await replica!.query('START REPLICA')
  return {
    source: source!,
    replica: replica!,
    pause: () => replica!.query('STOP REPLICA SQL_THREAD'),
    resume: () => replica!.query('START REPLICA SQL_THREAD')
  }
}
