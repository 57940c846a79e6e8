import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { migrations } from '../../../src/store/migrations.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf, openKnex } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http, post } from '../../helpers/http.ts'
import { basic, createUser, type TestService } from '../../helpers/service.ts'

interface Group {
  id: string
  text: string
  process: string
  state: string
  logs: number
  hours: number[]
  samples: string[]
  merged: string[]
  until?: { time?: string, logs?: number }
}

const get = async (service: TestService, path: string, user = 'alice') => {
  const { status, body } = await http(service.port, 'GET', path, basic(user))
  return { status, ...JSON.parse(body) }
}
const list = async (service: TestService, parameters = '', user = 'alice'): Promise<Group[]> =>
  (await get(service, `/api/errors?${parameters}`, user)).errors
const change = async (service: TestService, id: string, changes: object, user = 'alice') => {
  const headers = { 'content-type': 'application/json', ...basic(user) }
  const { status, body } = await http(service.port, 'PATCH', `/api/errors/${id}`, headers, JSON.stringify(changes))
  return { status, ...JSON.parse(body) }
}
/** Sends errors, and waits until they are grouped. */
const fail = async (service: TestService, messages: ReadonlyArray<string | object>, user = 'alice') => {
  const logs = messages.map((message) => ({ level: 'error', process: 'api', ...typeof message === 'string' ? { message } : message }))
  const { status } = await post(service.port, '/api/logs', logs, basic(user))
  if (status !== 200) throw new Error(`answered ${status}`)
  await service.app.logAlerts?.runNow()
}
/** The sum of all groups, and the errors of the table: they must be equal. */
const sums = async ({ knex }: TestService) => {
  const grouped = await knex('error_groups').sum({ logs: 'logs' }).first()
  const hours = await knex('error_group_hours').sum({ logs: 'logs' }).first()
  const errors = await knex('user_logs').whereIn('log_level', ['error', 'critical']).count({ logs: '*' }).first()
  return [grouped, hours, errors].map((row) => Number(row?.logs))
}

