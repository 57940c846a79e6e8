// The database is killed, hangs or is unavailable, or the network to it breaks.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { poison } from './ledger.ts'
import { startMariadb } from '../helpers/databases.ts'
import { startEmbedded } from '../helpers/embedded.ts'
import { mariadb as mariadbKind } from '../helpers/servers.ts'
import { Proxy } from '../helpers/proxy.ts'
import { Stage } from './stage.ts'
import { random } from '../helpers/random.ts'
import { again, pass, preloaded, seconds } from './timing.ts'
import { until } from '../helpers/until.ts'

t.setTimeout((600 + seconds * 30) * 1000)

const skip = mariadbKind.missing
const mariadb = mariadbKind.missing ? undefined! : await startMariadb(t)
if (mariadbKind.missing) t.comment(`NOT TESTED: ${mariadbKind.missing}`)

/** LOGGER_DB_TIMEOUT of the service, in ms; short, because the scenarios are. */
const LOGGER_DB_TIMEOUT = '500'

t.test('kill -9 of the database, repeatedly', { skip }, async (t) => {
  const stage = await Stage.set(t, { server: mariadb })
  const load = await stage.load()
  const kills = await again(3, async () => {
    const before = load.counts.acknowledged
    await until('logs are acknowledged again', () => load.counts.acknowledged > before + 20)
    await pass(0, 500)
    await mariadb.kill()
    await pass(0, 500)
    await mariadb.start()
  })
  t.comment(`${kills} kills`)
  await stage.settle(t, load, { spooled: 1 })
})

t.test('the database is suspended and resumed, its connections open', { skip }, async (t) => {
  const stage = await Stage.set(t, { server: mariadb, settings: { LOGGER_DB_TIMEOUT } })
  const load = await stage.load()
  const stops = await again(2, async (round) => {
    const before = load.counts.acknowledged
    await until('logs are acknowledged again', () => load.counts.acknowledged > before + 20)
    await pass(0, 300)
    mariadb.freeze()
    // Sometimes it is back before the timeout of the service.
    await (round % 2 === 0 ? pass(1000, 1500) : pass(100, 600))
    mariadb.thaw()
  })
  t.comment(`${stops} stops`)
  await stage.settle(t, load, { spooled: 1 })
})

t.test('the service starts while the database hangs', { skip }, async (t) => {
  const stage = await Stage.set(t, { server: mariadb, settings: { LOGGER_DB_TIMEOUT } })
  const load = await stage.load({ rest: 20 })
  await until('every user is known', () => load.counts.acknowledged > 100)
  t.teardown(() => mariadb.thaw())
  mariadb.freeze()
  await stage.instances[0]!.kill()
  await stage.instances[0]!.start()
  const before = load.counts.spooled
  await until('logs go to the spool', () => load.counts.spooled > before + 20)
  mariadb.thaw()
  await stage.settle(t, load, { spooled: 20 })
})

t.test('the database hangs while bad logs are being isolated', { skip }, async (t) => {
  const proxy = await Proxy.start(t, mariadb.access.port)
  const stage = await Stage.set(t, { server: mariadb, proxy, settings: { LOGGER_DB_TIMEOUT: '2000' } })
  await stage.knex.raw(`ALTER TABLE user_logs ADD CONSTRAINT refuses CHECK (log_msg NOT LIKE '%${poison}')`)
  // Ten times the timeout of the service: enough for a slow machine, and still finite.
  const patience = 20_000
  const load = await stage.load({ poisoned: 0.9, largest: 30, rest: 50, patience })
  await until('poison comes to the database', () => load.counts.acknowledged > 100)
  // With slow answers, the database is certainly in the middle of one.
  await proxy.setMode('delay')
  await pass(300)
  await proxy.setMode('hang')
  // The first request of a client was open when the database began to hang; its second one met it so.
  const before = [...load.counts.ended]
  await until('every client came through two requests', () => before.every((ended, client) => load.counts.ended[client]! >= ended + 2), {
    progress: () => String(load.counts.ended)
  })
  await proxy.setMode('pass')
  await stage.settle(t, load)
  t.strictSame(load.counts.unanswered, {}, 'nobody waited much longer than the database may take')
})

