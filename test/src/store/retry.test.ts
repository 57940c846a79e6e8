// What people change is changed although the database rolls it back in favour of another: a node of a cluster does that at
// any time. Here a trigger says so once, and two transactions wait for each other.
import type { Knex } from 'knex'
import t from 'tap'
import { databases, mariadb } from '../../helpers/databases.ts'
import { http, post } from '../../helpers/http.ts'
import { apiKey, basic, createToken, createUser, log, send, startService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const servers = databases.filter(({ name }) => name !== 'SQLite')
t.jobs = servers.length

/** Numbers of errors with which nodes refuse a transaction, each with its SQLSTATE. */
const conflicts = { 1020: 'HY000', 1213: '40001', 3101: '40000' }

for (const database of servers) {
  t.test(`a conflict on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_ALERTS: 'true' } })
    const { knex } = service
    const token = await createUser(service, 'alice')
    await send(service, 'alice', token, [log()])
    const isArmed = await refuseOnce(knex, [
      'users', 'tokens', 'sessions', 'saved_searches', 'user_settings', 'alert_channels', 'alert_rules', 'audit'
    ])
    const ask = (method: string, path: string, body?: object) => http(
      service.port, method, path, { ...basic('alice'), ...body !== undefined && { 'content-type': 'application/json' } }, body && JSON.stringify(body)
    )
    const changes: Record<string, [change: () => Promise<{ status: number, body: string }>, status: number]> = {
      'making a user': [() => post(service.port, '/create_user', { user: 'bob', password: 'password', tel_id: '1' }, { 'x-api-key': apiKey }), 200],
      'making a token': [() => ask('POST', '/api/tokens', { name: 'mine', scopes: ['read'] }), 201],
      'revoking a token': [() => ask('DELETE', '/api/tokens/1'), 204],
      'signing in': [() => post(service.port, '/api/session', { user: 'alice', password: 'password' }), 200],
      'ending all sessions': [() => ask('DELETE', '/api/sessions'), 200],
      'saving a search': [() => ask('PUT', '/api/searches/mine', { query: 'error' }), 201],
      'changing settings': [() => ask('PUT', '/api/settings', { theme: 'dark' }), 200],
      'making a channel': [() => ask('POST', '/api/channels', { name: 'hook', url: 'https://host.invalid/' }), 201],
      'changing a channel': [() => ask('PATCH', '/api/channels/hook', { name: 'renamed' }), 200],
      'making a rule': [() => ask('POST', '/api/rules', { name: 'mine', kind: 'silence', settings: { query: 'error', everySeconds: 3600 } }), 201],
      'deleting a rule': [() => ask('DELETE', '/api/rules/mine'), 204],
      'changing the password': [() => ask('POST', '/api/password', { password: 'password', new: 'another' }), 200]
    }
    let index = 0
    for (const [what, [change, status]] of Object.entries(changes)) {
      const errno = Number(Object.keys(conflicts)[index++ % 3])
      await t.test(`does not keep from ${what} (${errno})`, async (t) => {
        await isArmed.arm(errno)
        const answer = await change()
        t.ok(answer.status === status || (answer.status >= 200 && answer.status < 300), `${answer.status} ${answer.body}`)
        t.equal(await isArmed.left(), 0, 'the database has refused once')
      })
    }
  })

  t.test(`a deadlock on ${database.name} does not keep from changing the password`, async (t) => {
    const service = await startService(t, database)
    const { knex } = service
    await createUser(service, 'alice')
    await post(service.port, '/api/session', { user: 'alice', password: 'password' })
    await knex.raw('CREATE TABLE many (n INT)')
    const other = await knex.transaction()
    // The database rolls back the transaction that has changed fewer rows.
    await other('many').insert(Array.from({ length: 200 }, (_, n) => ({ n })))
    await other('sessions').update({ address: 'elsewhere' })
    const change = http(service.port, 'POST', '/api/password', { ...basic('alice'), 'content-type': 'application/json' }, JSON.stringify({ password: 'password', new: 'another' }))
    await until('it waits for a session', async () => (await waiting(knex)) > 0, { stallMs: 60_000 })
    await other('users').update({ tel_id: '2' })
    await other.commit()
    t.equal((await change).status, 204)
    t.equal((await http(service.port, 'GET', '/api/logs', basic('alice', 'another'))).status, 200)
    t.match(await knex('users').first(), { tel_id: '2' })
  })
}

t.test('before an unknown caller is refused, the other nodes are asked', async (t) => {
  const service = await startService(t, mariadb)
  const { knex } = service
  const token = await createUser(service, 'alice')
  const bearer = { authorization: `Bearer ${await createToken(service, 'alice', ['read', 'write'])}` }
  const other = await startService(t, mariadb, { database: service.options })
  // What only a session sees that waits for the other nodes: a view has no variables, a function has.
  await knex.raw('CREATE FUNCTION is_current() RETURNS INT NO SQL RETURN @@SESSION.wsrep_sync_wait = 1')
  await knex.raw('RENAME TABLE users TO users_everywhere')
  await knex.raw('CREATE VIEW users AS SELECT * FROM users_everywhere WHERE is_current()')
  t.teardown(async () => {
    await knex.raw('DROP VIEW users')
    await knex.raw('RENAME TABLE users_everywhere TO users')
  })
  t.strictSame(await knex('users'), [])
  t.equal((await send(other, 'alice', token, [log()])).status, 200)
  t.equal((await http(other.port, 'GET', '/api/logs', bearer)).status, 200)
  t.equal((await http(other.port, 'GET', '/api/settings', basic('alice'))).status, 200)

  await t.test('as is a new password', async (t) => {
    const [{ credential }] = await knex('users_everywhere')
    await knex.raw('DROP VIEW users')
    await knex.raw("CREATE VIEW users AS SELECT id, username, tel_id, IF(is_current(), credential, 'scrypt$') AS credential, created_at, disabled_at, admin, retention_days FROM users_everywhere")
    t.not((await knex('users').first()).credential, credential)
    const third = await startService(t, mariadb, { database: service.options })
    t.equal((await send(third, 'alice', token, [log()])).status, 200)
  })
  await t.test('strangers are refused as before', async (t) => {
    t.equal((await send(other, 'alice', 'f'.repeat(32), [log()])).status, 403)
    t.equal((await send(other, 'mallory', token, [log()])).status, 403)
    t.equal((await http(other.port, 'GET', '/api/logs', { authorization: `Bearer lb_${'f'.repeat(43)}` })).status, 401)
    for (let number = 0; number < 12; number++) await send(other, 'mallory', token, [log()])
    t.equal((await send(other, 'mallory', token, [log()])).status, 429)
  })
})

/** Makes the next change of one of the tables fail once. */
async function refuseOnce (knex: Knex, tables: readonly string[]) {
  // Its rows stay as they are when the transaction is rolled back.
  await knex.raw('CREATE TABLE refusals (errno INT, left_over INT) ENGINE=MyISAM')
  await knex('refusals').insert({ errno: 0, left_over: 0 })
  const cases = Object.entries(conflicts).map(([errno, state]) => `
    WHEN ${errno} THEN SIGNAL SQLSTATE '${state}' SET MYSQL_ERRNO = ${errno}, MESSAGE_TEXT = 'rolled back for another';`)
  for (const table of tables) {
    for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
      await knex.raw(`CREATE TRIGGER refuse_${table}_${event} BEFORE ${event} ON ${table} FOR EACH ROW
        IF (SELECT left_over FROM refusals) > 0 THEN
          UPDATE refusals SET left_over = left_over - 1;
          CASE (SELECT errno FROM refusals) ${cases.join('')} END CASE;
        END IF`)
    }
  }
  return {
    arm: async (errno: number) => { await knex('refusals').update({ errno, left_over: 1 }) },
    left: async (): Promise<number> => (await knex('refusals').first()).left_over
  }
}

/** Number of transactions that wait for a lock. */
async function waiting (knex: Knex): Promise<number> {
  const [[{ count }]] = await knex.raw("SELECT COUNT(*) AS count FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
  return Number(count)
}
