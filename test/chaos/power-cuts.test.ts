// Acknowledged logs survive a power cut.
//
// The data is on a disk of its own (device.ts). Repeatedly, all writing processes are stopped at a random moment, the disk is
// copied, the copy is recovered as after a boot and compared with the answers that the clients had by then, and the
// processes go on.
//
// Negative controls do the same with storage that is known to lose data: there the test fails if no log is lost.
import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { openKnex, startMariadb, startMysql } from '../helpers/databases.ts'
import { divideLogs, makePartitions, mergePartitions, uniteLogs } from '../../src/retention/partitions/partitions.ts'
import type { Load } from './clients.ts'
import { continueAll, Disk, noDisk, stopAll } from './device.ts'
import { Instance } from './instance.ts'
import type { Compared, Ledger } from './ledger.ts'
import { mariadb as mariadbKind, mysql as mysqlKind } from '../helpers/servers.ts'
import { Proxy } from '../helpers/proxy.ts'
import { check, Stage } from './stage.ts'
import { cuts, pass, preloaded } from './timing.ts'
import { until } from '../helpers/until.ts'

t.setTimeout((600 + cuts * 90) * 1000)

const noCuts = await noDisk(t)
if (noCuts) t.comment(`POWER CUTS ARE NOT TESTED: ${noCuts}`)
else if (mariadbKind.missing) t.comment(`POWER CUTS ARE NOT TESTED on MariaDB: ${mariadbKind.missing}`)

const mariadb = noCuts || mariadbKind.missing ? undefined! : await startMariadb(t)

/** Clients wait while the others are stopped. They pause now and then, because all their logs are compared after each cut. */
const clients = { clients: 8, rest: 30, patience: 120_000 }
/** The service must not time out while it is stopped. */
const patient = { LOGGER_DB_TIMEOUT: '120000' }
/** With O_DIRECT the log would reach the device without a sync; through the page cache it needs one. */
const mariadbFlags = ['--loose-innodb-log-file-buffering=ON', '--innodb-log-file-size=8M']

t.test('a copy of the disk holds what was synced, and nothing else', { skip: noCuts }, async (t) => {
  const disk = await Disk.make(t, 16)
  for (const name of ['synced', 'unsynced']) {
    const file = openSync(join(disk.folder, name), 'w')
    writeFileSync(file, name)
    if (name === 'synced') fsyncSync(file)
    closeSync(file)
  }
  const copy = await disk.copy(t)
  t.ok(existsSync(join(copy.folder, 'synced')))
  t.notOk(existsSync(join(copy.folder, 'unsynced')))
})

for (const control of [false, true]) {
  const skip = noCuts
  const skipMariadb = noCuts || mariadbKind.missing

  t.test(control ? 'SQLite with synchronous = NORMAL loses logs' : 'SQLite keeps its logs', { skip }, async (t) => {
    const disk = await Disk.make(t)
    const stage = await Stage.set(t, { folder: disk.folder, settings: control ? preloaded('weaken-sqlite.js') : {} })
    await cutAgainAndAgain(t, { control, disk, load: await stage.load(clients), pids: [stage.instances[0]!.pid] }, async (t, copy, ledger) => {
      return ledger.compare(openKnex(t, { file: join(copy.folder, 'logs.sqlite') }))
    })
  })

  t.test(control ? 'MariaDB with innodb_flush_log_at_trx_commit = 2 loses logs' : 'MariaDB keeps its logs', { skip: skipMariadb }, async (t) => {
    const disk = await Disk.make(t)
    const mariadb = await startMariadb(t, { folder: disk.folder, flags: [...mariadbFlags, ...control ? ['--innodb-flush-log-at-trx-commit=2'] : []] })
    // The server's own tables were copied.
    await disk.sync()
    const stage = await Stage.set(t, { server: mariadb, settings: { ...patient, LOGGER_SPOOL_DIR: '' } })
    await cutAgainAndAgain(t, { control, disk, load: await stage.load(clients), pids: [mariadb.pid, stage.instances[0]!.pid] }, async (t, copy, ledger) => {
      const recovered = await startMariadb(t, { folder: copy.folder, flags: mariadbFlags })
      const compared = await ledger.compare(openKnex(t, { ...stage.database, ...recovered.access }))
      await recovered.kill()
      return compared
    })
  })

  t.test(control ? 'a spool that does not sync loses logs' : 'the spool keeps its logs', { skip: skipMariadb }, async (t) => {
    const { disk, stage, load } = await spoolOnDisk(t, control ? preloaded('weaken-sync.js') : {})
    await cutAgainAndAgain(t, { control, disk, load, pids: [stage.instances[0]!.pid] }, async (t, copy, ledger) => {
      // The database is reused, so it starts without the logs that an earlier copy drained.
      for (const table of ['user_logs', 'ingest_batches', 'dead_letters']) {
        if (await stage.knex.schema.hasTable(table)) await stage.knex(table).truncate()
      }
      await drainCopy(t, stage, copy)
      return ledger.compare(stage.knex)
    })
    t.ok(load.counts.spooled >= 20 * cuts || control, `enough requests went to the spool: ${load.counts.spooled}`)
  })
}

