// Logs of six hours that waited in the spool, as groups of errors and rules see them when they come.
import { join } from 'node:path'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { millisecondsOf, utcTime } from '../../../src/model/instant.ts'
import type { DatabaseOptions } from '../../../src/store/dialects/dialect.ts'
import { databases, openKnex, temporaryFolder } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http, post } from '../../helpers/http.ts'
import { Proxy } from '../../helpers/proxy.ts'
import { basic, createToken, createUser } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

/** A database that can be made unavailable for the service; the test's own connection goes on. */
const interruptible = async (t: Test, options: DatabaseOptions) => {
  const knex = openKnex(t, options)
  if ('file' in options) {
    // Its only connection holds the lock meanwhile.
    return { options, knex, begin: async () => { await knex.raw('BEGIN EXCLUSIVE') }, end: async () => { await knex.raw('COMMIT') } }
  }
  const proxy = await Proxy.start(t, options.port ?? 3306)
  return { options: { ...options, host: proxy.host, port: proxy.port }, knex, begin: () => proxy.setMode('refuse'), end: () => proxy.setMode('pass') }
}

/** Makes what rules, groups and the follower know older. */
const age = async (knex: Knex, ms: number) => {
  const shifted = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}/g, (time) => utcTime(Date.parse(`${time.replace(' ', 'T')}Z`) - ms))
  for (const row of await knex('alert_rule_states')) {
    const { rule_id: ruleId, subject, since_at: since, due_at: due, detail } = row
    await knex('alert_rule_states').where({ rule_id: ruleId, subject }).update({ since_at: shifted(since), due_at: due && shifted(due), detail: shifted(detail) })
  }
  await knex('alert_problems').where('kind', 'beat').update({ to_at: utcTime(Date.now() - ms) })
}

