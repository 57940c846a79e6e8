import t, { type Test } from 'tap'
import { ensureFirstRules } from '../../../src/alerts/rules/rules.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http, post } from '../../helpers/http.ts'
import { basic, createUser, type TestService } from '../../helpers/service.ts'

const json = { 'content-type': 'application/json' }
const hourMs = 3_600_000

/** A request to the API of a user, and its answer. */
const ask = async (service: TestService, method: string, path: string, content?: object, user = 'alice') => {
  const { status, body } = await http(service.port, method, `/api/${path}`, { ...basic(user), ...content && json }, content && JSON.stringify(content))
  return { status, ...body && JSON.parse(body) }
}
const run = (service: TestService) => service.app.logAlerts!.runNow()
/** Sends logs, and waits until the rules have seen them. */
const log = async (service: TestService, logs: object[], user = 'alice') => {
  const { status } = await post(service.port, '/api/logs', logs.map((one) => ({ level: 'info', process: 'api', ...one })), basic(user))
  if (status !== 200) throw new Error(`answered ${status}`)
  await run(service)
}
const fail = (service: TestService, message: string, fields: object = {}) => log(service, [{ level: 'error', message, ...fields }])
/** Adds a rule that is adopted. */
const add = async (t: Test, service: TestService, rule: object, user = 'alice') => {
  const answer = await ask(service, 'POST', 'rules', rule, user)
  t.match(answer, { status: 201 })
  await run(service)
  return answer
}
const told = async (service: TestService, name: string, user = 'alice') => {
  const { alerts } = await ask(service, 'GET', `rules/${encodeURIComponent(name)}`, undefined, user)
  return alerts as Array<{ kind: string, subject: string, title: string, note: string | null, logs: number }>
}
const stateOf = async (service: TestService, name: string, subject = '') =>
  (await ask(service, 'GET', `rules/${name}`)).states.find((state: { subject: string }) => state.subject === subject)
const remove = (service: TestService, name: string) => ask(service, 'DELETE', `rules/${name}`)
/** Lets time pass for a rule: what it knows becomes older, by milliseconds. */
const age = async ({ knex }: TestService, ms: number) => {
  const shifted = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}/g, (time) => utcTime(Date.parse(`${time.replace(' ', 'T')}Z`) - ms))
  for (const row of await knex('alert_rule_states')) {
    const { rule_id: ruleId, subject, since_at: since, due_at: due, detail } = row
    await knex('alert_rule_states').where({ rule_id: ruleId, subject })
      .update({ since_at: shifted(since), due_at: due && shifted(due), detail: shifted(detail) })
  }
}
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

