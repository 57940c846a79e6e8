import Fastify from 'fastify'
import fp from 'fastify-plugin'
import knexFactory from 'knex'
import t from 'tap'
import preflightPlugin from '../../../plugins/preflight.ts'
import { Preflight } from '../../../src/cluster/preflight.ts'
import { findSlowSettings, findRisks } from '../../../src/store/connect.ts'

function start (found: Array<string[] | Error>, clockErrorMs = () => 0) {
  const warnings: string[] = []
  const hints: string[] = []
  const details: object[] = []
  let checks = 0
  const preflight = new Preflight({
    async findRisks () {
      const risks = found[checks++] ?? []
      if (risks instanceof Error) throw risks
      return risks
    },
    findSlowSettings: async () => ['slow'],
    clockErrorMs,
    log: { warn: (sentence) => warnings.push(sentence), info: (sentence) => hints.push(sentence), debug: (fields) => details.push(fields) }
  })
  return { preflight, warnings, hints, details }
}

/** A knex of MySQL whose server has these settings. */
function mysqlWith (settings: { flush: number, binlog: number, syncBinlog: number } | { version: string, localInfile: number }) {
  const knex = knexFactory({ client: 'mysql2' })
  const raw = async () => [[settings]]
  return new Proxy(knex, { get: (target, name) => name === 'raw' ? raw : Reflect.get(target, name) })
}

t.test('a setting is warned of once, and again after it was right in between', async (t) => {
  const { preflight, warnings } = start([['a'], ['a', 'b'], [], ['a']])
  const risks: Array<readonly string[]> = []
  for (let n = 0; n < 4; n++) {
    await preflight.check()
    risks.push(preflight.risks)
  }
  t.strictSame(warnings, ['a', 'b', 'a'])
  t.strictSame(risks, [['a'], ['a', 'b'], [], ['a']])
})

t.test('a setting that costs speed is logged once', async (t) => {
  const { preflight, warnings, hints } = start([])
  await preflight.check()
  await preflight.check()
  t.strictSame(hints, ['slow'])
  t.strictSame(warnings, [])
})

t.test('a wrong clock is a risk as long as it is wrong', async (t) => {
  let errorMs = 4999
  const { preflight, warnings } = start([], () => errorMs)
  await preflight.check()
  t.strictSame(preflight.risks, [])
  errorMs = 61_000
  t.strictSame(preflight.risks, ['this machine\'s clock is 61 seconds ahead of the database\'s: set both by NTP'])
  errorMs = -7000
  await preflight.check()
  t.strictSame(warnings, ['this machine\'s clock is 7 seconds behind the database\'s: set both by NTP'])
})

t.test('a database that fails is no risk: the last risks stay', async (t) => {
  const { preflight, warnings, details } = start([['a'], Object.assign(new Error('x'), { code: 'ECONNREFUSED' })])
  await preflight.check()
  await preflight.check()
  t.strictSame(preflight.risks, ['a'])
  t.strictSame(warnings, ['a'])
  t.strictSame(details, [{ code: 'ECONNREFUSED' }])
})

t.test('MySQL that takes no data of clients is found to be slow', async (t) => {
  t.match(await findSlowSettings(mysqlWith({ version: '9.7.0', localInfile: 0 })), [/^local_infile is OFF/])
  t.strictSame(await findSlowSettings(mysqlWith({ version: '9.7.0', localInfile: 1 })), [])
  t.strictSame(await findSlowSettings(mysqlWith({ version: '10.11.19-MariaDB', localInfile: 0 })), [])
})

t.test('settings of MySQL that can lose acknowledged logs are found', async (t) => {
  t.strictSame(await findRisks(mysqlWith({ flush: 1, binlog: 1, syncBinlog: 1 })), [])
  t.strictSame(await findRisks(mysqlWith({ flush: 1, binlog: 0, syncBinlog: 0 })), [])
  t.match(await findRisks(mysqlWith({ flush: 2, binlog: 0, syncBinlog: 1 })), [/^innodb_flush_log_at_trx_commit is not 1/])
  t.match(await findRisks(mysqlWith({ flush: 1, binlog: 1, syncBinlog: 0 })), [/^sync_binlog is not 1/])
})

t.test('the plugin warns at the start, and shows the risks', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(fp(async (app) => {
    app.decorate('logDb', mysqlWith({ flush: 0, binlog: 1, syncBinlog: 0 }))
  }, { name: 'loggerbot-db' }))
  await app.register(preflightPlugin)
  t.match(app.logRisks, [/innodb_flush_log_at_trx_commit/, /sync_binlog/])
  t.match(lines.map((line) => JSON.parse(line)), [
    { level: 40, msg: /innodb_flush_log_at_trx_commit/ },
    { level: 40, msg: /sync_binlog/ }
  ])
})