for (const database of databases) {
  t.test(`logs of six hours come from the spool, on ${database.name}`, async (t) => {
    const { options, knex, begin, end } = await interruptible(t, await database.createMigrated(t))
    const { app, port } = await startEmbedded(t, options, { alerts: true, patience: 2000, spool: { folder: join(temporaryFolder(t), 'spool') } })
    await createUser({ port }, 'alice')
    const bearer = { authorization: `Bearer ${await createToken({ port }, 'alice')}` }
    const log = (logs: object[]) => post(port, '/api/logs', logs.map((one) => ({ level: 'info', process: 'api', ...one })), bearer)
    const ask = async (path: string) => JSON.parse((await http(port, 'GET', `/api/${path}`, basic('alice'))).body)
    const told = async (name: string) => (await ask(`rules/${name}`)).alerts as Array<{ kind: string, subject: string, note: string | null, logs: number }>
    const run = () => app.logAlerts!.runNow()
    const stateOf = async (text: string) => (await ask('errors')).errors.find((group: { text: string }) => group.text.startsWith(text))?.state
    const resolve = async (text: string, ms: number) => {
      await knex('error_groups').where('text', 'like', `${text}%`).update({ state: 'resolved', state_at: utcTime(Date.now() - ms) })
    }

    for (const rule of [
      { name: 'errors', kind: 'group' },
      { name: 'jobs', kind: 'silence', settings: { query: 'done', by: 'process', everySeconds: 3600, graceSeconds: 600 } },
      { name: 'nightly', kind: 'silence', settings: { query: 'tick', cron: '*/30 * * * *', zone: 'UTC', graceSeconds: 60 } },
      { name: 'burst', kind: 'count', coolDownSeconds: 10, settings: { query: 'login', moreThan: 20, withinSeconds: 300, by: 'process' } }
    ]) t.match(await post(port, '/api/rules', rule, basic('alice')), { status: 201 })
    await run()
    t.match(await log([
      { process: 'backup', message: 'done' }, { message: 'tick' }, { level: 'error', message: 'order 1 failed' }, { level: 'error', message: 'disk 1 is full' }
    ]), { status: 200, headers: { 'x-log-stored': undefined } })
    await run()
    t.equal((await told('errors')).length, 2)

    await begin()
    const spooled = { status: 200, headers: { 'x-log-stored': 'spool' } }
    const times = Array.from({ length: 36 }, (_, index) => 6 * hourMs - (index + 0.5) * 10 * minuteMs)
    for (const ms of times) {
      t.match(await log([{ process: 'backup', message: 'done', time: ago(ms) }, { message: 'tick', time: ago(ms) }, { process: 'people', message: 'login failed', time: ago(ms) }]), spooled)
    }
    for (const ms of times.filter((ms) => ms > 3.5 * hourMs)) t.match(await log([{ level: 'error', message: `order ${ms} failed`, time: ago(ms) }]), spooled)
    t.match(await log([{ level: 'error', message: 'disk 2 is full', time: ago(hourMs) }]), spooled)
    for (let count = 0; count < 3; count++) {
      t.match(await log(Array.from({ length: 10 }, () => ({ process: 'thieves', message: 'login failed', time: ago(2 * hourMs) }))), spooled)
    }
    t.match(await log([{ process: 'thieves', message: 'login failed', time: ago(4 * hourMs) }]), spooled)
    // The database was away for six hours, and both groups were resolved before the last of them.
    await age(knex, 6 * hourMs)
    await resolve('order', 3 * hourMs)
    await resolve('disk', 3 * hourMs)
    await end()
    await until('the spool is drained', async () => /^loggerbot_spool_bytes 0$/m.test((await http(port, 'GET', '/metrics')).body))
    await run()
    t.equal((await knex('user_logs')).length, 4 + 3 * 36 + 15 + 1 + 31)

    await t.test('nothing is regressed that happened before it was resolved', async (t) => {
      t.equal(await stateOf('order'), 'resolved')
      t.match((await ask('errors')).errors.find((group: { text: string }) => group.text.startsWith('order')), { logs: 16 }, 'it counts')
    })

    await t.test('an error that happened after it is told as late', async (t) => {
      t.equal(await stateOf('disk'), 'regressed')
      t.match(await told('errors'), [{ kind: 'regressed', logs: 1, note: /^These logs came late: the last happened .*, and came .* UTC\.$/ }, { kind: 'new' }, { kind: 'new' }])
    })

    await t.test('nobody is taken for silent', async (t) => {
      t.strictSame([await told('jobs'), await told('nightly')], [[], []])
      t.match((await ask('rules/jobs')).states, [{ subject: 'backup', state: 'waiting' }])
      t.match((await ask('rules/nightly')).states, [{ subject: '', state: 'waiting' }])
    })

    await t.test('what comes at once is no burst, and a burst of then is told as one of then', async (t) => {
      const alerts = await told('burst')
      t.match(alerts, [{ kind: 'count', subject: 'thieves', logs: 30, note: /^These logs came late/ }])
      t.equal(alerts.length, 1)
      const { firstAt, lastAt } = JSON.parse((await knex('alerts').where('kind', 'count').first()).detail)
      t.ok(millisecondsOf(lastAt) - millisecondsOf(firstAt) <= 5 * minuteMs)
      t.ok(Math.abs(Date.now() - millisecondsOf(lastAt) - 2 * hourMs) < 15 * minuteMs)
    })

    await t.test('a job that does not come afterwards is missed', async (t) => {
      await age(knex, 2 * hourMs)
      await knex('alert_problems').where('kind', 'beat').update({ to_at: utcTime(Date.now() + hourMs) })
      await knex('alert_problems').whereIn('kind', ['outage', 'spool']).update({ from_at: utcTime(Date.now() - 8 * hourMs), to_at: utcTime(Date.now() - 2 * hourMs) })
      await run()
      t.match(await told('jobs'), [{ kind: 'silent', subject: 'backup' }])
    })
  })
}