for (const database of databases) {
  t.test(`rules of alerts on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const service = await startEmbedded(t, options, { alerts: true })
    for (const name of ['alice', 'bob']) await createUser(service, name)
    await run(service)

    await t.test('are added with defaults, changed, listed and deleted', async (t) => {
      const { status, created, updated, ...rule } = await add(t, service, { name: 'errors', kind: 'group' })
      t.strictSame(rule, { name: 'errors', user: 'alice', kind: 'group', settings: { query: '' }, channels: null, coolDownSeconds: 300, repeatSeconds: 14_400, quietHours: null, enabled: true, fault: null })
      const quietHours = { from: '22:00', to: '07:00', zone: 'Europe/Berlin' }
      t.match(await ask(service, 'PATCH', 'rules/errors', { name: 'all errors', coolDownSeconds: 60, quietHours, enabled: false }), { status: 200, name: 'all errors', coolDownSeconds: 60, quietHours, enabled: false })
      t.strictSame((await ask(service, 'GET', 'rules')).rules.map(({ name }: { name: string }) => name), ['all errors'])
      t.strictSame((await ask(service, 'GET', 'rules', undefined, 'bob')).rules, [])
      t.equal((await ask(service, 'POST', 'rules', { name: 'all errors', kind: 'group' })).status, 409)
      for (const [method, path] of [['GET', ''], ['PATCH', ''], ['DELETE', ''], ['DELETE', '/values/x']] as const) {
        t.equal((await ask(service, method, `rules/all%20errors${path}`, method === 'PATCH' ? { enabled: true } : undefined, 'bob')).status, 404, `${method} by another user`)
      }
      t.equal((await remove(service, 'all%20errors')).status, 204)
      t.equal((await remove(service, 'all%20errors')).status, 404)
      t.strictSame(await service.knex('audit').where('action', 'like', 'rule.%').where('caller', 'alice').orderBy('id').pluck('action'), ['rule.add', 'rule.change', 'rule.delete'])
    })

    await t.test('are managed on the terminal', async (t) => {
      const env = environmentOf(options)
      const rules = (...args: string[]) => loggerbot(['rules', ...args], { env })
      t.match(await rules('add', 'bob', 'backup', 'silence', '--query', 'done', '--by', 'process', '--every', '1d', '--grace', '10m', '--quiet', '22:00-07:00', '--zone', 'Europe/Berlin'), { code: 0, stdout: 'bob has the rule backup\n', stderr: '' })
      t.match(await rules('list', 'bob'), { code: 0, stdout: /^NAME +KIND +STATE +QUERY\nbackup +silence +on +done\n$/ })
      t.match(await rules('change', 'bob', 'backup', '--cron', '30 2 * * *', '--zone', 'UTC', '--rename', 'night', '--disabled', '--repeat', '0'), { code: 0 })
      const shown = JSON.parse((await rules('show', 'bob', 'night')).stdout)
      t.match(shown, { settings: { query: 'done', by: 'process', cron: '30 2 * * *', zone: 'UTC', graceSeconds: 600 }, enabled: false, repeatSeconds: 0, quietHours: { zone: 'Europe/Berlin' }, states: [], alerts: [] })
      t.notOk('everySeconds' in shown.settings)
      t.match(await rules('add', 'bob', 'x', 'count', '--query', 'a', '--more-than', 'many', '--within', '1m'), { code: 2, stderr: /settings\.moreThan must be a whole number/ })
      t.match(await rules('add', 'bob', 'x', 'match', '--query', 'a ('), { code: 2, stderr: /settings\.query/ })
      t.match(await rules('add', 'bob', 'x', 'server'), { code: 1, stderr: /administrators/ })
      t.match(await rules('add', 'nobody', 'x', 'group'), { code: 1, stderr: /there is no user nobody/ })
      t.match(await rules('delete', 'bob', 'night'), { code: 0 })
      t.match(await rules('show', 'bob', 'night'), { code: 1, stderr: /bob has no rule night/ })
      t.equal((await service.knex('audit').where({ caller: 'command line', action: 'rule.change' })).length, 1)
    })

    const refused: Array<[field: string, rule: object]> = [
      ['kind', { kind: 'other' }],
      ['name', { name: ' x' }],
      ['settings.query', { settings: { query: 'a (' } }],
      ['settings.query', { settings: {} }],
      ['settings.moreThan', { settings: { query: 'a', moreThan: 1 } }],
      ['settings.moreThan', { kind: 'count', settings: { query: 'a', withinSeconds: 60 } }],
      ['settings.withinSeconds', { kind: 'count', settings: { query: 'a', moreThan: 1, withinSeconds: 5 } }],
      ['settings.by', { kind: 'count', settings: { query: 'a', moreThan: 1, withinSeconds: 60, by: 'message' } }],
      ['settings.everySeconds', { kind: 'silence', settings: { query: 'a' } }],
      ['settings.cron', { kind: 'silence', settings: { query: 'a', cron: '0 0 30 2 *' } }],
      ['settings.cron', { kind: 'silence', settings: { query: 'a', cron: '0 0 * * *', everySeconds: 60 } }],
      ['settings.zone', { kind: 'silence', settings: { query: 'a', cron: '0 0 * * *', zone: 'Nowhere' } }],
      ['quietHours.zone', { quietHours: { from: '22:00', to: '07:00', zone: 'Nowhere' } }],
      ['quietHours', { quietHours: { from: '24:00', to: '07:00', zone: 'UTC' } }],
      ['channels[0]', { channels: ['none'] }],
      ['coolDownSeconds', { coolDownSeconds: 1 }],
      ['other', { other: 1 }]
    ]
    for (const [field, rule] of refused) {
      await t.test(`are refused where ${field} is wrong: ${JSON.stringify(rule)}`, async (t) => {
        const answer = await ask(service, 'POST', 'rules', { name: 'refused', kind: 'match', settings: { query: 'a' }, ...rule })
        t.equal(answer.status, 400)
        t.match(answer.detail, field)
      })
    }

    await t.test('of kind server are for administrators', async (t) => {
      t.equal((await ask(service, 'POST', 'rules', { name: 'server', kind: 'server' })).status, 403)
    })

    await t.test('tell what matches, at once, and what follows together', async (t) => {
      await add(t, service, { name: 'payments', kind: 'match', settings: { query: 'process:pay level:warning' } })
      await log(service, [{ level: 'warning', process: 'pay', message: 'one' }, { level: 'warning', process: 'other', message: 'no' }, { level: 'info', process: 'pay' }])
      t.match(await told(service, 'payments'), [{ kind: 'match', logs: 1, title: 'payments', note: null }])
      await log(service, [{ level: 'warning', process: 'pay', message: 'two' }])
      await log(service, [{ level: 'warning', process: 'pay', message: 'three', time: ago(2 * hourMs) }])
      t.equal((await told(service, 'payments')).length, 1, 'it cools down')
      await age(service, 310_000)
      await run(service)
      await run(service)
      t.match(await told(service, 'payments'), [{ logs: 2, note: /^1 of these logs came late: the last happened/ }, { logs: 1 }])
      await age(service, 310_000)
      await run(service)
      t.equal(await stateOf(service, 'payments'), undefined, 'nothing more was held')
      await log(service, [{ level: 'warning', process: 'pay', message: 'of another user' }], 'bob')
      await log(service, [{ level: 'warning', process: 'pay', message: 'four' }])
      t.match(await told(service, 'payments'), [{ logs: 1 }, {}, {}], 'it tells at once again')
      const [{ samples }] = await service.knex('alerts').orderBy('id', 'desc').limit(1).then((rows) => rows.map(({ detail }) => JSON.parse(detail)))
      t.match(await ask(service, 'GET', `logs/${samples[0].id}`), { message: 'four' })
      await remove(service, 'payments')
    })

    await t.test('count in a window, for each value', async (t) => {
      await add(t, service, { name: 'logins', kind: 'count', settings: { query: 'login', moreThan: 2, withinSeconds: 60, by: 'user.name' } })
      const login = (name: string, count: number) => log(service, Array.from({ length: count }, () => ({ message: 'login failed', user: { name } })))
      await login('eve', 2)
      await login('mallory', 2)
      await log(service, [{ message: 'login without a name' }])
      t.strictSame(await told(service, 'logins'), [])
      t.match(await stateOf(service, 'logins', 'eve'), { state: 'ok' })
      await login('eve', 3)
      t.match(await told(service, 'logins'), [{ kind: 'count', subject: 'eve', title: 'logins: eve', logs: 5 }], 'those of the whole window')
      await login('eve', 1)
      await age(service, 310_000)
      await run(service)
      t.match(await told(service, 'logins'), [{ logs: 1 }, { logs: 5 }], 'what came since')
      // Their logs are a minute old: they count no more.
      for (const row of await service.knex('alert_rule_states').where('subject', 'mallory')) {
        const { parts } = JSON.parse(row.detail)
        await service.knex('alert_rule_states').where('subject', 'mallory').update({ detail: JSON.stringify({ parts: parts.map(([start, logs]: [number, number]) => [start - 60, logs]) }) })
      }
      await login('mallory', 1)
      t.equal((await told(service, 'logins')).length, 2)
      await remove(service, 'logins')
    })

    await t.test('tell new and regressed errors, and open ones again', async (t) => {
      await add(t, service, { name: 'api', kind: 'group', settings: { query: 'process:api' } })
      await fail(service, 'order 1 failed')
      await fail(service, 'order 2 failed')
      await fail(service, 'of another process', { process: 'other' })
      await fail(service, 'of the server itself', { process: 'loggerbot' })
      const { subject } = (await told(service, 'api'))[0]!
      t.match(await told(service, 'api'), [{ kind: 'new', logs: 1, title: /^order .* failed$/ }])

      await age(service, 4 * hourMs)
      await run(service)
      await run(service)
      t.match(await told(service, 'api'), [{ kind: 'repeated', logs: 1 }, {}], 'once, with what came since')
      await age(service, 5 * hourMs)
      await run(service)
      t.equal((await told(service, 'api')).length, 2, 'nothing came since')

      await ask(service, 'PATCH', `errors/${subject}`, { state: 'resolved' })
      await fail(service, 'order 3 failed', { time: ago(6 * hourMs) })
      t.equal((await told(service, 'api')).length, 2, 'a log of before it was resolved proves nothing')
      await service.knex('error_groups').update({ state_at: utcTime(Date.now() - 5 * hourMs) }).where('group_key', Buffer.from(subject, 'hex'))
      await fail(service, 'order 4 failed', { time: ago(4 * hourMs) })
      t.match(await told(service, 'api'), [{ kind: 'regressed', note: /^These logs came late/ }, {}, {}])

      await ask(service, 'PATCH', `errors/${subject}`, { state: 'muted', until: { time: '2024-01-01T00:00:00Z' } })
      await age(service, 310_000)
      await run(service)
      t.match(await told(service, 'api'), [{ kind: 'unmuted', note: 'Errors since it was muted: 0.' }, {}, {}, {}])
      await ask(service, 'PATCH', `errors/${subject}`, { state: 'muted', until: { logs: 2 } })
      await age(service, 310_000)
      await log(service, [5, 6].map((number) => ({ level: 'error', message: `order ${number} failed` })))
      t.match(await told(service, 'api'), [{ kind: 'unmuted', note: 'Errors since it was muted: 2.' }, {}, {}, {}, {}], 'each time')
    })

    await t.test('tell an acknowledged error again at ten times its logs, or after 7 days', async (t) => {
      await add(t, service, { name: 'known', kind: 'group', settings: { query: 'process:known' } })
      const known = (count: number) => log(service, Array.from({ length: count }, () => ({ level: 'error', process: 'known', message: 'no route' })))
      await known(2)
      const { subject } = (await told(service, 'known'))[0]!
      const acknowledge = () => ask(service, 'PATCH', `errors/${subject}`, { state: 'acknowledged' })
      /** Lets time pass for the rule and for the group. */
      const wait = async (ms: number) => {
        await age(service, ms)
        const group = service.knex('error_groups').where('group_key', Buffer.from(subject, 'hex'))
        await group.clone().update({ state_at: utcTime(Date.now() - ms) })
        await run(service)
      }
      await acknowledge()
      await wait(5 * hourMs)
      await known(17)
      t.equal((await told(service, 'known')).length, 1)
      t.match(await ask(service, 'GET', `errors/${subject}`), { state: 'acknowledged', logs: 19 })
      await known(1)
      t.match(await told(service, 'known'), [{ kind: 'repeated', note: 'Errors since it was acknowledged: 18.' }, { kind: 'new' }])
      t.match(await ask(service, 'GET', `errors/${subject}`), { state: 'ongoing', changes: [{ by: 'server' }, { state: 'acknowledged', by: 'alice' }, {}] })

      await acknowledge()
      await wait(8 * 24 * hourMs)
      t.match(await ask(service, 'GET', `errors/${subject}`), { state: 'acknowledged' }, 'nothing came since')
      await known(1)
      await run(service)
      t.match(await told(service, 'known'), [{ kind: 'repeated', note: 'Errors since it was acknowledged: 1.' }, {}, {}])
      await acknowledge()
      await known(3)
      await wait(6 * 24 * hourMs)
      t.equal((await told(service, 'known')).length, 3)
      await wait(7.1 * 24 * hourMs)
      t.match(await told(service, 'known'), [{ kind: 'repeated', note: 'Errors since it was acknowledged: 3.' }, {}, {}, {}])
      await remove(service, 'known')
    })

    await t.test('say so once where an error comes and goes, and are told hourly from then on', async (t) => {
      const { subject } = (await told(service, 'api'))[0]!
      const before = (await told(service, 'api')).length
      await age(service, 2 * hourMs)
      for (let turn = 0; turn < 6; turn++) {
        await ask(service, 'PATCH', `errors/${subject}`, { state: 'resolved' })
        await service.knex('error_groups').update({ state_at: utcTime(Date.now() - 300_000) }).where('group_key', Buffer.from(subject, 'hex'))
        await age(service, 310_000)
        await fail(service, `order ${turn} failed`)
      }
      const alerts = (await told(service, 'api')).slice(0, -before)
      t.strictSame(alerts.map(({ kind, note }) => [kind, /once an hour/.test(note ?? '')]), [['regressed', true], ['regressed', false], ['regressed', false], ['regressed', false]])
      await age(service, hourMs)
      await run(service)
      t.equal((await told(service, 'api')).length, before + 5)
      await remove(service, 'api')
    })

    await t.test('wait for the end of quiet hours, but for critical logs', async (t) => {
      await service.knex('alert_channels').insert({ user_id: 1, name: 'desk', kind: 'webhook', target: '{}', lines: 'none', state: 'ok', pauses: 0, created_at: utcTime() })
      const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16)
      await add(t, service, { name: 'night', kind: 'match', channels: ['desk'], settings: { query: 'asleep' }, quietHours: { from: clock(-hourMs), to: clock(hourMs), zone: 'UTC' } })
      await log(service, [{ message: 'asleep', level: 'error' }])
      await add(t, service, { name: 'fire', kind: 'match', channels: ['desk'], settings: { query: 'fire' }, quietHours: { from: clock(-hourMs), to: clock(hourMs), zone: 'UTC' } })
      await log(service, [{ message: 'fire', level: 'critical' }])
      const rows = await service.knex('alert_outbox').orderBy('alert_id', 'desc').limit(2).pluck('next_at')
      const waits = rows.map((at) => Date.parse(`${at.replace(' ', 'T')}Z`) - Date.now())
      t.ok(waits[0]! < 60_000, 'at once')
      t.ok(Math.abs(waits[1]! - hourMs) < 120_000, 'in an hour')
      t.match(await ask(service, 'GET', 'rules/night'), { channels: ['desk'], alerts: [{ sent: [{ channel: 'desk' }] }] })
      for (const name of ['night', 'fire']) await remove(service, name)
    })

    await t.test('notice silence of each value, and its end', async (t) => {
      await add(t, service, { name: 'jobs', kind: 'silence', settings: { query: 'done', by: 'process', everySeconds: 3600, graceSeconds: 600 } })
      await log(service, [{ process: 'backup', message: 'done' }, { process: 'report', message: 'done' }, { process: 'history', message: 'done', time: ago(48 * hourMs) }])
      t.match(await stateOf(service, 'jobs', 'backup'), { state: 'waiting' })
      t.equal(await stateOf(service, 'jobs', 'history'), undefined, 'old logs are nobody to wait for')
      await age(service, hourMs + 60_000)
      await run(service)
      t.match(await stateOf(service, 'jobs', 'backup'), { state: 'late' })
      t.strictSame(await told(service, 'jobs'), [])
      await log(service, [{ process: 'report', message: 'done' }])
      await age(service, 600_000)
      await run(service)
      await run(service)
      t.match(await told(service, 'jobs'), [{ kind: 'silent', subject: 'backup', title: 'jobs: backup', note: /^The last log happened/ }], 'once')
      await log(service, [{ process: 'backup', message: 'done', time: ago(hourMs + 700_000) }])
      t.match(await stateOf(service, 'jobs', 'backup'), { state: 'silent' }, 'a log of before')
      await log(service, [{ process: 'backup', message: 'done', time: ago(hourMs) }])
      t.match(await told(service, 'jobs'), [{ kind: 'back', note: /^It was away for \d+ min\.$/ }, {}])
      t.match(await stateOf(service, 'jobs', 'backup'), { state: 'late' }, 'a late log counts for its time')
      t.equal((await ask(service, 'DELETE', 'rules/jobs/values/backup')).status, 204)
      t.equal((await ask(service, 'DELETE', 'rules/jobs/values/backup')).status, 404)
      await age(service, 2 * hourMs)
      await run(service)
      t.match(await told(service, 'jobs'), [{ kind: 'silent', subject: 'report' }, {}, {}])
      await age(service, 8 * 24 * hourMs)
      await run(service)
      t.equal(await stateOf(service, 'jobs', 'report'), undefined, 'forgotten after a week')
      await remove(service, 'jobs')
    })

    await t.test('tell 1,000 values apart; further ones count together, and their silence is not noticed', async (t) => {
      await add(t, service, { name: 'each', kind: 'count', settings: { query: 'sign of life', moreThan: 100_000, withinSeconds: 3600, by: 'process' } })
      await add(t, service, { name: 'quiet', kind: 'silence', settings: { query: 'sign of life', everySeconds: 60, by: 'process' } })
      const send = (from: number, to: number) => log(service, Array.from({ length: to - from }, (_, index) => ({ message: 'sign of life', process: `worker ${from + index}` })))
      await send(0, 600)
      await send(600, 2100)
      const rows = await service.knex('alert_rule_states').join('alert_rules', 'alert_rules.id', 'rule_id').whereIn('name', ['each', 'quiet']).select('name', 'subject', 'detail')
      const countOf = (name: string) => rows.filter((row) => row.name === name).length
      t.strictSame([countOf('each'), countOf('quiet')], [1001, 1000])
      const [others, ...further] = rows.filter(({ subject }) => subject === '…')
      t.equal(others?.name, 'each')
      t.strictSame(further, [])
      t.equal(JSON.parse(others?.detail).parts.reduce((sum: number, [, logs]: [number, number]) => sum + logs, 0), 1100)
      await remove(service, 'each')
      await remove(service, 'quiet')
    })

    await t.test('notice that nothing came since the rule was made', async (t) => {
      await add(t, service, { name: 'heart', kind: 'silence', settings: { query: 'beat', everySeconds: 60, graceSeconds: 60 } })
      t.match(await stateOf(service, 'heart'), { state: 'waiting' })
      await age(service, 130_000)
      await run(service)
      t.match(await told(service, 'heart'), [{ kind: 'silent', subject: '' }])
      await remove(service, 'heart')
    })

    await t.test('do not take an outage of the server for silence', async (t) => {
      await add(t, service, { name: 'nightly', kind: 'silence', settings: { query: 'tick', everySeconds: 3600, graceSeconds: 600 } })
      await log(service, [{ message: 'tick' }])
      await age(service, 2 * hourMs)
      // Nobody followed the logs for two hours.
      await service.knex('alert_problems').where('kind', 'beat').update({ to_at: utcTime(Date.now() - 2 * hourMs) })
      await run(service)
      t.strictSame(await told(service, 'nightly'), [])
      t.match(await stateOf(service, 'nightly'), { state: 'waiting' })
      for (const row of await service.knex('alert_problems').where('kind', 'outage')) {
        await service.knex('alert_problems').where(row).update({ from_at: utcTime(Date.now() - 5 * hourMs), to_at: utcTime(Date.now() - 2 * hourMs) })
      }
      await age(service, 2 * hourMs)
      await service.knex('alert_problems').where('kind', 'beat').update({ to_at: utcTime(Date.now() + hourMs) })
      await run(service)
      t.match(await told(service, 'nightly'), [{ kind: 'silent', note: /could store no logs from .* that time does not count/ }])
      await remove(service, 'nightly')
    })

    await t.test('do not take logs that wait in a spool for silence', async (t) => {
      await add(t, service, { name: 'spooled', kind: 'silence', settings: { query: 'tock', everySeconds: 3600, graceSeconds: 600 } })
      await log(service, [{ message: 'tock' }])
      const row = { instance: 'another', kind: 'spool', from_at: utcTime(Date.now() - 5 * hourMs), to_at: utcTime(), detail: '1 byte' }
      await service.knex('alert_problems').insert(row)
      await age(service, 4 * hourMs)
      await run(service)
      t.match(await stateOf(service, 'spooled'), { state: 'waiting' })
      t.strictSame(await told(service, 'spooled'), [])
      await service.knex('alert_problems').where('instance', 'another').delete()
      await remove(service, 'spooled')
    })

    await t.test('that cannot be run are told to their owners, once', async (t) => {
      await add(t, service, { name: 'old', kind: 'match', settings: { query: 'a' } })
      await service.knex('alert_rules').where('name', 'old').update({ settings: '{"query":"a ("}', revision: 7 })
      await run(service)
      await run(service)
      t.match(await ask(service, 'GET', 'rules/old'), { fault: /^its query cannot be read: /, alerts: [{ kind: 'server', title: 'The rule old cannot be run' }] })
      t.equal((await told(service, 'old')).length, 1)
      t.match(await ask(service, 'PATCH', 'rules/old', { settings: { query: 'mended' } }), { fault: null })
      await run(service)
      await log(service, [{ message: 'mended' }])
      t.match(await told(service, 'old'), [{ kind: 'match' }, {}])
      await remove(service, 'old')
    })

    await t.test('tell administrators of problems of the server that last, and of their end', async (t) => {
      await createUser(service, 'root')
      await service.knex('users').where('username', 'root').update({ admin: true })
      await service.knex.transaction(async (transaction) => {
        const { id } = await transaction('users').where('username', 'root').first('id')
        await ensureFirstRules(transaction, { id, admin: true })
        await ensureFirstRules(transaction, { id, admin: true })
      })
      t.strictSame((await ask(service, 'GET', 'rules', undefined, 'root')).rules.map(({ name }: { name: string }) => name), ['New errors', 'The server'])
      const letter = { id: '77', user_id: 1, created_at: utcTime(), source: 'json', record: 'x', record_bytes: 1, reason: 'x' }
      await service.knex('dead_letters').insert(letter)
      const ofServer = async () => (await told(service, 'The server', 'root')).filter(({ subject }) => subject === 'dead letters')
      await run(service)
      t.strictSame(await ofServer(), [], 'it may pass')
      await age(service, 31_000)
      await run(service)
      await run(service)
      t.match(await ofServer(), [{ kind: 'server', title: 'Records could not be stored as logs', note: /^1 in the list/ }])
      await service.knex('dead_letters').where('id', '77').delete()
      await run(service)
      t.equal((await ofServer()).length, 1, 'it may come back')
      await age(service, 301_000)
      await run(service)
      t.match(await ofServer(), [{ title: 'Over: Records could not be stored as logs' }, {}])
    })

    await t.test('see each log once where two instances take turns, and one of them ends in the middle', async (t) => {
      await add(t, service, { name: 'turns', kind: 'match', settings: { query: 'turn' }, coolDownSeconds: 10 })
      for (let turn = 0; turn < 3; turn++) {
        const other = await startEmbedded(t, options, { alerts: true })
        await Promise.all([service, other].map(({ port }) => post(port, '/api/logs', [{ message: `turn ${turn}` }, { message: 'a turn' }], basic('alice'))))
        const running = Promise.allSettled([service.app.logAlerts?.runNow(), other.app.logAlerts?.runNow()])
        await other.app.close()
        await running
      }
      await run(service)
      const told = await service.knex('alerts').join('alert_rules', 'alert_rules.id', 'rule_id').where('name', 'turns').select('detail', 'number')
      const held = await service.knex('alert_rule_states').join('alert_rules', 'alert_rules.id', 'rule_id').where('name', 'turns').pluck('detail')
      const logs = [...told.map(({ detail }) => JSON.parse(detail).logs), ...held.map((detail) => JSON.parse(detail).held?.logs ?? 0)]
      t.equal(logs.reduce((sum, count) => sum + count, 0), 12)
      t.strictSame(told.map(({ number }) => number).toSorted(), told.map((_, index) => index + 1))
    })
  })
}
