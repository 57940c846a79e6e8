import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { Agent, request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { apiKey, basic, count, createUser, log, send, startService } from '../../helpers/service.ts'

const nasty = 'line one\nline "two", \u001b[31mred\u001b[0m \u202Eltr'

/** The records of CSV as RFC 4180 has it. */
function readCsv (text: string): string[][] {
  return [...text.matchAll(/((?:(?:"(?:[^"]|"")*"|[^",\r\n]*),)*(?:"(?:[^"]|"")*"|[^",\r\n]*))\r\n/g)]
    .map(([, record]) => [...`,${record}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!))
}

for (const database of databases) {
  t.test(`exporting and deleting on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { port } = service
    const token = await createUser(service, 'alice')
    const bob = await createUser(service, 'bob')
    await send(service, 'bob', bob, [log({ msg: 'of bob' })])
    const open = (path: string, headers = {}) => http(port, 'GET', `/api/logs/export?${path}`, { ...basic('alice'), ...headers })

    await t.test('every format gives the logs whole and safe', async (t) => {
      await send(service, 'alice', token, [log({ msg: nasty, event_at: '2026-01-01T00:00:01Z', a: 1 }), log({ msg: '=1+1', event_at: '2026-01-01T00:00:02Z' })])
      const ndjson = await open('query=')
      t.match(ndjson.headers, { 'content-type': 'application/x-ndjson; charset=utf-8', 'content-disposition': /^attachment; filename="logs_until_\d{8}T\d{6}Z\.ndjson"$/ })
      t.match(ndjson.body.trimEnd().split('\n').map((line) => JSON.parse(line)), [{ user: 'alice', message: nasty, attributes: { a: 1 } }, { message: '=1+1' }])

      const csv = (await open('format=csv')).body
      t.match(csv, /^id,user,at,level,process,pid,description,message,posted,arrived,attributes\r\n\d+,alice,2026-01-01T00:00:01\.000000Z,error,process name,1,description,"line one\nline ""two"", /)
      t.match(csv, '"{""a"":1}"\r\n')
      t.match(csv, ',=1+1,')
      t.match((await open('format=csv&formulas=guard')).body, ",'=1+1,", 'no formula for a spreadsheet')
      t.equal((await open('format=csv&formulas=maybe')).status, 400)

      const text = (await open('format=text&order=newest')).body
      t.equal(text, '2026-01-01T00:00:02.000000Z error process name[1]: =1+1\n2026-01-01T00:00:01.000000Z error process name[1]: line one\n    line "two", \\x1b[31mred\\x1b[0m \\u202eltr\n')
      t.equal((await open('format=xml')).status, 400)
    })

    await t.test('columns are fields and attributes, in the order asked for, in every format', async (t) => {
      const dora = await createUser(service, 'dora')
      await send(service, 'dora', dora, [log({ msg: 'a\tb', event_at: '2026-01-01T00:00:01Z', order: { id: 7, list: [1] }, level_: 'x' }), log({ msg: 'c', event_at: '2026-01-01T00:00:02Z', level: 'debug', message: 'own' })])
      const read = async (query: string) => (await http(port, 'GET', `/api/logs/export?${query}`, basic('dora'))).body
      t.equal(await read('columns=message,order.id,order.list,__proto__,attributes.message'),
        '{"message":"a\\tb","order.id":7,"order.list":[1],"__proto__":null,"attributes.message":null}\n{"message":"c","order.id":null,"order.list":null,"__proto__":null,"attributes.message":"own"}\n')
      t.equal(await read('format=csv&columns=level,%20order.id,order.list,message'), 'level,order.id,order.list,message\r\nerror,7,[1],a\tb\r\ndebug,,,c\r\n')
      t.equal(await read('format=text&columns=at,message,order.id'), '2026-01-01T00:00:01.000000Z\ta\\x09b\t7\n2026-01-01T00:00:02.000000Z\tc\t\n')
      t.equal(await read('format=csv&formulas=guard&columns==x'), "'=x\r\n\r\n\r\n")
      for (const columns of ['', 'a,', 'a,b,a', Array.from({ length: 101 }, (_, n) => n).join()]) {
        t.strictSame(JSON.parse(await read(`columns=${columns}`)).error, { rule: 'parameter.items', field: 'columns', limit: 100 }, columns.slice(0, 9))
      }
    })

    await t.test('a limit takes the first logs, and the last line says that nothing is missing', async (t) => {
      t.equal((await open('format=text&limit=1')).body, '2026-01-01T00:00:01.000000Z error process name[1]: line one\n    line "two", \\x1b[31mred\\x1b[0m \\u202eltr\n')
      const lines = async (query: string) => (await open(`columns=message&end=true&${query}`)).body.trimEnd().split('\n').map((line) => JSON.parse(line))
      t.strictSame(await lines(''), [{ message: nasty }, { message: '=1+1' }, { end: true, logs: 2 }])
      t.strictSame(await lines('limit=1&order=newest'), [{ message: '=1+1' }, { end: true, logs: 1 }])
      t.strictSame(await lines('query=none'), [{ end: true, logs: 0 }])
      t.strictSame(JSON.parse((await open('end=true&format=csv')).body).error, { rule: 'parameter.choice', field: 'format', expected: ['ndjson'] })
      t.match((await open('limit=0')).body, '"parameter.minimum"')
    })

    await t.test('the file is named after the times searched', async (t) => {
      const named = async (query: string) => (await open(query)).headers['content-disposition']
      t.equal(await named('from=2026-01-01&to=2026-01-02T03:04:05.6Z&format=csv'), 'attachment; filename="logs_20260101T000000Z_20260102T030405Z.csv"')
      t.equal(await named('to=2026-01-02&format=text'), 'attachment; filename="logs_until_20260102T000000Z.txt"')
      t.match(await named('from=-1h'), /^attachment; filename="logs_\d{8}T\d{6}Z_\d{8}T\d{6}Z\.ndjson"$/)
    })

    await t.test('any number of logs, gzipped where asked for, each once', async (t) => {
      for (let n = 0; n < 5; n++) await send(service, 'alice', token, Array.from({ length: 700 }, (_, index) => log({ msg: `row ${n * 700 + index}`, event_at: '2026-03-01T00:00:00Z' })))
      const incoming = await new Promise<IncomingMessage>((resolve) => request({ port, path: '/api/logs/export?format=text&query=row', headers: { ...basic('alice'), 'accept-encoding': 'gzip' } }, resolve).end())
      t.equal(incoming.headers['content-encoding'], 'gzip')
      const lines = gunzipSync(await buffer(incoming)).toString().trimEnd().split('\n').map((line) => line.replace(/.*row /, ''))
      t.strictSame(lines, Array.from({ length: 3500 }, (_, index) => String(index)))
      const some = (await open('query=row&limit=2345&columns=message&end=true')).body.trimEnd().split('\n').map((line) => JSON.parse(line))
      t.strictSame([some.length, some.at(-2), some.at(-1)], [2346, { message: 'row 2344' }, { end: true, logs: 2345 }])
    })

    await t.test('long answers are gzipped where asked for, and short ones and streams of events are not', async (t) => {
      const answer = async (path: string, acceptEncoding = 'br, gzip') => {
        const incoming = await new Promise<IncomingMessage>((resolve) => request({ port, path, headers: { ...basic('alice'), 'accept-encoding': acceptEncoding } }, resolve).end())
        return { incoming, encoding: incoming.headers['content-encoding'] }
      }
      const page = await answer('/api/logs?limit=1000&query=row')
      t.match(page.incoming.headers, { 'content-encoding': 'gzip', vary: 'accept-encoding', 'content-type': 'application/json; charset=utf-8' })
      const { logs } = JSON.parse(gunzipSync(await buffer(page.incoming)).toString())
      t.equal(logs.length, 1000)
      for (const [path, acceptEncoding] of [['/api/logs?limit=1000', 'gzip;q=0'], ['/api/logs?limit=1000', 'br'], ['/api/logs?limit=2', 'gzip']] as const) {
        const plain = await answer(path, acceptEncoding)
        t.equal(plain.encoding, undefined, `${path} ${acceptEncoding}`)
        t.ok(JSON.parse((await buffer(plain.incoming)).toString()).logs.length > 1)
      }
      const tail = await answer('/api/logs/tail')
      t.equal(tail.encoding, undefined)
      tail.incoming.destroy()
    })

    await t.test('all answers stay out of caches, refusals too', async (t) => {
      const secret = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' }
      for (const [path, status] of [['', 200], ['?limit=0', 400], ['/1', 404], ['/export', 200], ['/none/of/these', 404]] as const) {
        t.match(await http(port, 'GET', `/api/logs${path}`, basic('alice')), { status, headers: secret }, path)
      }
      t.match(await http(port, 'GET', '/api/logs'), { status: 401, headers: secret })
    })

    await t.test('a reader that goes away ends the export, and others go on', async (t) => {
      const agent = new Agent()
      const incoming = await new Promise<IncomingMessage>((resolve) => request({ port, agent, path: '/api/logs/export', headers: basic('alice') }, resolve).end())
      await once(incoming, 'readable')
      incoming.destroy()
      t.equal((await open('query=row&format=text')).body.split('\n').length, 3501)
    })

    await t.test('deleting takes two calls, spares what came since, and is kept in the audit', async (t) => {
      const remove = (parameters: string, headers: Record<string, string> = basic('alice')) => http(port, 'DELETE', `/api/logs?${parameters}`, headers)
      const before = await count(service.knex)
      const first = JSON.parse((await remove('query=row&to=now')).body)
      t.match(first, { logs: 3500, complete: true, confirm: /^\w+-\w+$/ })
      t.equal(await count(service.knex), before, 'the first deletes nothing')
      await send(service, 'alice', token, [log({ msg: 'row that came since', event_at: '2026-03-01T00:00:00Z' })])

      for (const wrong of [`query=&confirm=${first.confirm}`, `query=row&to=now&confirm=${first.confirm}x`, 'query=row&to=now&confirm=abc']) {
        t.match(JSON.parse((await remove(wrong)).body), { code: 400, detail: /does not match/ })
      }
      t.equal((await remove(`query=row&to=now&confirm=${first.confirm}`, basic('bob'))).status, 400, 'the code is the caller\'s own')
      t.match(first.confirm, /^[0-9a-z]+-[0-9a-f]{64}$/)
      const [at] = first.confirm.split('-')
      const [alice] = await service.knex('users').where('username', 'alice').select('id')
      const computed = createHash('sha256').update(JSON.stringify([alice.id, 'row', undefined, 'now', undefined, Number.parseInt(at, 36)])).digest('hex')
      for (const guess of [computed, computed.slice(0, 16)]) t.equal((await remove(`query=row&to=now&confirm=${at}-${guess}`)).status, 400, 'nobody can compute it')

      const second = JSON.parse((await remove(`query=row&to=now&confirm=${first.confirm}`)).body)
      t.strictSame(second, { deleted: 3500, complete: true })
      t.equal(await count(service.knex), before - 3500 + 1)
      t.match(await service.knex('audit').where('action', 'delete'), [{ caller: 'alice', action: 'delete', logs: 3500, detail: '{"query":"row","to":"now","address":"127.0.0.1"}' }])
      t.strictSame(JSON.parse((await remove(`query=row&to=now&confirm=${first.confirm}`)).body), { deleted: 0, complete: true }, 'again it deletes no more')

      const all = JSON.parse((await remove('')).body)
      await remove(`confirm=${all.confirm}`)
      t.strictSame((await service.knex('user_logs').pluck('log_msg')).toSorted(), ['a\tb', 'c', 'of bob'], 'nobody else\'s')
      const { token: reader } = JSON.parse((await http(port, 'POST', '/api/tokens', { ...basic('alice'), 'content-type': 'application/json' }, '{"name":"r","scopes":["read","write"]}')).body)
      t.equal((await remove('', { authorization: `Bearer ${reader}` })).status, 403, 'a token deletes nothing')
      for (const parameters of ['', 'user=bob', `confirm=${all.confirm}`]) t.equal((await remove(parameters, { 'x-api-key': apiKey })).status, 403, 'the API key deletes nothing')
    })

    await t.test('CSV read back says what was sent, and guards formulas where it is asked to', async (t) => {
      const carol = await createUser(service, 'carol')
      const texts = ['=1+1', '+1', '-1', '@x', '\ttab', '\rreturn', '\nline', "'", '"', '""', ',', 'a\r\nb', 'a\rb', ' blank ', '', '\u0000', '\u001b[31m', '\ufeff', '\u2028', 'é ж 数 😀', '\\n', ';', '#', 'NULL']
      await send(service, 'carol', carol, texts.map((msg, index) => log({ msg, p_description: msg, event_at: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`, note: msg })), { p_name: '-x' })
      const read = async (query: string) => readCsv((await http(port, 'GET', `/api/logs/export?format=csv&${query}`, basic('carol'))).body)
      const [head, ...rows] = await read('')
      t.strictSame(rows.map((row) => row[head!.indexOf('message')]), texts)
      t.strictSame(rows.map((row) => row[head!.indexOf('description')]), texts)
      t.strictSame(rows.map((row) => JSON.parse(row[head!.indexOf('attributes')]!)), texts.map((note) => ({ note })))
      t.ok(rows.every((row) => row.length === 11 && row[head!.indexOf('process')] === '-x'))
      const [, ...guarded] = await read('formulas=guard')
      t.strictSame(guarded.map((row) => row[head!.indexOf('message')]), texts.map((text, index) => index < 6 ? `'${text}` : text))
    })
  })
}
