// The power goes, and what was acknowledged before is there afterwards.
//
// The data is on a disk of its own (device.ts). Again and again all who write to it are stopped
// at a random moment, what the disk holds is copied, the copy is recovered as after a boot and held
// against what the clients had been told by then, and they go on.
//
// To see that such a test would notice a loss, the same is done with storage that is known
// to lose: there the test fails when nothing is missing.
import { closeSync, existsSync, fsyncSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openKnex, startMariadb } from '../helpers/databases.ts'
import type { Load } from './clients.ts'
import { continueAll, Disk, noDisk, stopAll } from './device.ts'
import { Instance } from './instance.ts'
import type { Compared, Ledger } from './ledger.ts'
import { mariadb as mariadbKind } from '../helpers/servers.ts'
import { Proxy } from '../helpers/proxy.ts'
import { check, Stage } from './stage.ts'
import { cuts, pass, preloaded } from './timing.ts'
import { until } from '../helpers/until.ts'

t.setTimeout((600 + cuts * 90) * 1000)

const noCuts = await noDisk(t)
if (noCuts) t.comment(`POWER CUTS ARE NOT TESTED: ${noCuts}`)
else if (mariadbKind.missing) t.comment(`POWER CUTS ARE NOT TESTED on MariaDB: ${mariadbKind.missing}`)

const mariadb = noCuts || mariadbKind.missing ? undefined! : await startMariadb(t)

/** They wait for their answers while the others are stopped. What they send must come back again after each cut, so they rest now and then. */
const clients = { clients: 8, rest: 30, patience: 120_000 }
/** Nor is the service to notice that time went by. */
const patient = { LOGGER_DB_TIMEOUT: '120000' }
/** With O_DIRECT the log would go to the device unsynced, too; through the page cache it has to be synced. */
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
    // Its own tables were copied, and count as old.
    await disk.sync()
    const stage = await Stage.set(t, { mariadb, settings: { ...patient, LOGGER_SPOOL_DIR: '' } })
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
      // The database is the same each time, so it begins without what an earlier copy brought home.
      for (const table of ['user_logs', 'ingest_batches', 'dead_letters']) {
        if (await stage.knex.schema.hasTable(table)) await stage.knex(table).truncate()
      }
      await drainCopy(t, stage, copy)
      return ledger.compare(stage.knex)
    })
    t.ok(load.counts.spooled >= 20 * cuts || control, `enough requests went to the spool: ${load.counts.spooled}`)
  })
}

t.test('the power goes while the spool comes home', { skip: noCuts || mariadbKind.missing }, async (t) => {
  const { disk, stage, load, proxy } = await spoolOnDisk(t)
  await until('there is something to bring home', () => load.counts.spooled >= 300)
  await load.stop()
  await stage.knex('user_logs').truncate()
  // Slowly enough to be caught at it.
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

interface SpoolOnDisk {
  disk: Disk
  proxy: Proxy
  stage: Stage
  load: Load
}

/** A service that knows its users, whose spool is on a disk, whose database is away, and clients who do not mind. */
async function spoolOnDisk (t: Test, settings: Record<string, string> = {}): Promise<SpoolOnDisk> {
  const proxy = await Proxy.start(t, mariadb.access.port)
  const disk = await Disk.make(t)
  const stage = await Stage.set(t, { mariadb, proxy, folder: disk.folder, settings })
  const learned = await stage.load(clients)
  await until('every user is known', () => learned.counts.acknowledged >= 50)
  await learned.stop()
  await proxy.setMode('refuse')
  return { disk, proxy, stage, load: await stage.load(clients) }
}

/** The machine boots: the service finds what is left of its spool, and the database there again. */
async function drainCopy (t: Test, stage: Stage, copy: Disk): Promise<void> {
  const recovered = await Instance.start(t, { ...stage.environment(0), LOGGER_SPOOL_DIR: join(copy.folder, 'spool-0') })
  await recovered.drained()
  t.equal(await recovered.stop(), 0, 'the service ends in order')
}

interface Cut {
  /** Whether something must be lost. */
  control: boolean
  disk: Disk
  load: Load
  /** Who writes to the disk, and who acknowledges. */
  pids: number[]
}

/**
 * Cuts the power while the clients send, and lets `recover` find out what is left of it. Without a
 * fault that must show itself, all cuts must lose nothing; with one, the cuts end as soon as it did.
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
      // Answers that were sent before the stop have arrived meanwhile, and no others can have.
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
