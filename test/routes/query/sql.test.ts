import { createConnection, type RowDataPacket } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { fold, valuePiece } from '../../../src/text/fold.js'
import { plainSqliteConditions } from '../../../src/store/dialects/sqlite/plain-conditions.ts'
import { sqliteDriver } from '../../../src/sqlite.ts'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send, startService, type TestService } from '../../helpers/service.ts'

/** Runs a statement as a person would: in a client of the database, of any settings; resolves to the ids. */
type Run = (sql: string) => Promise<string[]>

/** Clients by the settings of their session. */
async function clientsOf (t: Test, { options }: TestService): Promise<Record<string, Run>> {
  if ('file' in options) {
    const Sqlite = sqliteDriver()
    const database = new Sqlite(options.file, { readonly: true })
    t.teardown(() => database.close())
    return { plain: async (sql) => database.prepare(sql).safeIntegers().all().map((row) => String((row as { id: bigint }).id)) }
  }
  const settings = {
    plain: [],
    'NO_BACKSLASH_ESCAPES, ANSI': ["SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI,HIGH_NOT_PRECEDENCE'"],
    'other collation': ["SET collation_connection = 'utf8mb4_general_ci'"],
    latin1: ['SET character_set_results = utf8mb4, character_set_connection = latin1']
  }
  return Object.fromEntries(await Promise.all(Object.entries(settings).map(async ([name, statements]): Promise<[string, Run]> => {
    const { host, port, user, password, database } = options
    const connection = await createConnection({ host, port, user, password, database, supportBigNumbers: true, bigNumberStrings: true })
    t.teardown(() => connection.end())
    for (const statement of statements) await connection.query(statement)
    return [name, async (sql) => (await connection.query<RowDataPacket[]>(sql))[0].map(({ id }) => String(id))]
  })))
}

const nasty = ["it's", "' OR '1'='1", "\\' OR 1=1 -- ", '\\', '"', '`', ';', '-- x', '/* x', '?', '??', ':a', '%', '_', '!', '*', '[a]', '^', 'a\u0000b', 'a\nb', '\u001b[31mred\u001b[0m', '\u202e', '😀', 'Заказ', 'ÄÖ', 'İ', '\u212a', 'ǅ', 'Ω', 'ΣΑΣ', '数据库', '\u00bf\'']

const logs = [
  ...nasty.map((text) => log({ msg: `before ${text} after`, p_description: text, note: text, [text === '' ? 'x' : `n${text}`]: text })),
  log({ msg: 'Payment FAILED for order 7', level: 'info', order: { id: 7 }, 'http.status': 503, ok: true, empty: null }),
  log({ msg: 'payments', level: 'critical', order: { id: '7.0' }, http: { status: '404' }, ok: 'TRUE', list: [1] }),
  log({ msg: 'in\u001b[1mvoice' }),
  log({ msg: 'time out after 30 s', level: 'debug', latency: 1.5e3, deep: { 'a.b': { c: 'x' } } })
]

/** Queries that SQL tells exactly on every database. */
const exact = [
  '', 'level:error', 'level:>=warning', 'level:>critical', '-level:info', 'NOT (level:info OR level:debug)', 'pid:1', 'pid:>1', 'process:"Process Name"', 'process:proc*',
  'description:заказ', 'description:"数据库"', 'order.id:7', 'ok:true', 'ok:*', 'empty:*', 'list:*', 'deep.a.b.c:x', 'http.status:503', '*aymen*', '-*aymen*',
  ...nasty.filter((text) => /^[\x20-\x7e]*$/.test(text)).map((text) => `description:"${text.replaceAll(/[\\"]/g, '\\$&')}"`),
  ...nasty.filter((text) => /^[\x20-\x7e]+$/.test(text) && !/[*:.]/.test(text)).map((text) => `"n${text.replaceAll(/[\\"]/g, '\\$&')}":*`)
]

/** Queries for which SQL finds the same and maybe more, with the kinds that it cannot tell exactly on any database. */
const wide: Array<[query: string, inexact: string[]]> = [
  ['payment', ['words']], ['-payment', ['words']], ['payment OR level:debug', ['words']], ['/pay.*failed/', ['regex']], ['-/pay.*failed/', ['regex']], ['note:/^i/', ['regex']],
  ['заказ', ['words']], ['ÄÖ', ['words']], ['σας', ['words']], ['数据', ['words']], ['red', ['words']], ['invoice', ['words']], ['"before red after"', ['words']]
]
const wideSomewhere = ['http.status:>=500', 'http.status:[400 TO 600]', 'latency:>1e3', 'order.id:<=7', '-order.id:>6', 'description:äö', 'note:σας', 'note:ω', 'note:i', 'note:k', 'note:ǆ', 'order.id:7*', 'latency:1500']