t.test('the database is down all the time, the service is killed meanwhile, and everything is drained', { skip }, async (t) => {
  const stage = await Stage.set(t, { server: mariadb })
  const [instance] = stage.instances
  const load = await stage.load({ rest: 20 })
  // The service learns its users before.
  await until('every user is known', () => load.counts.acknowledged > 100)
  await mariadb.kill()
  const kills = await again(2, async () => {
    await pass(300, 800)
    await instance!.kill()
    await instance!.start()
    const before = load.counts.acknowledged
    await until('logs are acknowledged without the database', () => load.counts.acknowledged > before + 20)
  })
  t.comment(`${kills} kills of the service, without a database to start with`)
  await mariadb.start()
  let first: number | undefined
  await until('the first of them come home', async () => {
    const [{ count }] = await mariadb.query(`SELECT COUNT(*) AS count FROM ${stage.name}.user_logs`)
    first ??= count
    return count > first!
  })
  await instance!.kill()
  await instance!.start()
  // New logs arrive while the old ones are drained.
  const spooled = load.counts.spooled
  await until('logs go to the database again', () => load.counts.acknowledged - load.counts.spooled > spooled / 10, { progress: () => load.counts.acknowledged })
  await stage.settle(t, load, { spooled: 100 })
  t.strictSame(load.counts.refused, {}, 'nothing was refused')
})

t.test('connections cut at random bytes, answers to COMMIT included', { skip }, async (t) => {
  const proxy = await Proxy.start(t, mariadb.access.port)
  const stage = await Stage.set(t, { server: mariadb, proxy, settings: { LOGGER_DB_TIMEOUT } })
  const load = await stage.load()
  await proxy.setMode('cut')
  await pass(seconds * 1000)
  await until('connections were cut, and some in the answer to a COMMIT', () => proxy.cuts >= 10 && proxy.cutCommits >= 3, { progress: () => proxy.cuts })
  await proxy.setMode('pass')
  t.comment(`${proxy.connections} connections, ${proxy.cuts} cut, ${proxy.cutCommits} of them in the answer to a COMMIT`)
  await stage.settle(t, load)
})

t.test('transactions that the database aborts because of deadlocks', { skip }, async (t) => {
  const stage = await Stage.set(t, { server: mariadb })
  const load = await stage.load({ rest: 0 })
  const rival = await mariadb.connect(stage.name)
  t.teardown(() => rival.destroy())
  await rival.query('CREATE TABLE weight (number INT)')
  await rival.query('SET innodb_lock_wait_timeout = 1')
  const last = Math.max(...await stage.knex('users').pluck('id'))
  const before = await deadlocks()

  let own = 0
  const broken = async () => await deadlocks() - before - own
  for (const end = Date.now() + seconds * 1000; Date.now() < end || (await broken() < 3 && Date.now() < end + 60_000);) {
    await rival.query('START TRANSACTION')
    // The database aborts the transaction that did less.
    await rival.query('INSERT INTO weight SELECT seq FROM seq_1_to_20000')
    const table = Math.random() < 0.5 ? 'user_logs' : 'ingest_batches'
    try {
      // The service's transaction reaches our locked row and waits for us; then we wait for it.
      await rival.query(`SELECT COUNT(*) FROM ${table} WHERE user_id = ? FOR UPDATE`, [last])
      await pass(10, 50)
      await rival.query(`SELECT COUNT(*) FROM ${table} WHERE user_id < ? FOR UPDATE`, [last])
    } catch (error) {
      if ((error as { errno?: number }).errno !== 1213) throw error
      own++
    }
    await rival.query('ROLLBACK')
    await pass(0, 50)
  }
  t.ok(await broken() >= 3, `transactions of the service were broken off: ${await broken()}`)
  await rival.end()
  await stage.settle(t, load)
})