for (const database of databases) {
  t.test(`groups of errors on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const service = await startEmbedded(t, options, { alerts: true })
    await createUser(service, 'alice')
    await createUser(service, 'bob')
    await service.app.logAlerts?.runNow()

    await t.test('count errors with the same text but for what varies', async (t) => {
      await fail(service, [
        'order 17 failed', 'order 18 failed', { message: 'no disk', level: 'critical' }, { message: 'fine', level: 'info' }
      ])
      await fail(service, ['order 19 failed'])
      await fail(service, ['order 20 failed'], 'bob')
      const groups = await list(service)
      t.match(groups, [
        { process: 'api', state: 'new', logs: 3, level: 'error' }, { process: 'api', state: 'new', logs: 1, level: 'critical' }
      ])
      t.equal(groups[0]?.hours.reduce((sum, logs) => sum + logs, 0), 3)
      t.equal(groups[0]?.samples.length, 3)
      t.equal((await list(service, '', 'bob'))[0]?.logs, 1, 'one user\'s errors are not another\'s')
      t.match(await get(service, '/api/errors'), { states: { new: 2, resolved: 0 } })
      const [sum, hours, errors] = await sums(service)
      t.strictSame([sum, hours], [errors, errors])
    })

    await t.test('change by their users, and by what comes', async (t) => {
      const { id } = (await list(service)).find(({ logs }) => logs === 3)!
      t.match(await change(service, id, { state: 'resolved', note: 'fixed' }), { status: 200, state: 'resolved' })
      await fail(service, [{ message: 'order 21 failed', time: '2024-01-01T00:00:00Z' }])
      t.match(await get(service, `/api/errors/${id}`), { state: 'resolved', logs: 4 }, 'an error of before proves nothing')
      await fail(service, [{ message: 'order 22 failed', time: new Date(Date.now() + 120_000).toISOString() }])
      t.match(await get(service, `/api/errors/${id}`), {
        state: 'regressed',
        changes: [
          { number: 3, state: 'regressed', by: 'server' },
          { number: 2, state: 'resolved', by: 'alice', source: 'api', note: 'fixed' },
          { number: 1, state: 'new', by: 'server' }
        ]
      })
      t.match(await change(service, id, { state: 'muted', until: { logs: 2 } }), { state: 'muted', until: { logs: 2 } })
      await fail(service, ['order 23 failed'])
      t.match(await get(service, `/api/errors/${id}`), { state: 'muted', until: { logs: 1 } })
      await fail(service, ['order 24 failed'])
      t.match(await get(service, `/api/errors/${id}`), { state: 'ongoing', until: undefined })
      t.strictSame((await list(service, 'state=open')).map(({ state }) => state).sort(), ['new', 'ongoing'])
    })

    await t.test('are merged, and taken apart again', async (t) => {
      await fail(service, ['payment 1 failed'])
      const [payment, order] = ['payment', 'order'].map(async (word) => (
        (await list(service)).find(({ text }) => text.startsWith(word))!
      ))
      const [from, into] = [await payment!, await order!]
      t.match(await change(service, from.id, { mergedInto: into.id }), { status: 200 })
      await fail(service, ['payment 2 failed'])
      t.match(await get(service, `/api/errors/${into.id}`), { logs: into.logs + 2, merged: [from.id] })
      t.notOk((await list(service)).some(({ id }) => id === from.id), 'it is no group of its own')
      t.equal((await change(service, into.id, { mergedInto: from.id })).status, 409)
      t.match(await change(service, from.id, { mergedInto: null }), { status: 200, logs: 2 })
      t.match(await get(service, `/api/errors/${into.id}`), { logs: into.logs, merged: [] })
    })

    await t.test('that were merged count towards the end of a mute and of an acknowledgement', async (t) => {
      await fail(service, ['taker 1', 'taken 1', 'taken 2', 'child 1'])
      const [taker, taken, child] = await Promise.all(['taker', 'taken', 'child'].map(async (word) => (await list(service)).find(({ text }) => text.startsWith(word))!.id))
      const of = (id = '') => get(service, `/api/errors/${id}`)
      const many = (word: string, count: number) => fail(service, Array.from({ length: count }, (_, index) => `${word} ${index}`))
      await change(service, taker!, { state: 'muted', until: { logs: 5 } })
      await change(service, child!, { mergedInto: taken })
      t.match(await of(taken), { logs: 3, merged: [child] })
      await change(service, taken!, { mergedInto: taker })
      t.match(await of(taker), { state: 'muted', until: { logs: 5 }, logs: 4 }, 'what came before does not count')
      await many('taken', 2)
      await many('child', 2)
      t.match(await of(taker), { state: 'muted', until: { logs: 1 }, logs: 8 })
      await many('child', 1)
      t.match(await of(taker), { state: 'ongoing', logs: 9, changes: [{ by: 'server' }, { state: 'muted' }] })
      t.equal((await list(service))[0]?.id, taker, 'the latest error is one of its own')

      await change(service, taker!, { state: 'acknowledged' })
      await many('taken', 80)
      t.match(await of(taker), { state: 'acknowledged', logs: 89 })
      await many('child', 1)
      t.match(await of(taker), { state: 'ongoing', logs: 90 }, 'ten times the nine')

      await change(service, taker!, { state: 'muted', until: { logs: 3 } })
      await change(service, child!, { mergedInto: null })
      t.match([await of(taker), await of(child)], [{ until: { logs: 3 }, logs: 85 }, { state: 'new', logs: 5, merged: [] }])
      await many('child', 5)
      t.match(await of(taker), { until: { logs: 3 } })
      await change(service, taker!, { state: 'acknowledged' })
      await change(service, taken!, { mergedInto: null })
      t.match(await of(taker), { state: 'acknowledged', logs: 1 })
      await many('taker', 8)
      t.match(await of(taker), { state: 'acknowledged', logs: 9 })
      await many('taker', 1)
      t.match(await of(taker), { state: 'ongoing', logs: 10 }, 'ten times its own one')
    })

    await t.test('end their states in time', async (t) => {
      await fail(service, ['aging 1', 'muting 1', 'quiet one'])
      const [aging, muting, quiet] = ['aging', 'muting', 'quiet'].map(async (word) => (
        (await list(service)).find(({ text }) => text.startsWith(word))!
      ))
      const [{ id: a }, { id: m }, { id: q }] = [await aging!, await muting!, await quiet!]
      t.match(await change(service, m, { state: 'muted', until: { time: '2024-01-01T00:00:00Z' } }), { state: 'muted' })
      const row = (id: string) => service.knex('error_groups').where('group_key', Buffer.from(id, 'hex'))
      await row(a).update({ state_at: '2024-01-01 00:00:00.000000' })
      await row(q).update({ state: 'ongoing', state_at: '2024-01-01 00:00:00.000000', last_seen: '2024-01-01 00:00:00.000000' })
      await service.app.logAlerts?.runNow()
      for (const [id, state] of [[a, 'ongoing'], [m, 'ongoing'], [q, 'resolved']] as const) {
        t.match(await get(service, `/api/errors/${id}`), { state, changes: [{ state, by: 'server' }] })
      }
    })

    await t.test('give their logs, and none of another group or user, page by page', async (t) => {
      await fail(service, ['listed 1', 'other 1', { message: 'listed 2', process: 'web' }, { message: 'listed 3', level: 'info' }, { message: 'x', fingerprint: 'mine' }])
      await fail(service, ['listed 4', `listed ${'5'.repeat(3000)}`])
      await fail(service, ['listed 6'], 'bob')
      const groups = await list(service)
      const { id } = groups.find(({ text, process }) => text.startsWith('listed') && process === 'api')!
      const logs = async (parameters = '', of = id, user = 'alice') => await get(service, `/api/errors/${of}/logs?${parameters}`, user)
      t.match(await logs(), { status: 200, complete: true, cursor: undefined, logs: [{ message: /^listed 5{1993}$/ }, { message: 'listed 4', process: 'api', rule: 'message' }, { message: 'listed 1' }] })
      t.match(await logs('', groups.find(({ text }) => text === 'mine')!.id), { logs: [{ message: 'x', rule: 'fingerprint' }] })
      const found: string[] = []
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const page: { logs: Array<{ message: string }>, cursor?: string } = await logs(`limit=1${cursor && `&cursor=${cursor}`}`)
        found.push(...page.logs.map(({ message }) => message.slice(0, 8)))
        cursor = page.cursor
      }
      t.strictSame(found, ['listed 5', 'listed 4', 'listed 1'])
      t.match(await logs('', id, 'bob'), { status: 200, logs: [{ message: 'listed 6' }] }, 'the same group of another user')
      t.equal((await logs('user=alice', id, 'bob')).status, 403)
      t.equal((await logs('', '0'.repeat(16))).status, 404)
      for (const parameters of ['limit=101', 'cursor=x', 'other=1']) t.equal((await logs(parameters)).status, 400, parameters)
    })

    await t.test('are read and changed on the terminal', async (t) => {
      const env = environmentOf(options)
      const run = (...args: string[]) => loggerbot(['errors', ...args], { env })
      await fail(service, ['typed 1', 'typed 2', 'clicked\u202e 1'])
      const [typed, clicked] = ['typed', 'clicked'].map(async (word) => (
        (await list(service)).find(({ text }) => text.startsWith(word))!
      ))
      const [{ id }, { id: other }] = [await typed!, await clicked!]
      t.match(await run('list', '--owner=alice', '--state=open'), { code: 0, stdout: new RegExp(`^USER +ID .*\nalice  ${other}  new +error +1 .* api +clicked\\\\u202e <\\*>\nalice  ${id}  new +error +2 `) })
      t.match(JSON.parse((await run('list', '--json', '--process=api', '--lines=1')).stdout), { user: 'alice', id: other, logs: 1 })
      t.match(await run('acknowledge', 'alice', id, '--note=mine'), { code: 0, stdout: `${id} of alice is acknowledged\n` })
      t.match(await run('mute', 'alice', id, '--until=1h', '--logs=5'), { code: 0, stdout: `${id} of alice is muted\n` })
      t.match(await get(service, `/api/errors/${id}`), { state: 'muted', until: { time: String, logs: 5 } })
      t.match(await run('resolve', 'alice', id), { code: 0 })
      t.match(await run('reopen', 'alice', id), { code: 0, stdout: `${id} of alice is ongoing\n` })
      t.match(await run('merge', 'alice', other, id), { code: 0, stdout: `${other} of alice counts with ${id}\n` })
      t.match(JSON.parse((await run('show', 'alice', id, '--json')).stdout), { logs: 3, merged: [other], changes: [{ state: 'ongoing', by: 'command line', source: 'command' }, {}, {}, { state: 'acknowledged', note: 'mine' }, { state: 'new', by: 'server' }] })
      t.match(await run('show', 'alice', id), { code: 0, stdout: /\ntext +typed <\*>\n[^]*\nTIME \(UTC\) +STATE +BY +SOURCE +NOTE\n.* ongoing +command line +command\n/ })
      t.match(await run('unmerge', 'alice', other), { code: 0, stdout: `${other} of alice counts by itself\n` })
      t.equal(await service.knex('audit').where('caller', 'command line').count({ count: '*' }).then(([row]) => Number(row?.count)), 6, 'each change is in the audit')
      for (const [args, code, line] of [
        [['show', 'alice', 'x'], 2, /ID must be the 16 hex digits/],
        [['show', 'bob', id], 1, new RegExp(`bob has no group of errors ${id}`)],
        [['show', 'nobody', id], 1, /there is no user nobody/],
        [['list', '--state=x'], 2, /--state must be new, /],
        [['list', '--lines=201'], 2, /--lines must be a whole number, 1 to 200/],
        [['mute', 'alice', id, '--until=2020-01-01'], 2, /--until must be a time in the future/],
        [['mute', 'alice', id, '--logs=0'], 2, /--logs must be a whole number/],
        [['merge', 'alice', id, id], 1, /mergedInto must be another group/],
        [['resolve', 'alice', id, `--note=${'x'.repeat(256)}`], 2, /--note must have 255/]
      ] as const) t.match(await run(...args), { code, stdout: '', stderr: line }, args.join(' '))
    })

    await t.test('show samples only while they are stored', async (t) => {
      await fail(service, ['sampled 1'])
      const { id, samples: [log] } = (await list(service)).find(({ text }) => text.startsWith('sampled'))!
      t.match(await get(service, `/api/logs/${log}`), { message: 'sampled 1' })
      await service.knex('user_logs').where('log_msg', 'sampled 1').delete()
      t.match(await get(service, `/api/errors/${id}`), { samples: [], logs: 1 })
      await service.knex('error_groups').where('group_key', Buffer.from(id, 'hex')).delete()
      await service.knex('error_group_hours').where('group_key', Buffer.from(id, 'hex')).delete()
    })

    await t.test('are refused to others, and bad requests name the field', async (t) => {
      const { id } = (await list(service))[0]!
      t.equal((await get(service, `/api/errors/${id}`, 'bob')).status, 404)
      t.equal((await change(service, id, { state: 'resolved' }, 'bob')).status, 404)
      t.equal((await get(service, '/api/errors?user=alice', 'bob')).status, 403)
      for (const changes of [{}, { state: 'new' }, { state: 'resolved', until: { logs: 1 } }, { mergedInto: 'x' }, { other: 1 }]) {
        t.equal((await change(service, id, changes)).status, 400, JSON.stringify(changes))
      }
      for (const parameters of ['state=x', 'cursor=x', 'from=x', 'limit=0', 'other=1']) {
        t.equal((await get(service, `/api/errors?${parameters}`)).status, 400, parameters)
      }
    })

    await t.test('are listed page by page', async (t) => {
      const all = await list(service)
      const found: string[] = []
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const page: { errors: Group[], cursor?: string } = await get(service, `/api/errors?limit=1${cursor && `&cursor=${cursor}`}`)
        found.push(...page.errors.map(({ id }) => id))
        cursor = page.cursor
      }
      t.strictSame(found, all.map(({ id }) => id))
    })

    await t.test('count a batch that appears behind the horizon, once', async (t) => {
      await fail(service, ['late 1'])
      await appearLate(t, service)
      await service.app.logAlerts?.runNow()
      await service.app.logAlerts?.runNow()
      t.equal((await list(service)).find(({ text }) => text.startsWith('late'))?.logs, 2)
      const [sum, hours, errors] = await sums(service)
      t.strictSame([sum, hours], [errors, errors])
    })

    await t.test('are bounded: errors of further groups count in one that stands for them', async (t) => {
      const [row] = await service.knex('error_groups').limit(1)
      const rows = Array.from({ length: 2000 }, (_, index) => {
        const key = Buffer.alloc(8)
        key.writeUInt32BE(index)
        return { ...row, group_key: key, process: 'flood', logs: 0 }
      })
      await service.knex.batchInsert('error_groups', rows, 100)
      await fail(service, [{ message: 'one more', process: 'flood' }, { message: 'and another', process: 'flood' }])
      await fail(service, [{ message: 'a third', process: 'flood' }])
      t.match((await list(service, 'process=flood&limit=1')), [{ text: 'others of flood', logs: 3 }])
      const [sum, hours, errors] = await sums(service)
      t.strictSame([sum, hours], [errors, errors])
      await service.knex('error_groups').where('process', 'flood').where('logs', 0).delete()
    })

    await t.test('are exact where two instances take turns', async (t) => {
      const other = await startEmbedded(t, options, { alerts: true })
      for (let turn = 0; turn < 5; turn++) {
        await Promise.all([post(service.port, '/api/logs', [{ level: 'error', message: `turn ${turn}` }], basic('alice')), post(other.port, '/api/logs', [{ level: 'error', message: `turn ${turn}` }], basic('bob'))])
        await Promise.allSettled([service.app.logAlerts?.runNow(), other.app.logAlerts?.runNow()])
      }
      await Promise.any([service.app.logAlerts?.runNow(), other.app.logAlerts?.runNow()])
      const [sum, hours, errors] = await sums(service)
      t.strictSame([sum, hours], [errors, errors])
    })
  })
}

for (const database of databases) {
  t.test(`groups that were merged before an upgrade, on ${database.name}`, async (t) => {
    const knex = openKnex(t, await database.createMigrated(t))
    await knex.migrate.down({ ...migrations, name: '20261127120000_merged_logs' } as Knex.MigratorConfig)
    const at = '2026-11-27 09:00:00.000000'
    const row = { user_id: 1, process: 'api', text: 'x', worst: 'error', state: 'muted', state_at: at, state_logs: 7, logs: 7, first_seen: at, last_seen: at, first_at: at, last_at: at, samples: '[]', changes: 1 }
    const [taker, ...taken] = [1, 2, 3].map((byte) => Buffer.alloc(8, byte))
    await knex('error_groups').insert([{ ...row, group_key: taker, until_logs: 10 }, ...taken.map((key) => ({ ...row, group_key: key, merged_into: taker, until_logs: null }))])
    await knex.migrate.latest(migrations)
    const rows = await knex('error_groups').orderBy('group_key').select('merged_logs', 'state_logs', 'until_logs')
    t.strictSame(rows.map((one) => Object.values(one).map((value) => value === null ? null : Number(value))), [[14, 21, 24], [0, 7, null], [0, 7, null]])
  })
}

/** Stores a batch as an instance does whose COMMIT hung: created before what is counted already. */
async function appearLate (t: Test, { knex }: TestService): Promise<void> {
  const { user_id: userId, reached_at: reached } = { ...await knex('users').select({ user_id: 'id' }).where('username', 'alice').first(), ...await knex('alert_progress').first() }
  const createdAt = new Date(Date.parse(`${reached.replace(' ', 'T')}Z`) - 1).toISOString().replace('T', ' ').replace('Z', '000')
  const id = '123456789'
  await knex('user_logs').insert({ user_id: userId, log_event_at: createdAt, id, log_level: 'error', pid: 0, p_name: 'api', p_description: '', log_msg: 'late 2', post_time: createdAt })
  await knex('ingest_batches').insert({ user_id: userId, batch_key: Buffer.alloc(16, 7), created_at: createdAt, first_id: id, records: 1, first_at: createdAt, last_at: createdAt })
  t.pass()
}