t.test('the power is cut while the spool drains', { skip: noCuts || mariadbKind.missing }, async (t) => {
  const { disk, stage, load, proxy } = await spoolOnDisk(t)
  await until('there is something to bring home', () => load.counts.spooled >= 300)
  await load.stop()
  await stage.knex('user_logs').truncate()
  // Slow enough to be cut in the middle.
  proxy.slowness = 20
  await proxy.setMode('delay')
  await until('the first logs are home', async () => (await stage.knex('user_logs').first()) !== undefined)
  await pass(0, 100)
  await stopAll([stage.instances[0]!.pid])
  const copy = await disk.copy(t)
  await stage.instances[0]!.kill()
  const [row] = await stage.knex('user_logs').count({ count: '*' })
  t.ok(Number(row!.count) < load.ledger.acknowledgedLogs, `not all were home: ${row!.count} of ${load.ledger.acknowledgedLogs}`)
  await drainCopy(t, stage, copy)
  check(t, await load.ledger.compare(stage.knex))
})

t.test('MySQL keeps its logs while their table is partitioned, maintained and made one piece', { skip: noCuts || mysqlKind.missing }, async (t) => {
  const disk = await Disk.make(t)
  const flags = ['--innodb-redo-log-capacity=8M']
  const mysql = await startMysql(t, { folder: disk.folder, flags })
  await disk.sync()
  const stage = await Stage.set(t, { server: mysql, settings: { ...patient, LOGGER_SPOOL_DIR: '' } })
  const changing = changePartitions(t, stage.knex)
  await cutAgainAndAgain(t, { control: false, disk, load: await stage.load(clients), pids: [mysql.pid, stage.instances[0]!.pid] }, async (t, copy, ledger) => {
    // It names a process that no longer exists after a boot, but does here.
    rmSync(join(copy.folder, 'mysql/socket.lock'))
    const recovered = await startMysql(t, { folder: copy.folder, flags })
    const compared = await ledger.compare(openKnex(t, { ...stage.database, ...recovered.access }))
    await recovered.kill()
    return compared
  })
  t.ok(await changing.stop() > 0, 'the table was partitioned and made one piece again')
})

const monthMs = 30 * 86_400_000

/** Partitions the table, maintains the partitions for some months, and undoes it, until it is stopped. */
function changePartitions (t: Test, knex: Knex): { stop (): Promise<number> } {
  const ended = new AbortController()
  t.teardown(() => ended.abort())
  const change = async (): Promise<number> => {
    let rounds = 0
    for (; !ended.signal.aborted; rounds++) {
      await divideLogs(knex)
      for (const months of [1, 2]) await makePartitions(knex, Date.now() + months * monthMs, new AbortController().signal)
      await mergePartitions(knex, Date.now() + 3 * monthMs, new AbortController().signal)
      await uniteLogs(knex)
    }
    return rounds
  }
  const changes = change()
  changes.catch(() => {})
  return {
    stop () {
      ended.abort()
      return changes
    }
  }
}

interface SpoolOnDisk {
  disk: Disk
  proxy: Proxy
  stage: Stage
  load: Load
}

/** A service with known users, a spool on a disk and an unavailable database; and its clients. */
async function spoolOnDisk (t: Test, settings: Record<string, string> = {}): Promise<SpoolOnDisk> {
  const proxy = await Proxy.start(t, mariadb.access.port)
  const disk = await Disk.make(t)
  const stage = await Stage.set(t, { server: mariadb, proxy, folder: disk.folder, settings })
  const learned = await stage.load(clients)
  await until('every user is known', () => learned.counts.acknowledged >= 50)
  await learned.stop()
  await proxy.setMode('refuse')
  return { disk, proxy, stage, load: await stage.load(clients) }
}

/** Boots: starts a service on the recovered spool, with the database available. */
async function drainCopy (t: Test, stage: Stage, copy: Disk): Promise<void> {
  const recovered = await Instance.start(t, { ...stage.environment(0), LOGGER_SPOOL_DIR: join(copy.folder, 'spool-0') })
  await recovered.drained()
  t.equal(await recovered.stop(), 0, 'the service ends in order')
}

interface Cut {
  /** Whether logs must be lost (a negative control). */
  control: boolean
  disk: Disk
  load: Load
  /** Ids of the processes that write to the disk, and of the service. */
  pids: number[]
}

/**
 * Cuts the power while the clients send, and lets `recover` compare the rest. No cut may lose logs; a negative control
 * ends with the first cut that does.
 */
async function cutAgainAndAgain (t: Test, { control, disk, load, pids }: Cut, recover: (t: Test, copy: Disk, ledger: Ledger) => Promise<Compared>): Promise<void> {
  let lost = 0
  let done = 0
  const enough = () => done === cuts || (control && lost > 0)
  while (!enough()) {
    await t.test(`cut ${++done}`, async (t) => {
      const before = load.counts.acknowledged
      await until('logs are acknowledged', () => load.counts.acknowledged > before + 20)
      await pass(0, 700)
      await stopAll(pids)
      const copy = await disk.copy(t)
      // All answers from before the stop have arrived, and no others can.
      const ledger = load.ledger.snapshot()
      const compared = await recover(t, copy, ledger).finally(() => continueAll(pids))
      lost += compared.lost
      if (!control) check(t, compared)
      else t.comment(`${compared.stored} logs are there, and LOST are ${compared.lost} of ${ledger.acknowledgedLogs} acknowledged`)
    })
  }
  await load.stop()
  t.comment(`${done} cuts, LOST ${lost}`)
  t.ok(load.counts.acknowledged >= 20 * done, `enough requests were acknowledged: ${load.counts.acknowledged}`)
  if (control) t.ok(lost > 0, 'the loss was noticed')
}