t.test('a network that refuses, hangs, is slow, and breaks, between two instances and the database', { skip }, async (t) => {
  const proxy = await Proxy.start(t, mariadb.access.port)
  const stage = await Stage.set(t, { server: mariadb, proxy, instances: 2, settings: { LOGGER_DB_TIMEOUT } })
  const load = await stage.load({ rest: 20 })
  const modes = ['cut', 'hang', 'refuse', 'delay', 'pass'] as const
  await again(modes.length, async (round) => {
    await proxy.setMode(modes[round < modes.length ? round : random(0, modes.length - 1)]!)
    await pass(100, 1500)
  })
  await proxy.setMode('pass')
  await stage.settle(t, load, { spooled: 1 })
})

t.test('one of two instances is cut off for 14 seconds, while both get logs', { skip }, async (t) => {
  const ways = [{ mode: 'refuse', shiftMs: 0 }, { mode: 'hang', shiftMs: -60_000 }] as const
  await Promise.all(ways.map(async ({ mode, shiftMs }) => {
    const proxy = await Proxy.start(t, mariadb.access.port)
    const cutOff = { LOGGER_DB_PORT: String(proxy.port), ...preloaded('shift-clock.js'), CHAOS_CLOCK_SHIFT_MS: String(shiftMs) }
    const stage = await Stage.set(t, { server: mariadb, instances: 2, settings: { LOGGER_DB_TIMEOUT }, settingsOf: (index) => index === 1 ? cutOff : {} })
    const observer = await startEmbedded(t, stage.database)
    const load = await stage.load({ clients: 4, rest: 100, largest: 60 })
    const observed = new AbortController()
    // The followers of the feed must pass the logs while they are late; otherwise they would find them later.
    const following = (async () => {
      while (!observed.signal.aborted) {
        await Promise.allSettled([observer.app.wordIndex.runNow(), observer.app.hourCounts.runNow()])
        await pass(1000)
      }
    })()
    await until('every user is known', () => load.counts.acknowledged > 50)
    const { spooled } = load.counts
    await proxy.setMode(mode)
    await pass(14_000)
    t.ok(load.counts.spooled > spooled, 'the other one is cut off')
    await proxy.setMode('pass')
    const direct = load.counts.acknowledged - load.counts.spooled
    await until('logs go to the database again', () => load.counts.acknowledged - load.counts.spooled > direct + 50)
    observed.abort()
    await following
    await observer.app.close()
    await stage.settle(t, load, { spooled: 1 })
    // The reader can fetch logs that were reported as missed; unreported ones would be lost to it.
    t.comment(`the tails said that they missed ${stage.missed} logs`)
  }))
})

t.test('a spool that is full, drained, and full again', { skip }, async (t) => {
  const limit = 1024 * 1024
  const proxy = await Proxy.start(t, mariadb.access.port)
  const stage = await Stage.set(t, { server: mariadb, proxy, settings: { LOGGER_DB_TIMEOUT, LOGGER_SPOOL_LIMIT: String(limit) } })
  const load = await stage.load({ largest: 300, rest: 0 })
  let largest = 0
  for (let round = 0; round < 2; round++) {
    await proxy.setMode('refuse')
    const before = load.counts.refused[503] ?? 0
    const full = await until('the spool is full', () => load.counts.refused[503]! > before + 20, { progress: () => load.counts.spooled })
    t.ok(full, `full for the ${round + 1}. time`)
    largest = Math.max(largest, sizeOf(stage.folder))
    await pass(seconds * 200)
    await proxy.setMode('pass')
    const direct = load.counts.acknowledged - load.counts.spooled
    await until('logs go to the database again', () => load.counts.acknowledged - load.counts.spooled > direct + 20)
    await stage.instances[0]!.drained()
  }
  t.ok(largest < 3 * limit, `the spool's folder never grew far beyond the limit: ${largest} bytes`)
  await stage.settle(t, load, { spooled: 100 })
  t.strictSame(Object.keys(load.counts.refused), ['503'], 'every refusal was temporary')
  t.equal(load.counts.withoutRetryAfter, 0, 'and said when to retry')
  t.strictSame(load.counts.unanswered, {}, 'every request got an answer')
})

/** Number of deadlocks that the database resolved. */
async function deadlocks (): Promise<number> {
  const [{ Value }] = await mariadb.query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
  return Number(Value)
}

function sizeOf (folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .reduce((sum, file) => sum + (file.isFile() ? statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })?.size ?? 0 : 0), 0)
}
