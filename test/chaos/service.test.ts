// The service is killed, run twice, and overloaded.
import t from 'tap'
import { loggerbot } from '../helpers/command.ts'
import { startMariadb } from '../helpers/databases.ts'
import { mariadb as mariadbKind } from '../helpers/servers.ts'
import { poison } from './ledger.ts'
import { workerPids } from '../helpers/processes.ts'
import { Proxy } from '../helpers/proxy.ts'
import { pick } from '../helpers/random.ts'
import { check, Stage } from './stage.ts'
import { again, pass, seconds } from './timing.ts'
import { until } from '../helpers/until.ts'

t.setTimeout((600 + seconds * 30) * 1000)

const mariadb = mariadbKind.missing ? undefined : await startMariadb(t)
if (mariadbKind.missing) t.comment(`NOT TESTED on MariaDB: ${mariadbKind.missing}`)

/** Ways to make a database refuse a log, and accept it again. */
const refusals = {
  MariaDB: {
    'a constraint': {
      refuse: `ALTER TABLE user_logs ADD CONSTRAINT refuses CHECK (log_msg NOT LIKE '%${poison}')`,
      accept: 'ALTER TABLE user_logs DROP CONSTRAINT refuses'
    },
    // The errors that mean a bad record cannot all be listed.
    'an error of its own': {
      refuse: `CREATE TRIGGER refuses BEFORE INSERT ON user_logs FOR EACH ROW IF NEW.log_msg LIKE '%${poison}' THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 31001; END IF`,
      accept: 'DROP TRIGGER refuses'
    }
  },
  SQLite: {
    'a trigger': {
      refuse: `CREATE TRIGGER refuses BEFORE INSERT ON user_logs WHEN NEW.log_msg LIKE '%${poison}' BEGIN SELECT RAISE(ABORT, 'refused'); END`,
      accept: 'DROP TRIGGER refuses'
    }
  }
}

for (const database of ['MariaDB', 'SQLite']) {
  const skip = database === 'MariaDB' && mariadbKind.missing
  const where = { server: database === 'MariaDB' ? mariadb : undefined }

  t.test(`kill -9 of the service, repeatedly, on ${database}`, { skip }, async (t) => {
    const stage = await Stage.set(t, where)
    const [instance] = stage.instances
    const load = await stage.load()
    const kills = await again(3, async () => {
      const before = load.counts.acknowledged
      await until('the service is at work again', () => load.counts.acknowledged > before + 20)
      await pass(0, 600)
      await instance!.kill()
      await instance!.start()
    })
    t.comment(`${kills} kills`)
    await stage.settle(t, load)
  })

  t.test(`kill -9 of workers, and restarts one by one, on ${database}`, { skip }, async (t) => {
    const stage = await Stage.set(t, { ...where, settings: { LOGGER_WORKERS: '2' } })
    const [instance] = stage.instances
    const load = await stage.load({ keyed: 0.1 })
    const bothServe = () => until('both workers serve', async () => await instance!.metric('loggerbot_workers').catch(() => 0) === 2)
    const faults = await again(4, async (round) => {
      const before = load.counts.acknowledged
      await until('the service is at work', () => load.counts.acknowledged > before + 20)
      await bothServe()
      const workers = workerPids(instance!.pid)
      if (round % 2 === 1) {
        process.kill(instance!.pid, 'SIGHUP')
        await until('a worker is new', () => workerPids(instance!.pid).some((pid) => !workers.includes(pid)))
      }
      await pass(0, 600)
      // During a restart, workers that were there before may have ended.
      process.kill(pick(Math.random, workerPids(instance!.pid)), 'SIGKILL')
    })
    t.comment(`${faults} faults`)
    // One of two that served may have been about to end for its successor, and the other one was killed.
    await bothServe()
    await stage.settle(t, load)
  })

  t.test(`two instances, and clients that repeat keyed requests on both, on ${database}`, { skip }, async (t) => {
    const stage = await Stage.set(t, { ...where, instances: 2 })
    const load = await stage.load({ keyed: 0.1 })
    await pass(seconds * 1000)
    await stage.settle(t, load, { until: ({ counts }) => counts.replayed >= 10 })
    t.equal(load.counts.notReplayed, 0, 'every repeat that came after the first answer was answered as such')
    t.strictSame(load.counts.refused, {}, 'nothing was refused')
    t.strictSame(load.counts.unanswered, {}, 'nothing was left unanswered')
  })

  for (const [way, { refuse, accept }] of Object.entries(where.server ? refusals.MariaDB : refusals.SQLite)) {
    t.test(`bad logs among good ones, refused by ${way}, on ${database}`, { skip }, async (t) => {
      const stage = await Stage.set(t, where)
      await stage.knex.raw(refuse)
      const load = await stage.load({ poisoned: 0.1 })
      await pass(seconds * 1000)
      const { dead } = await stage.settle(t, load)
      t.ok(dead >= 3, `logs went to the dead letters: ${dead}`)
      t.strictSame(load.counts.refused, {}, 'no request was refused for them')
      t.equal((await stage.knex('user_logs').where('log_msg', 'like', `%${poison}`)).length, 0, 'and none was stored')

      await stage.knex.raw(accept)
      const replay = await loggerbot(['dead-letters', 'replay'], { env: stage.environment(0) })
      t.match(replay.stdout, `${dead} stored`)
      const replayed = await load.ledger.compare(stage.knex)
      t.equal(replayed.dead, 0, 'all of them can be stored after all')
      check(t, replayed)
    })
  }

  t.test(`400 clients on a small queue, on ${database}`, { skip }, async (t) => {
    const proxy = where.server && await Proxy.start(t, where.server.access.port)
    const stage = await Stage.set(t, { ...where, proxy, settings: { LOGGER_QUEUE_LIMIT: '65536', LOGGER_SPOOL_DIR: '' } })
    // With a slow database, the queue fills soon.
    if (proxy) proxy.slowness = 150
    await proxy?.setMode('delay')
    const load = await stage.load({ clients: 400, largest: 60, rest: 0 })
    await pass(seconds * 1000)
    if (proxy) {
      await until('more came than the queue holds', () => load.counts.refused[503])
    }
    await proxy?.setMode('pass')
    await stage.settle(t, load)
    t.strictSame(Object.keys(load.counts.refused).filter((status) => status !== '503'), [], 'every refusal was temporary')
    t.equal(load.counts.withoutRetryAfter, 0, 'and said when to retry')
    t.strictSame(load.counts.unanswered, {}, 'every request got an answer')
  })
}