for (const database of databases) {
  t.test(`a search as SQL on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const tokens = { alice: await createUser(service, 'alice'), bob: await createUser(service, 'bob') }
    await createUser(service, 'root')
    await service.knex('users').where('username', 'root').update({ admin: true })
    await send(service, 'alice', tokens.alice, logs)
    await send(service, 'bob', tokens.bob, logs)
    const ask = async (path: string, user = 'alice') => JSON.parse((await http(service.port, 'GET', `/api/logs${path}`, basic(user))).body)
    const clients = await clientsOf(t, service)
    const { logs: all } = await ask('?limit=1000')
    t.equal(all.length, logs.length)
    const idsOf = (logs: Array<{ id: string }>) => logs.map(({ id }) => id)

    const compare = async (t: Test, query: string) => {
      const parameters = new URLSearchParams({ query, limit: '1000' })
      const { sql, exact, inexact } = await ask(`/sql?${parameters}`)
      const found = idsOf((await ask(`?${parameters}`)).logs)
      for (const [name, run] of Object.entries(clients)) {
        const rows = await run(sql)
        if (exact) t.strictSame(rows, found, `${query} in a client: ${name}`)
        else t.strictSame(idsOf(all).filter((id) => found.includes(id) && !rows.includes(id)), [], `${query} finds all in a client: ${name}`)
        t.ok(rows.every((id) => idsOf(all).includes(id)), `${query} finds nothing of another user`)
      }
      return inexact
    }

    await t.test('finds the same in any client where it is exact', async (t) => {
      for (const query of exact) t.strictSame(await compare(t, query), [], query)
    })

    await t.test('finds all, and maybe more, where it is not, and says for which conditions', async (t) => {
      for (const [query, kinds] of wide) t.strictSame(await compare(t, query), kinds, query)
      for (const query of wideSomewhere) await compare(t, query)
      const { sql } = await ask('/sql?query=%22order+7%22')
      t.equal((await clients.plain!(sql)).length, 3, 'of the others only those with colours')
    })

    await t.test('is of all users, or of those asked for, for an administrator', async (t) => {
      const run = async (parameters: string) => clients.plain!((await ask(`/sql?${parameters}`, 'root')).sql)
      t.equal((await run('')).length, 2 * all.length)
      for (const parameters of ['user=alice', 'query=user:Ali*']) t.strictSame((await run(parameters)).toSorted(), idsOf(all).toSorted(), parameters)
      t.equal((await ask('/sql?user=bob')).code, 403)
    })

    await t.test('is of the times, the order and the number asked for, and of what had arrived', async (t) => {
      const { asOf } = await ask('?limit=1')
      await send(service, 'alice', tokens.alice, [log({ msg: 'late' })])
      const run = async (parameters: string) => await clients.plain!((await ask(`/sql?${parameters}`)).sql)
      t.strictSame((await run('query=*late*')).length, 1)
      t.strictSame(await run(`query=*late*&asOf=${asOf}`), [])
      t.strictSame(await run(`limit=3&order=oldest&asOf=${asOf}`), idsOf(all).slice(-3).toReversed())
      t.equal((await run('from=2020-05-05T12:22:22Z&to=2020-05-05T12:22:22.000001Z')).length, all.length + 1)
      for (const times of ['from=2020-05-05T12:22:22.000001Z', 'to=2020-05-05T12:22:22Z']) t.strictSame(await run(times), [], times)
      t.equal((await ask('/sql?limit=0')).error.rule, 'parameter.minimum')
      t.equal((await ask('/sql?query=(')).error.rule, 'query.expected')
    })
  })
}

t.test('GLOB on SQLite has every character that is folded to a letter', async (t) => {
  const missing: string[] = []
  for (let code = 1; code <= 0x1ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const letter = String.fromCodePoint(code)
    const folded = fold(letter)
    if (folded === letter || valuePiece(letter) !== folded) continue
    const { bindings: [pattern], exact } = plainSqliteConditions.like('x', [folded])
    if (exact && !String(pattern).includes(letter)) missing.push(letter)
  }
  t.strictSame(missing, [])
})
